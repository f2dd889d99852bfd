import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { withGradient } from '../ops/differentiable';

/**
 * $\hat x = (x - \mu) / \sigma$ with mean and variance over the given axes, $\sigma^2$ enlarged by `epsilon`. Its gradient,
 * $(dy - \overline{dy} - \hat x\, \overline{dy\, \hat x}) / \sigma$ with means over the same axes, is written out: that of each
 * step would go over the tensor nearly twice as often.
 *
 * The variance comes from the differences, not from the mean of squares, which cancels for a large mean.
 */
export function standardize(x: Tensor, axes: readonly number[], epsilon: number): Tensor {
  const meanOf = (values: Tensor) => tf.mean(values, [...axes], true);
  const standardized = (x: Tensor) => {
    const centred = tf.sub(x, meanOf(x));
    const precision = tf.reciprocal(tf.sqrt(tf.add(meanOf(tf.square(centred)), epsilon)));
    return { normal: tf.mul(centred, precision), precision };
  };
  return withGradient(
    [x],
    ([x]) => standardized(x!).normal,
    (dy, [x]) => {
      const { normal, precision } = standardized(x!);
      const along = tf.mul(normal, meanOf(tf.mul(dy, normal)));
      return [tf.mul(tf.sub(tf.sub(dy, meanOf(dy)), along), precision)];
    },
  );
}
