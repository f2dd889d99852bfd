import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * $(x - \mu) / \sqrt{\sigma^2 + \epsilon}$ with mean and variance over the given axes.
 * The variance comes from the differences, not from the mean of squares, which cancels for a large mean.
 */
export function standardize(x: Tensor, axes: readonly number[], epsilon: number): Tensor {
  const centred = tf.sub(x, tf.mean(x, [...axes], true));
  const variance = tf.mean(tf.square(centred), [...axes], true);
  return tf.div(centred, tf.sqrt(tf.add(variance, epsilon)));
}
