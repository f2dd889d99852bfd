import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { withGradient } from './differentiable';
import type { Elementwise } from './differentiable';

/**
 * `value(x)` with the gradient of the identity: the straight-through estimator.
 *
 * The estimate of the gradient is biased wherever `value` is not the identity.
 *
 * @param x - any shape.
 * @param value - keeps the shape; it is not differentiated.
 * @returns a tensor of the shape of `x`.
 * @see Estimating or Propagating Gradients Through Stochastic Neurons (Bengio et al., 2013), §4.
 */
export function straightThrough(x: Tensor, value: Elementwise): Tensor {
  return withGradient(
    [x],
    ([x]) => value(x!),
    (dy) => [tf.clone(dy)],
  );
}

/**
 * Rounds to the nearest integer, halves to even, with the gradient of the identity.
 * @param x - any shape.
 * @returns a tensor of the shape of `x`.
 */
export function roundStraightThrough(x: Tensor): Tensor {
  return straightThrough(x, tf.round);
}
