import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { ReductionOptions } from './log-sum-exp';
import { selectByMask } from './select';
import { checkOptions } from '../check/check';

/**
 * The Euclidean norm $\sqrt{\sum_i x_i^2}$, whose gradient at 0 is 0 (that of `tf.norm` is NaN).
 * @param x - any shape; squares must not overflow: entries below 1e19 in size.
 * @returns `x` without the axes reduced.
 */
export function euclideanNorm(
  x: Tensor,
  { axis, keepDims = false, ...unknown }: ReductionOptions = {},
): Tensor {
  checkOptions('euclideanNorm', unknown, ['axis', 'keepDims']);
  return tf.tidy(() => {
    const squared = tf.sum(
      tf.square(x),
      axis === undefined ? undefined : ([axis].flat() as number[]),
      keepDims,
    );
    const isZero = tf.equal(squared, 0);
    return selectByMask(isZero, 0, tf.sqrt(selectByMask(isZero, 1, squared)));
  });
}
