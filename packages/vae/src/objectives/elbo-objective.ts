import { checkNumber, checkOneOf, checkOptions } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar } from '@tensorflow/tfjs-core';
import { elboTerms, REGULARIZERS } from '../elbo';
import type { Regularizer } from '../elbo';
import { weightAt } from './annealing';
import type { Annealing } from './annealing';
import { checkFreeBits, freeBitsRegularizer } from './free-bits';
import type { FreeBits } from './free-bits';
import { averageOf } from './objective';
import type { VaeObjective } from './objective';
import { alongThePath } from './path-gradient';

export interface ElboObjectiveOptions {
  /** By default `closed-form` where posterior and prior have one (less variance), else `monte-carlo`. */
  readonly regularizer?: Regularizer;
  /**
   * What the regularizer is multiplied by, $\beta$. A number other than 1 is a beta-VAE; `linearAnnealing` and
   * `cyclicAnnealing` change it from step to step.
   * @defaultValue 1
   */
  readonly weight?: number | Annealing;
  /** Information that costs nothing while training. Validation sees the plain regularizer. */
  readonly freeBits?: FreeBits;
  /**
   * `total`, or `path` to leave out the score of the posterior ("sticking the landing"): less variance near the true
   * posterior, for a second pass through the encoder. It makes the regularizer a Monte-Carlo one.
   * @defaultValue 'total'
   */
  readonly gradient?: 'total' | 'path';
}

/**
 * Minus the ELBO (Eq. 4.17), $-\mathbb{E}_q[\ln p(x|z)] + \beta\, \mathbb{E}_q[\ln q(z|x) - \ln p(z)]$, with one draw of z, and
 * its `reconstruction` and `regularizer` before they are weighted.
 * @throws ArgumentError if an option is out of its range
 * @see beta-VAE (Higgins et al., 2017), Eq. 4
 */
export function elboObjective(options: ElboObjectiveOptions = {}): VaeObjective {
  const where = 'elboObjective';
  checkOptions(where, options, ['regularizer', 'weight', 'freeBits', 'gradient']);
  const { regularizer, weight = 1, freeBits, gradient = 'total' } = options;
  if (regularizer !== undefined) checkOneOf(where, 'regularizer', regularizer, REGULARIZERS);
  checkOneOf(where, 'gradient', gradient, ['total', 'path']);
  if (typeof weight === 'number') checkNumber(where, 'weight', weight, { min: 0 });
  if (freeBits !== undefined) checkFreeBits(where, freeBits);
  const estimator = gradient === 'path' ? 'monte-carlo' : regularizer;
  return {
    name: 'elbo',
    loss(model, x, key, call) {
      const terms = elboTerms(gradient === 'path' ? alongThePath(model) : model, x, key, estimator);
      const reconstruction = tf.neg<Scalar>(averageOf(terms.reconstruction, call));
      const divergence = averageOf(terms.regularizer, call);
      const price = freeBits && call.training ? freeBitsRegularizer(freeBits, terms, call) : divergence;
      const beta = weightAt(weight, call);
      const total = tf.add<Scalar>(reconstruction, beta === 1 ? price : tf.mul(beta, price));
      return { total, reconstruction, regularizer: divergence };
    },
  };
}
