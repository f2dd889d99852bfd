import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * What `value(x)` computes, as a constant. Unlike with `stopGradient`, nothing on the way is recorded: no memory is held
 * for a backward pass, and no zeros are sent through one.
 */
export function withoutGradient(x: Tensor, value: (x: Tensor) => Tensor): Tensor {
  return tf.customGrad((...operands) => ({
    value: value(operands[0] as Tensor),
    gradFunc: () => tf.zeros(x.shape),
  }))(x);
}
