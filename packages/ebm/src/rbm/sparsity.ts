import { checkNumber, checkOptions, sigmoid } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';

/** How often hidden units shall be on. */
export interface Sparsity {
  /** The probability with which each hidden unit shall be on, over the examples of a batch; between 0 and 1. */
  readonly target: number;
  /** What the penalty counts beside the energies. */
  readonly weight: number;
}

/** @throws ArgumentError for an option that is unknown or out of its range */
export function checkSparsity(where: string, sparsity: Sparsity): void {
  checkOptions(where, sparsity, ['target', 'weight'], 'sparsity');
  checkNumber(where, 'sparsity.target', sparsity.target, { above: 0, below: 1 });
  checkNumber(where, 'sparsity.weight', sparsity.weight, { min: 0 });
}

/**
 * $\lambda \sum_j \big(p - \frac1n \sum_n p(h_j = 1 \mid x_n)\big)^2$, a scalar.
 * @param logits - of the hidden units given each example, `[n, hidden]`
 * @see Sparse deep belief net model for visual area V2 (Lee, Ekanadham and Ng, 2008), Eq. 3
 */
export function sparsityPenalty(logits: Tensor, { target, weight }: Sparsity): Scalar {
  return tf.tidy(() => {
    const rates = tf.mean(sigmoid(logits), 0);
    return tf.mul<Scalar>(weight, tf.sum(tf.square(tf.sub(target, rates))));
  });
}
