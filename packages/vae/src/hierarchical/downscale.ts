import { checkOptions, checkThat, formatShape, sizeOf } from '@dgm/core';
import type { Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../record';

/**
 * Reduces images of integers: the mean of each block of `factor` by `factor` pixels, rounded down, so that values
 * stay integers in the same range.
 * @param options - `shape` of an image, `[height, width]` or `[height, width, channels]`
 * @returns a function of images, `[n, ...shape]` or flat `[n, size]`; the small ones have the same rank
 * @throws ArgumentError if `factor` does not divide height and width
 *
 * @example
 * ```ts
 * const halve = downscale({ shape: [8, 8], factor: 2 });
 * const small = halve(tf.ones([4, 64])); // [4, 16]
 * ```
 */
export function downscale({
  shape,
  factor,
  ...unknown
}: {
  readonly shape: Shape;
  readonly factor: number;
}): (x: Tensor) => Tensor {
  checkOptions('downscale', unknown, ['shape', 'factor']);
  const [height = 0, width = 0, channels = 1] = shape;
  const [rows, columns] = [height / factor, width / factor];
  checkThat(
    'downscale',
    'factor',
    shape.length >= 2 && shape.length <= 3 && [factor, rows, columns].every(isPositiveInteger),
    {
      expected: `to divide height and width of images of shape ${formatShape(shape)}`,
      actual: String(factor),
    },
  );
  const small = [rows, columns, ...shape.slice(2)];
  const made: (x: Tensor) => Tensor = (x) =>
    tf.tidy(() => {
      const n = x.shape[0]!;
      const ofRows = tf.sum(tf.reshape(x, [n * rows, factor, width * channels]), 1);
      const ofBlocks = tf.sum(tf.reshape(ofRows, [n * rows * columns, factor, channels]), 1);
      // Half a unit keeps the rounding of the division away from the integers.
      const floor = tf.floor(tf.div(tf.add(ofBlocks, 0.5), factor ** 2));
      return tf.reshape(floor, [n, ...(x.rank === 2 ? [sizeOf(small)] : small)]);
    });
  return record(made, 'downscale', arguments);
}

function isPositiveInteger(value: number): boolean {
  return Number.isInteger(value) && value > 0;
}
