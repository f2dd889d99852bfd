import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** A sequence `[n, length, features]` one position later, with zeros at the first and without the last. */
export function shiftRight(x: Tensor): Tensor {
  const [n, length, features] = x.shape as [number, number, number];
  return tf.concat([tf.zeros([n, 1, features]), tf.slice(x, [0, 0, 0], [n, length - 1, features])], 1);
}
