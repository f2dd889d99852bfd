import { sizeOf } from '@dgm/core';
import type { Examples } from '@dgm/core';

/*
 * Classifiers without training, which stand beside the error of a model: what the data give to anybody.
 */

/** The class that most of the nearest training examples of each row have, and of several the nearest one. */
export function nearestNeighbourLabels(
  train: Examples,
  rows: Pick<Examples, 'count' | 'values'>,
  neighbours: number,
): number[] {
  const order = Array.from({ length: train.count }, (_, row) => row);
  return squaredDistances(rows, train).map((own) => {
    const nearest = [...order].sort((a, b) => own[a]! - own[b]!).slice(0, neighbours);
    const votes = new Map<number, number>();
    for (const other of nearest) {
      const label = train.labels![other]!;
      votes.set(label, (votes.get(label) ?? 0) + 1);
    }
    // A map keeps the order in which the classes came, and the sort keeps it where votes are equal.
    return [...votes].sort(([, a], [, b]) => b - a)[0]![0];
  });
}

/** The share of test examples whose nearest training examples vote for another class. */
export function nearestNeighbourError(train: Examples, test: Examples, neighbours: number): number {
  const labels = nearestNeighbourLabels(train, test, neighbours);
  return errorOf(test, (row) => labels[row]!);
}

/**
 * The error of ridge regression onto the classes, as -1 and 1, with the kernel $k(a, b) = e^{-\gamma \|a - b\|^2}$:
 * $f(x) = k(x, X) (k(X, X) + \lambda I)^{-1} Y$.
 */
export function kernelRidgeError(
  train: Examples,
  test: Examples,
  { gamma, ridge }: { readonly gamma: number; readonly ridge: number },
): number {
  const kernel = (rows: readonly Float64Array[]) =>
    rows.map((row) => row.map((distance) => Math.exp(-gamma * distance)));
  const gram = kernel(squaredDistances(train, train));
  gram.forEach((row, at) => (row[at]! += ridge));
  const classes = 1 + train.labels!.reduce((most, label) => Math.max(most, label), 0);
  const targets = Array.from(train.labels!, (label) =>
    Float64Array.from({ length: classes }, (_, other) => (label === other ? 1 : -1)),
  );
  const weights = solvePositive(gram, targets);
  const similarities = kernel(squaredDistances(test, train));
  return errorOf(test, (row) => {
    const scores = new Float64Array(classes);
    similarities[row]!.forEach((similarity, other) =>
      weights[other]!.forEach((weight, label) => (scores[label]! += similarity * weight)),
    );
    return scores.indexOf(Math.max(...scores));
  });
}

function errorOf({ count, labels }: Examples, predict: (row: number) => number): number {
  let wrong = 0;
  for (let row = 0; row < count; row++) if (predict(row) !== labels![row]) wrong++;
  return wrong / count;
}

/** One row for each of the first examples, one entry for each of the others. */
function squaredDistances(from: Pick<Examples, 'count' | 'values'>, to: Examples): Float64Array[] {
  const size = sizeOf(to.shape);
  return Array.from({ length: from.count }, (_, row) =>
    Float64Array.from({ length: to.count }, (__, other) => {
      let sum = 0;
      for (let at = 0; at < size; at++) {
        sum += (from.values[row * size + at]! - to.values[other * size + at]!) ** 2;
      }
      return sum;
    }),
  );
}

/** $A^{-1} B$ for a positive definite A, by its Cholesky factor. A is overwritten. */
function solvePositive(a: readonly Float64Array[], b: readonly Float64Array[]): Float64Array[] {
  const n = a.length;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i]![j]!;
      for (let k = 0; k < j; k++) sum -= a[i]![k]! * a[j]![k]!;
      a[i]![j] = i === j ? Math.sqrt(sum) : sum / a[j]![j]!;
    }
  }
  const x = b.map((row) => row.slice());
  const columns = x[0]!.length;
  for (let c = 0; c < columns; c++) {
    for (let i = 0; i < n; i++) {
      let sum = x[i]![c]!;
      for (let k = 0; k < i; k++) sum -= a[i]![k]! * x[k]![c]!;
      x[i]![c] = sum / a[i]![i]!;
    }
    for (let i = n - 1; i >= 0; i--) {
      let sum = x[i]![c]!;
      for (let k = i + 1; k < n; k++) sum -= a[k]![i]! * x[k]![c]!;
      x[i]![c] = sum / a[i]![i]!;
    }
  }
  return x;
}
