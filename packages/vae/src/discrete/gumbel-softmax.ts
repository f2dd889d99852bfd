import { checkInteger, checkNumber, checkOneOf, checkOptions } from '@dgm/core';
import type { DistributionHead } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkParameters } from '../posteriors/parameters';
import { record } from '../record';
import { OneHotCategorical } from './one-hot-categorical';

export interface GumbelSoftmaxOptions {
  /** How many categorical latent variables there are. */
  readonly variables: number;
  /** How many values each can take. */
  readonly classes: number;
  /**
   * $\tau$, by default as in Maddison et al.
   * @defaultValue 2 / 3
   */
  readonly temperature?: number;
  /**
   * What training draws: `straight-through`, one-hot vectors with the gradient of the softmax; or `relaxed`, the softmax
   * itself, whose loss is then no bound. Otherwise draws are one-hot and the bound is one.
   * @defaultValue 'straight-through'
   */
  readonly estimator?: 'straight-through' | 'relaxed';
}

/**
 * A posterior of categorical latent variables, z of shape `[variables, classes]` in one-hot vectors. The network puts out
 * their logits, `[n, variables * classes]`. Its prior is a {@link OneHotCategorical} too; of equal probabilities it is
 * `new OneHotCategorical([variables, classes], { eventRank: 2 })`.
 * @see Categorical Reparameterization with Gumbel-Softmax (Jang et al., 2017), §2
 */
export function gumbelSoftmax(options: GumbelSoftmaxOptions): DistributionHead {
  checkOptions('gumbelSoftmax', options, ['variables', 'classes', 'temperature', 'estimator']);
  const { variables, classes, temperature = 2 / 3, estimator = 'straight-through' } = options;
  checkInteger('gumbelSoftmax', 'variables', variables);
  checkInteger('gumbelSoftmax', 'classes', classes, { min: 2 });
  checkNumber('gumbelSoftmax', 'temperature', temperature, { above: 0 });
  checkOneOf('gumbelSoftmax', 'estimator', estimator, ['straight-through', 'relaxed']);
  const numParameters = variables * classes;
  const head: DistributionHead = {
    numParameters,
    eventShape: [variables, classes],
    space: 'one-hot',
    distribution(parameters, { training = false } = {}) {
      checkParameters('gumbelSoftmax', parameters, numParameters);
      return new OneHotCategorical(tf.reshape(parameters, [-1, variables, classes]), {
        eventRank: 2,
        temperature,
        relaxed: training && estimator === 'relaxed',
      });
    },
  };
  return record(head, 'gumbelSoftmax', arguments);
}
