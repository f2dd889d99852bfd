import * as tf from '@tensorflow/tfjs-core';
import type { Scalar } from '@tensorflow/tfjs-core';
import { elboTerms } from '../elbo';
import type { Regularizer } from '../elbo';
import { weightAt } from './annealing';
import type { Annealing } from './annealing';
import { freeBitsRegularizer } from './free-bits';
import type { FreeBits } from './free-bits';
import type { VaeObjective } from './objective';
import { alongThePath } from './path-gradient';

export interface ElboObjectiveOptions {
  /** `closed-form` where posterior and prior have one (less variance), else `monte-carlo`, unless given. */
  readonly regularizer?: Regularizer;
  /**
   * What the regularizer is multiplied by, $\beta$: 1 unless given. A number other than 1 is a beta-VAE;
   * `linearAnnealing` and `cyclicAnnealing` change it from step to step.
   */
  readonly weight?: number | Annealing;
  /** Information that costs nothing while training. Validation sees the plain regularizer. */
  readonly freeBits?: FreeBits;
  /**
   * `total`, or `path` to leave out the score of the posterior ("sticking the landing"): less variance near the true
   * posterior, for a second pass through the encoder. It makes the regularizer a Monte-Carlo one.
   */
  readonly gradient?: 'total' | 'path';
}

/**
 * Minus the ELBO (Eq. 4.17), $-\mathbb{E}_q[\ln p(x|z)] + \beta\, \mathbb{E}_q[\ln q(z|x) - \ln p(z)]$, with one draw of z, and
 * its `reconstruction` and `regularizer` before they are weighted.
 * @see beta-VAE (Higgins et al., 2017), Eq. 4
 */
export function elboObjective({
  regularizer,
  weight = 1,
  freeBits,
  gradient = 'total',
}: ElboObjectiveOptions = {}): VaeObjective {
  const estimator = gradient === 'path' ? 'monte-carlo' : regularizer;
  return {
    name: 'elbo',
    loss(model, x, key, context) {
      const terms = elboTerms(gradient === 'path' ? alongThePath(model) : model, x, key, estimator);
      const reconstruction = tf.neg(tf.mean<Scalar>(terms.reconstruction));
      const divergence = tf.mean<Scalar>(terms.regularizer);
      const price =
        freeBits && context.training
          ? freeBitsRegularizer(freeBits, {
              posterior: terms.posterior,
              prior: terms.prior,
              z: terms.z,
            })
          : divergence;
      const beta = weightAt(weight, context);
      const total = tf.add<Scalar>(reconstruction, beta === 1 ? price : tf.mul(beta, price));
      return { total, reconstruction, regularizer: divergence };
    },
  };
}
