import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * The value of `x` as a constant: no gradient flows through it.
 *
 * The tape is cut: what `x` was computed from is not differentiated. (A gradient of zeros would give the same numbers, but
 * TensorFlow.js would still run the whole backward pass of everything upstream.)
 * @param x - any shape
 * @returns a tensor of the shape of `x`
 */
export function stopGradient(x: Tensor): Tensor {
  // An operation without inputs is on no path from a variable to the loss.
  return tf.customGrad(() => ({ value: tf.clone(x), gradFunc: () => [] as unknown as Tensor }))();
}
