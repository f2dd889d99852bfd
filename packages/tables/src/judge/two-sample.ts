import { auroc, type Key } from '@dgm/core';
import { boostedClassifier, type BoostingOptions } from './boosting';

/**
 * How well a boosted classifier tells two sets of rows apart: the area under the ROC curve of rows that it was not trained
 * on, over five folds. 0.5 if it cannot, 1 if it always can.
 *
 * @param real - features by column, `[n]` each
 * @param synthetic - the same columns of other rows
 * @param options - `key`: deals the rows out to the folds
 * @see Revisiting classifier two-sample tests (Lopez-Paz and Oquab, 2017)
 */
export function twoSampleTest(
  real: readonly Float64Array[],
  synthetic: readonly Float64Array[],
  { key, trees = 200, ...options }: BoostingOptions & { readonly key: Key },
): number {
  const [n, m] = [real[0]!.length, synthetic[0]!.length];
  const columns = real.map((column, at) => Float64Array.from([...column, ...synthetic[at]!]));
  const labels = Uint8Array.from({ length: n + m }, (_, row) => (row < n ? 0 : 1));
  const fold = new Uint8Array(n + m);
  key
    .fold('real')
    .permutation(n)
    .forEach((row, at) => (fold[row] = at % FOLDS));
  key
    .fold('synthetic')
    .permutation(m)
    .forEach((row, at) => (fold[n + row] = at % FOLDS));
  const scores = new Float64Array(n + m);
  for (let held = 0; held < FOLDS; held++) {
    const [inside, outside]: [number[], number[]] = [[], []];
    fold.forEach((own, row) => (own === held ? outside : inside).push(row));
    const of = (rows: readonly number[]) =>
      columns.map((column) => Float64Array.from(rows, (row) => column[row]!));
    const classifier = boostedClassifier(
      of(inside),
      Uint8Array.from(inside, (row) => labels[row]!),
      { trees, ...options },
    );
    classifier.scores(of(outside)).forEach((score, at) => (scores[outside[at]!] = score));
  }
  return auroc(scores.subarray(n), scores.subarray(0, n));
}

const FOLDS = 5;
