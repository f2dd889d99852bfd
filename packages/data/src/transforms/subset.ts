import { ArgumentError, sizeOf } from '@dgm/core';
import type { Examples } from '../dataset';

/**
 * Some of the examples, in the given order; a row may come more than once.
 *
 * @param rows - indices from 0 to `examples.count` - 1
 * @throws ArgumentError at the first row that there is not
 *
 * @example
 * ```ts
 * const few = subset(data.train, Array.from({ length: 100 }, (_, row) => 10 * row)); // every tenth of 1000
 * ```
 */
export function subset(examples: Examples, rows: ArrayLike<number>): Examples {
  const size = sizeOf(examples.shape);
  const Values = examples.values.constructor as new (length: number) => Examples['values'];
  const values = new Values(rows.length * size);
  const labels = examples.labels && new Int32Array(rows.length);
  const weights = examples.weights && new Float32Array(rows.length);
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index]!;
    if (!Number.isInteger(row) || row < 0 || row >= examples.count) {
      throw new ArgumentError({
        where: 'subset',
        argument: `rows[${index}]`,
        expected: `to be an integer from 0 to ${examples.count - 1}`,
        actual: String(row),
      });
    }
    values.set(examples.values.subarray(row * size, (row + 1) * size), index * size);
    if (labels) labels[index] = examples.labels![row]!;
    if (weights) weights[index] = examples.weights![row]!;
  }
  return {
    count: rows.length,
    shape: examples.shape,
    values,
    ...(labels && { labels }),
    ...(weights && { weights }),
  };
}
