import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * The sum over the last `count` axes: log-densities and log-determinants of independent elements become those of an event.
 * @param count - from 0 to the rank of x; with 0, x itself is returned
 */
export function sumLastAxes(x: Tensor, count: number): Tensor {
  // An empty list of axes would mean all of them.
  if (count === 0) return x;
  return tf.sum(
    x,
    Array.from({ length: count }, (_, index) => x.rank - count + index),
  );
}
