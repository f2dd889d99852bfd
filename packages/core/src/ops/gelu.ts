import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { exp } from './activations';
import { elementwise } from './differentiable';

/**
 * The Gaussian error linear unit $x\,\Phi(x)$ (not its approximation by tanh).
 *
 * For the sake of speed $\Phi$ is that of the error-function kernel of tfjs, accurate to 1e-7 but not in the tail;
 * `ndtr` is.
 *
 * @param x - any shape, finite.
 * @returns a tensor of the shape of `x`; absolute error below 2e-7 of $\max(1, |x|)$.
 * @see Gaussian Error Linear Units (Hendrycks and Gimpel, 2016), §2.
 */
export function gelu(x: Tensor): Tensor {
  return tf.tidy(() => tf.mul(x, gate(x)));
}

const gate = elementwise(
  (x) => tf.mul(0.5, tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2)))),
  (x) => tf.mul(1 / Math.sqrt(2 * Math.PI), exp(tf.mul(-0.5, tf.square(x)))),
);
