import { ArgumentError, leadingShape, sizeOf } from '@dgm/core';
import type { Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** The mean and the (biased) variance of each feature, over all other axes. */
export interface Moments {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

export function momentsOf(y: Tensor): Moments {
  const rows = tf.reshape(y, [-1, y.shape.at(-1)!]);
  const mean = tf.mean(rows, 0);
  return { mean, variance: tf.mean(tf.square(tf.sub(rows, mean)), 0) };
}

/**
 * The moments of a batch that parameters start from. It is checked first: what is written to a variable stays.
 * @throws ShapeError if `y` is not `[..., ...event]`
 * @throws ArgumentError if it has fewer than two examples, or values that are not finite
 */
export function momentsForInitialization(y: Tensor, eventShape: Shape, where: string): Moments {
  const count = sizeOf(leadingShape(y.shape, eventShape, where, 'y'));
  if (count < 2) {
    const expected = 'to have at least two examples';
    throw new ArgumentError({ where, argument: 'y', expected, actual: String(count) });
  }
  const moments = momentsOf(y);
  const values = [...moments.mean.dataSync(), ...moments.variance.dataSync()];
  if (values.every(Number.isFinite)) return moments;
  const expected = 'to have finite values';
  throw new ArgumentError({ where, argument: 'y', expected, actual: 'NaN or Infinity among them' });
}
