import { checkInteger, checkOptions, classContext, gatherExamples, sizeOf } from '@dgm/core';
import type { MakeBatch } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Examples with the noise that each is paired with, and the condition of a conditional model. */
export interface PairedBatch {
  /** `[n, ...shape]` */
  readonly x: Tensor;
  /** `[n, ...shape]` */
  readonly noise: Tensor;
  /** `[n, contextSize]` */
  readonly context?: Tensor;
}

export interface OptimalPairsOptions {
  /** The levels of discrete data, as the model has them. @defaultValue real numbers */
  readonly levels?: number;
  /**
   * Pairs within each class of labelled examples, with the one-hot label as the context: noise must not say which class an
   * example is of. @defaultValue without classes
   */
  readonly classes?: number;
}

/**
 * The option `batch` of `fit` for OT-CFM: each batch pairs its examples with as many draws of noise so that the sum of squared
 * distances is least. Paths then cross less and are nearly straight, so that few steps draw well.
 * @throws ArgumentError for an option that is unknown or out of its range
 * @see Improving and Generalizing Flow-Based Generative Models with Minibatch Optimal Transport (Tong et al., 2024), §3.2.3
 *
 * @example
 * ```ts
 * const model = flowMatching({ shape: [64], levels: 17, network: convDenoiser({ shape: [64], key }) });
 * const batch = optimalPairs({ levels: 17 });
 * await fit(model, data, { key, optimizer, batchSize: 125, epochs: 50, batch });
 * ```
 */
export function optimalPairs(options: OptimalPairsOptions = {}): MakeBatch<PairedBatch> {
  checkOptions('optimalPairs', options, ['levels', 'classes']);
  const { levels, classes } = options;
  if (levels !== undefined) checkInteger('optimalPairs', 'levels', levels, { min: 2 });
  if (classes !== undefined) checkInteger('optimalPairs', 'classes', classes);
  const withContext = classes === undefined ? undefined : classContext({ classes });
  return (examples, rows, batch) => {
    const n = rows.length;
    const size = sizeOf(examples.shape);
    const drawn = batch.key.fold('noise').normal([n, size]);
    const noise = drawn.dataSync() as Float32Array;
    drawn.dispose();
    const value = (row: number, entry: number): number => {
      const raw = examples.values[row * size + entry]!;
      return levels === undefined ? raw : (2 * (raw + 0.5)) / levels - 1;
    };
    const groups = groupsOf(n, (index) =>
      classes === undefined ? 0 : (examples.labels?.[rows[index]!] ?? 0),
    );
    const paired = new Float32Array(n * size);
    for (const group of groups) {
      const cost = group.map((i) =>
        group.map((j) => {
          let sum = 0;
          for (let entry = 0; entry < size; entry++)
            sum += (value(rows[i]!, entry) - noise[j * size + entry]!) ** 2;
          return sum;
        }),
      );
      leastCostAssignment(cost).forEach((chosen, index) => {
        const from = group[chosen]! * size;
        paired.set(noise.subarray(from, from + size), group[index]! * size);
      });
    }
    const made = withContext?.(examples, rows, batch) ?? { x: gatherExamples(examples, rows) };
    return { ...made, noise: tf.tensor(paired, made.x.shape) };
  };
}

function groupsOf(n: number, label: (index: number) => number): number[][] {
  const groups = new Map<number, number[]>();
  for (let index = 0; index < n; index++) {
    const own = groups.get(label(index));
    if (own === undefined) groups.set(label(index), [index]);
    else own.push(index);
  }
  return [...groups.values()];
}

/**
 * For each row of a square cost matrix its column, so that the sum of the costs is least, in $O(n^3)$.
 * @see The Hungarian method with potentials and shortest augmenting paths (Jonker and Volgenant, 1987)
 */
export function leastCostAssignment(cost: readonly (readonly number[])[]): number[] {
  const n = cost.length;
  // Index 0 stands for "none": rows and columns count from 1.
  const [rowPotential, columnPotential] = [new Float64Array(n + 1), new Float64Array(n + 1)];
  const rowOf = new Int32Array(n + 1);
  for (let row = 1; row <= n; row++) {
    const shortest = new Float64Array(n + 1).fill(Infinity);
    const cameFrom = new Int32Array(n + 1);
    const done = new Uint8Array(n + 1);
    rowOf[0] = row;
    let column = 0;
    do {
      done[column] = 1;
      const current = rowOf[column]!;
      let [least, next] = [Infinity, 0];
      for (let j = 1; j <= n; j++) {
        if (done[j]) continue;
        const reduced = cost[current - 1]![j - 1]! - rowPotential[current]! - columnPotential[j]!;
        if (reduced < shortest[j]!) {
          shortest[j] = reduced;
          cameFrom[j] = column;
        }
        if (shortest[j]! < least) [least, next] = [shortest[j]!, j];
      }
      for (let j = 0; j <= n; j++) {
        if (done[j]) {
          rowPotential[rowOf[j]!]! += least;
          columnPotential[j]! -= least;
        } else shortest[j]! -= least;
      }
      column = next;
    } while (rowOf[column] !== 0);
    while (column !== 0) {
      const before = cameFrom[column]!;
      rowOf[column] = rowOf[before]!;
      column = before;
    }
  }
  const columnOf = Array.from({ length: n }, () => 0);
  for (let j = 1; j <= n; j++) columnOf[rowOf[j]! - 1] = j - 1;
  return columnOf;
}
