import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { ndtr } from './normal';

/**
 * The Gaussian error linear unit $x\,\Phi(x)$, exact (not the approximation by tanh).
 * @param x - any shape, finite.
 * @returns a tensor of the shape of `x`.
 * @see Gaussian Error Linear Units (Hendrycks and Gimpel, 2016), §2.
 */
export function gelu(x: Tensor): Tensor {
  return tf.tidy(() => tf.mul(x, ndtr(x)));
}
