import { checkOptions, DomainError, formatShape, ShapeError } from '@dgm/core';
import type { Examples } from '../dataset';
import type { NpyArray } from './npy';

/**
 * Takes an array's first axis for the examples.
 *
 * @param array - `[count, ...shape]`; float64 becomes float32
 * @param options - `labels`: `[count]`, whole numbers
 * @throws ShapeError if there is no first axis, or the labels are not one for each example
 * @throws DomainError at the first label that is not an int32
 *
 * @example
 * ```ts
 * const array = { shape: [3, 2], values: Float32Array.of(0, 1, 2, 3, 4, 5) };
 * const examples = toExamples(array); // 3 examples of shape [2]
 * ```
 */
export function toExamples(
  { shape, values }: NpyArray,
  { labels, ...unknown }: { readonly labels?: NpyArray } = {},
): Examples {
  checkOptions('toExamples', unknown, ['labels']);
  const [count] = shape;
  if (count === undefined) {
    throw new ShapeError({
      where: 'toExamples',
      argument: 'array.shape',
      expected: '[count, ...]',
      actual: '[]',
    });
  }
  if (labels && (labels.shape.length !== 1 || labels.shape[0] !== count)) {
    throw new ShapeError({
      where: 'toExamples',
      argument: 'labels.shape',
      expected: formatShape([count]),
      actual: formatShape(labels.shape),
    });
  }
  return {
    count,
    shape: shape.slice(1),
    values: values instanceof Float64Array ? Float32Array.from(values) : values,
    ...(labels ? { labels: Int32Array.from(labels.values, checkLabel) } : {}),
  };
}

function checkLabel(label: number, row: number): number {
  if ((label | 0) === label) return label;
  throw new DomainError({
    where: 'toExamples',
    argument: `labels[${row}]`,
    expected: 'to be an int32',
    actual: String(label),
  });
}
