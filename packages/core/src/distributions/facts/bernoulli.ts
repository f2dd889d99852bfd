import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { countExamples, requireAtLeast } from './examples';

/** The parameters of a beta prior over a probability. */
export interface BetaPrior {
  /** At least 1; `alpha - 1` ones are counted in advance. */
  readonly alpha: number;
  /** At least 1; `beta - 1` zeros are counted in advance. */
  readonly beta: number;
}

/**
 * The maximum-likelihood estimate of a Bernoulli distribution: $\theta = \tfrac1N \sum_n x_n$ (DGM App. B.2).
 * @param x - `[n, ...]` of 0 and 1
 * @returns probabilities of a 1, `[...]`
 * @throws {@link ShapeError} if there is no example
 */
export function bernoulliMle(x: Tensor): Tensor {
  countExamples(x, 'bernoulliMle');
  return tf.tidy(() => tf.mean(x, 0));
}

/**
 * The maximum-a-posteriori estimate under a beta prior: $\theta = \tfrac{\sum_n x_n + a - 1}{N + a + b - 2}$ (DGM App. B.2).
 * @param x - `[n, ...]` of 0 and 1
 * @returns probabilities of a 1, `[...]`
 * @throws {@link ShapeError} if there is no example
 * @throws {@link ArgumentError} if a parameter of the prior is below 1
 */
export function bernoulliMap(x: Tensor, { alpha, beta }: BetaPrior): Tensor {
  const count = countExamples(x, 'bernoulliMap');
  requireAtLeast(alpha, 1, 'bernoulliMap', 'alpha');
  requireAtLeast(beta, 1, 'bernoulliMap', 'beta');
  return tf.tidy(() => tf.div(tf.add(tf.sum(x, 0), alpha - 1), count + alpha + beta - 2));
}
