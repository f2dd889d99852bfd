import { formatShape, ShapeError, sizeOf, type Shape } from '@dgm/core';
import type { Examples } from '../dataset';

/**
 * The same examples seen as another shape, without a copy: `[28, 28, 1]` as `[784]`, `[64]` as `[8, 8, 1]`.
 * @throws ShapeError if the shapes differ in size
 *
 * @example
 * ```ts
 * const images = reshape(data.train, [8, 8, 1]);
 * ```
 */
export function reshape(examples: Examples, shape: Shape): Examples {
  if (sizeOf(shape) !== sizeOf(examples.shape)) {
    throw new ShapeError({
      where: 'reshape',
      argument: 'shape',
      expected: `of ${sizeOf(examples.shape)} values, as ${formatShape(examples.shape)}`,
      actual: formatShape(shape),
    });
  }
  return { ...examples, shape };
}
