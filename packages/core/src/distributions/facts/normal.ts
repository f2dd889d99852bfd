import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { requirePositive } from '../parameters';
import { countExamples } from './examples';

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
    requirePositive(value, 'normalMap', name);
  return tf.tidy(() => {
    const sample = tf.mean(x, 0);
    const mean = tf.div(tf.add(strength * expected, tf.mul(count, sample)), strength + count);
    const within = tf.sum(tf.square(tf.sub(x, sample)), 0);
    const between = tf.mul((strength * count) / (strength + count), tf.square(tf.sub(sample, expected)));
    const total = tf.add(scale, tf.mul(0.5, tf.add(within, between)));
    return { mean, variance: tf.div(total, shape + count / 2 + 1.5) };
  });
}
