import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkInteger, checkNumber, checkOptions, checkThat } from '../check/check';
import { ShapeError } from '../errors/dgm-error';
import { oneHot } from '../ops/one-hot';
import { formatShape } from '../shape/shape';

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
export function bernoulliMap(x: Tensor, { alpha, beta, ...unknown }: BetaPrior): Tensor {
  checkOptions('bernoulliMap', unknown, ['alpha', 'beta']);
  const count = countExamples(x, 'bernoulliMap');
  checkNumber('bernoulliMap', 'alpha', alpha, { min: 1 });
  checkNumber('bernoulliMap', 'beta', beta, { min: 1 });
  return tf.tidy(() => tf.div(tf.add(tf.sum(x, 0), alpha - 1), count + alpha + beta - 2));
}

/**
 * The maximum-likelihood estimate of a categorical distribution: $\theta_k = N_k / N$ (DGM App. B.2).
 * @param x - `[n, ...]` of integers from 0 to `levels - 1`
 * @returns probabilities, `[..., levels]`
 * @throws {@link ShapeError} if there is no example
 */
export function categoricalMle(x: Tensor, { levels, ...unknown }: { readonly levels: number }): Tensor {
  checkOptions('categoricalMle', unknown, ['levels']);
  countExamples(x, 'categoricalMle');
  checkInteger('categoricalMle', 'levels', levels);
  return tf.tidy(() => tf.mean(oneHot(x, { depth: levels }), 0));
}

/**
 * The maximum-a-posteriori estimate under a symmetric Dirichlet prior:
 * $\theta_k = \tfrac{N_k + c - 1}{N + K (c - 1)}$ (DGM App. B.2).
 * @param x - `[n, ...]` of integers from 0 to `levels - 1`
 * @param options - `concentration`: c, at least 1; `c - 1` examples of each value are counted in advance
 * @returns probabilities, `[..., levels]`
 * @throws {@link ShapeError} if there is no example
 * @throws {@link ArgumentError} if the concentration is below 1
 */
export function categoricalMap(
  x: Tensor,
  { levels, concentration, ...unknown }: { readonly levels: number; readonly concentration: number },
): Tensor {
  checkOptions('categoricalMap', unknown, ['levels', 'concentration']);
  const count = countExamples(x, 'categoricalMap');
  checkInteger('categoricalMap', 'levels', levels);
  checkNumber('categoricalMap', 'concentration', concentration, { min: 1 });
  return tf.tidy(() => {
    const counts = tf.sum(oneHot(x, { depth: levels }), 0);
    return tf.div(tf.add(counts, concentration - 1), count + levels * (concentration - 1));
  });
}

/** Both tensors belong to the caller. */
export interface NormalEstimate {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/**
 * A normal-inverse-gamma prior: $\sigma^2 \sim \mathrm{InvGamma}(a, b)$, $\mu | \sigma^2 \sim \mathcal{N}(m, \sigma^2 / \kappa)$.
 */
export interface NormalInverseGammaPrior {
  /** m, the expected mean. */
  readonly mean: number;
  /** $\kappa > 0$: as many examples as the prior mean is worth. */
  readonly strength: number;
  /** a > 0. */
  readonly shape: number;
  /** b > 0. */
  readonly scale: number;
}

/**
 * The maximum-likelihood estimate of a normal distribution (DGM App. B.2):
 * $\mu = \tfrac1N \sum_n x_n$, $\sigma^2 = \tfrac1N \sum_n (x_n - \mu)^2$.
 * @param x - `[n, ...]`
 * @returns mean and variance, `[...]` each
 * @throws {@link ShapeError} if there is no example
 */
export function normalMle(x: Tensor): NormalEstimate {
  countExamples(x, 'normalMle');
  return tf.tidy(() => {
    const mean = tf.mean(x, 0);
    return { mean, variance: tf.mean(tf.square(tf.sub(x, mean)), 0) };
  });
}

/**
 * The joint maximum-a-posteriori estimate under a normal-inverse-gamma prior (DGM App. B.2):
 * $\mu = \tfrac{\kappa m + N \bar x}{\kappa + N}$,
 * $\sigma^2 = \tfrac{b + \frac12 \sum_n (x_n - \bar x)^2 + \frac12 \frac{\kappa N}{\kappa + N} (\bar x - m)^2}{a + N/2 + 3/2}$.
 * @param x - `[n, ...]`
 * @returns mean and variance, `[...]` each
 * @throws {@link ShapeError} if there is no example
 * @throws {@link ArgumentError} if strength, shape or scale is not positive
 */
export function normalMap(x: Tensor, prior: NormalInverseGammaPrior): NormalEstimate {
  const count = countExamples(x, 'normalMap');
  const { mean: expected, strength, shape, scale } = prior;
  for (const [name, value] of Object.entries({ strength, shape, scale }))
    checkNumber('normalMap', name, value, { above: 0 });
  return tf.tidy(() => {
    const sample = tf.mean(x, 0);
    const mean = tf.div(tf.add(strength * expected, tf.mul(count, sample)), strength + count);
    const within = tf.sum(tf.square(tf.sub(x, sample)), 0);
    const between = tf.mul((strength * count) / (strength + count), tf.square(tf.sub(sample, expected)));
    const total = tf.add(scale, tf.mul(0.5, tf.add(within, between)));
    return { mean, variance: tf.div(total, shape + count / 2 + 1.5) };
  });
}

/** The number of examples of `[n, ...]`; refuses a scalar and an empty set. */
function countExamples(x: Tensor, where: string): number {
  const count = x.shape[0] ?? 0;
  checkThat(where, 'x', count > 0, {
    error: ShapeError,
    expected: 'of shape [n, ...] with at least one example',
    actual: formatShape(x.shape),
  });
  return count;
}
