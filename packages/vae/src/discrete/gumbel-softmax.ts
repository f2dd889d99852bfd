import { checkInteger, checkNumber, checkOneOf, checkOptions, distributionHead } from '@dgm/core';
import type { DistributionHead } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { record } from '../record';
import { OneHotCategorical } from './one-hot-categorical';

export interface GumbelSoftmaxOptions {
  /** The number of categorical latent variables. */
  readonly variables: number;
  /** The number of values that each can take. */
  readonly classes: number;
  /**
   * $\tau$, by default as in Maddison et al.
   * @defaultValue 2 / 3
   */
  readonly temperature?: number;
  /**
   * The draws in training: `straight-through` draws one-hot vectors with the gradient of the softmax; `relaxed` draws
   * the softmax itself, so that the training loss is no bound. Outside training, draws are one-hot and the bound
   * holds.
   * @defaultValue 'straight-through'
   */
  readonly estimator?: 'straight-through' | 'relaxed';
}

/**
 * A posterior of categorical latent variables: z consists of one-hot vectors, `[variables, classes]`. The network
 * outputs their logits, `[n, variables * classes]`. Its prior is also a {@link OneHotCategorical}; with equal
 * probabilities it is `new OneHotCategorical([variables, classes], { eventRank: 2 })`.
 * @see Categorical Reparameterization with Gumbel-Softmax (Jang et al., 2017), §2
 *
 * @example
 * ```ts
 * const model = vae({
 *   encoder: mlp([64, 64, 8 * 10], { key: key.fold('encoder') }),
 *   decoder: mlp([8 * 10, 64, 64 * 17], { key: key.fold('decoder') }),
 *   posterior: gumbelSoftmax({ variables: 8, classes: 10 }), // z: [n, 8, 10]
 *   prior: new OneHotCategorical([8, 10], { eventRank: 2 }),
 *   likelihood: categoricalHead({ shape: [64], levels: 17 }),
 * });
 * ```
 */
export function gumbelSoftmax(options: GumbelSoftmaxOptions): DistributionHead {
  checkOptions('gumbelSoftmax', options, ['variables', 'classes', 'temperature', 'estimator']);
  const { variables, classes, temperature = 2 / 3, estimator = 'straight-through' } = options;
  checkInteger('gumbelSoftmax', 'variables', variables);
  checkInteger('gumbelSoftmax', 'classes', classes, { min: 2 });
  checkNumber('gumbelSoftmax', 'temperature', temperature, { above: 0 });
  checkOneOf('gumbelSoftmax', 'estimator', estimator, ['straight-through', 'relaxed']);
  const numParameters = variables * classes;
  const head = distributionHead({
    name: 'gumbelSoftmax',
    numParameters,
    eventShape: [variables, classes],
    space: 'one-hot',
    build: (parameters, { training = false }) => {
      return new OneHotCategorical(tf.reshape(parameters, [-1, variables, classes]), {
        eventRank: 2,
        temperature,
        relaxed: training && estimator === 'relaxed',
      });
    },
  });
  return record(head, 'gumbelSoftmax', arguments);
}
