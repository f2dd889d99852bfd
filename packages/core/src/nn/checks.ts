import type { Tensor } from '@tensorflow/tfjs-core';
import { ArgumentError, ShapeError } from '../errors/dgm-error';
import { formatShape } from '../shape/shape';

/**
 * Checks the size of a layer: a positive integer.
 * @throws {@link ArgumentError} naming the option.
 */
export function checkPositiveInteger(where: string, argument: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return;
  throw new ArgumentError({
    where,
    argument,
    expected: 'to be a positive integer',
    actual: String(value),
  });
}

/**
 * Checks a tensor against a pattern of sizes, in which a name stands for any size.
 * @example
 * checkPattern('Conv2d.apply', 'x', x, ['n', 'height', 'width', 3]);
 * @throws {@link ShapeError} naming `where` and `argument`.
 */
export function checkPattern(
  where: string,
  argument: string,
  x: Tensor,
  pattern: readonly (number | string)[],
): void {
  const fits =
    x.rank === pattern.length &&
    pattern.every((size, axis) => typeof size === 'string' || size === x.shape[axis]);
  if (fits) return;
  throw new ShapeError({
    where,
    argument,
    expected: `of shape ${formatShape(pattern)}`,
    actual: formatShape(x.shape),
  });
}
