import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Every unit vector $e_i$ for every row of a matrix `[n, D]`: `[D, n, D]` with i first. */
export function unitVectors(rows: Tensor): Tensor {
  const [n, dims] = rows.shape as [number, number];
  return tf.tile(tf.reshape(tf.eye(dims), [dims, 1, dims]), [1, n, 1]);
}
