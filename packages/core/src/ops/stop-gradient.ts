import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { withGradient } from './differentiable';

/**
 * The value of `x` as a constant: no gradient flows through it.
 * @param x - any shape.
 * @returns a tensor of the shape of `x`.
 */
export function stopGradient(x: Tensor): Tensor {
  return withGradient(
    [x],
    ([x]) => tf.clone(x!),
    (dy) => [tf.zerosLike(dy)],
  );
}
