import { checkInteger, checkNumber, checkOptions, logSumExp } from '@dgm/core';
import type { Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { logImportanceWeights } from '../elbo';
import type { LatentVariableModel } from '../elbo';

export interface ChiUpperBoundOptions {
  /** K, the draws of z for each example; memory grows with it. */
  readonly numSamples: number;
  /**
   * n of the n-th moment, more than 1.
   * @defaultValue 2
   */
  readonly order?: number;
}

/**
 * An upper bound of the log-likelihood, $\mathrm{CUBO}_n = \frac1n \ln \mathbb{E}_q\left[w^n\right] \ge \ln p(x)$
 * with $w = p(x, z) / q_\phi(z|x)$: together with the ELBO it brackets the log-likelihood.
 *
 * The expectation is a mean over K draws, and the logarithm of a mean is biased downwards: with too few draws the
 * estimate can fall below $\ln p(x)$. Increase K until the estimate no longer rises.
 * @param x - `[n, ...event]`
 * @returns nats, `[n]`
 * @throws ArgumentError if `order` is not more than 1, or `numSamples` not a positive integer
 * @see Variational Inference via χ Upper Bound Minimization (Dieng et al., 2017), Eq. 3
 */
export function chiUpperBound(
  model: LatentVariableModel,
  x: Tensor,
  { key, numSamples, order = 2, ...unknown }: ChiUpperBoundOptions & { readonly key: Key },
): Tensor {
  checkOptions('chiUpperBound', unknown, ['key', 'numSamples', 'order']);
  checkInteger('chiUpperBound', 'numSamples', numSamples);
  checkNumber('chiUpperBound', 'order', order, { above: 1 });
  return tf.tidy(() => {
    const logWeights = logImportanceWeights(model, x, key, numSamples); // [K, n]
    const logMoment = tf.sub(logSumExp(tf.mul(order, logWeights), { axis: 0 }), Math.log(numSamples));
    return tf.div(logMoment, order);
  });
}
