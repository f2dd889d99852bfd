import { checkNumber, checkOneOf, checkOptions, type ScheduledWeight, weightAt } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar } from '@tensorflow/tfjs-core';
import { elboTerms, type LatentVariableModel, type Regularizer, REGULARIZERS } from '../elbo';
import { record } from '../record';
import { checkFreeBits, type FreeBits, freeBitsRegularizer } from './free-bits';
import { Rescored } from './detached';
import { type AmortizedModel, averageOf, type VaeObjective } from './objective';

export interface ElboObjectiveOptions {
  /** By default `closed-form` if posterior and prior have one (less variance), otherwise `monte-carlo`. */
  readonly regularizer?: Regularizer;
  /**
   * The weight $\beta$ of the regularizer. A number other than 1 makes a beta-VAE; `linearAnnealing` and
   * `cyclicAnnealing` change it from step to step.
   * @defaultValue 1
   */
  readonly weight?: number | ScheduledWeight;
  /** Information that costs nothing in training. Validation uses the plain regularizer. */
  readonly freeBits?: FreeBits;
  /**
   * `total`, or `path` to omit the score of the posterior ("sticking the landing"), which reduces the variance near
   * the true posterior at the cost of a second pass through the encoder. With `path` the regularizer is a Monte Carlo
   * estimate.
   * @defaultValue 'total'
   */
  readonly gradient?: 'total' | 'path';
}

/**
 * Minus the ELBO (Eq. 4.17), $-\mathbb{E}_q[\ln p(x|z)] + \beta\, \mathbb{E}_q[\ln q(z|x) - \ln p(z)]$, with one draw of z, and
 * its `reconstruction` and `regularizer` before they are weighted.
 * @throws ArgumentError if an option is out of its range
 * @see beta-VAE (Higgins et al., 2017), Eq. 4
 *
 * @example
 * ```ts
 * const model = vae({
 *   encoder: mlp([64, 64, 2 * 8], { key: key.fold('encoder') }),
 *   decoder: mlp([8, 64, 64 * 17], { key: key.fold('decoder') }),
 *   posterior: normalHead({ shape: [8] }),
 *   likelihood: categoricalHead({ shape: [64], levels: 17 }),
 *   objective: elboObjective({ weight: linearAnnealing({ steps: 1000 }) }), // warms the regularizer up
 * });
 * ```
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
  const objective: VaeObjective = {
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
  return record(objective, 'elboObjective', arguments);
}

/**
 * The same model with a posterior density that is constant in the encoder: $\phi$ gets its gradient only through z.
 * The omitted term has expectation 0, and at the true posterior the variance of the remaining gradient vanishes.
 * @see Sticking the Landing (Roeder, Wu and Duvenaud, 2017)
 */
function alongThePath(model: AmortizedModel): LatentVariableModel {
  return {
    encode: (x) => {
      const scored = model.encodeDetached(x);
      return new Rescored(model.encode(x), (z) => scored.logProb(z));
    },
    decode: (z) => model.decode(z),
    prior: () => model.prior(),
  };
}
