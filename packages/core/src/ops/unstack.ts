import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * The parts of a tensor along an axis, each without that axis.
 *
 * Unlike `tf.unstack` it has a gradient where there is a single part, and the array is the caller's: the tape keeps none of it.
 * @param x - any shape of rank 1 or more
 * @param axis - counted from the end if negative
 */
export function unstack(x: Tensor, axis: number): Tensor[] {
  const from = axis < 0 ? x.rank + axis : axis;
  return x.shape[from] === 1 ? [tf.squeeze(x, [from])] : [...tf.unstack(x, from)];
}
