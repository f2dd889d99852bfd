import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * $\sum_k c_k x^k$ by Horner's rule; two elementwise kernels per coefficient.
 *
 * The coefficients of our own approximations are printed by `test/golden/ops-coefficients.py`.
 */
export function polynomial(x: Tensor, coefficients: readonly number[]): Tensor {
  const [last = 0, ...rest] = [...coefficients].reverse();
  return rest.reduce<Tensor>(
    (sum, coefficient) => tf.add(tf.mul(sum, x), coefficient),
    tf.fill(x.shape, last),
  );
}
