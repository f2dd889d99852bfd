import { formatShape, roundStraightThrough, ShapeError, sizeOf } from '@dgm/core';
import type { Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * What a network put out, rounded to integers of the given shape, with the gradient of the identity (DGM §3.2.4).
 * @throws ShapeError if it is not as many numbers
 */
export function integersFrom(
  output: Tensor,
  shape: Shape,
  { where, argument }: { readonly where: string; readonly argument: string },
): Tensor {
  if (output.size !== sizeOf(shape)) {
    throw new ShapeError({
      where,
      argument,
      expected: `to put out ${formatShape(shape)}`,
      actual: formatShape(output.shape),
    });
  }
  return roundStraightThrough(tf.reshape(output, [...shape]));
}
