import { checkOneOf } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { NoiseLevel } from './schedule';

const names = ['noise', 'data', 'velocity', 'score', 'levels'] as const;

/**
 * What the output of a network means, from which the estimate $\hat x$ of the data follows:
 *
 * | name | output | $\hat x$ |
 * | --- | --- | --- |
 * | `noise` | $\hat\epsilon$ | $(z - \sigma \hat\epsilon) / \alpha$ |
 * | `data` | $\hat x$ | itself |
 * | `velocity` | $\hat v \approx \alpha \epsilon - \sigma x$ | $\alpha z - \sigma \hat v$ |
 * | `score` | $\hat s \approx \nabla_z \ln q(z)$ | $(z + \sigma^2 \hat s) / \alpha$ |
 * | `levels` | logits $o_k$ that are added to the likelihood of each level $v_k$ | $\sum_k v_k\, \mathrm{softmax}_k (o_k + \ln \mathcal N(z; \alpha v_k, \sigma^2))$ |
 *
 * `levels` is for discrete data. A network that outputs 0 is then already right about independent and uniform entries.
 * @see Progressive Distillation (Salimans and Ho, 2022), §4 and Appendix D, for `velocity`; Likelihood-Based Diffusion Language
 * Models (Gulrajani and Hashimoto, 2023), §3.2, for `levels`
 */
export type Parameterization = (typeof names)[number];

/** @throws ArgumentError for a name that there is not, with the closest one */
export function checkParameterization(where: string, name: unknown): asserts name is Parameterization {
  checkOneOf(where, 'parameterization', name, names);
}

/** What a network said of `z`, at noise levels that broadcast against it. */
export interface NetworkOutput {
  readonly output: Tensor;
  readonly z: Tensor;
  readonly level: NoiseLevel;
  /** The values of the levels of discrete data, `[levels]`, for the parameterization of that name. */
  readonly values?: Tensor | undefined;
}

/** The estimate $\hat x$ of the data, the shape of `z`. Call it inside `tf.tidy`. */
export function dataEstimate(parameterization: Parameterization, given: NetworkOutput): Tensor {
  const {
    output,
    z,
    level: { alpha, sigma },
  } = given;
  switch (parameterization) {
    case 'noise':
      return tf.div(tf.sub(z, tf.mul(sigma, output)), alpha);
    case 'data':
      return output;
    case 'velocity':
      return tf.sub(tf.mul(alpha, z), tf.mul(sigma, output));
    case 'score':
      return tf.div(tf.add(z, tf.mul(tf.square(sigma), output)), alpha);
    case 'levels': {
      const logits = tf.add(output, levelLogLikelihoods(z, given.level, given.values!));
      return tf.sum(tf.mul(tf.softmax(logits), given.values!), -1);
    }
  }
}

/** The estimate of the noise that goes with $\hat x$: $\hat\epsilon = (z - \alpha \hat x) / \sigma$. */
export function noiseEstimate(xHat: Tensor, z: Tensor, { alpha, sigma }: NoiseLevel): Tensor {
  return tf.div(tf.sub(z, tf.mul(alpha, xHat)), sigma);
}

/** $\ln \mathcal N(z; \alpha v_k, \sigma^2)$ of every level but for what does not depend on k: `[...z, levels]`. */
export function levelLogLikelihoods(
  z: Tensor,
  { alpha, sigma }: Pick<NoiseLevel, 'alpha' | 'sigma'>,
  values: Tensor,
): Tensor {
  const [noisy, a, s] = [z, alpha, sigma].map((x) => (x.rank === 0 ? x : tf.expandDims(x, -1))) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  return tf.mul(-0.5, tf.square(tf.div(tf.sub(noisy, tf.mul(a, values)), s)));
}

/** A place on the path $z = a x + b \epsilon$ of a flow, and the slopes of a and b there; all broadcast against z. */
export interface PathPoint {
  readonly at: PathCoefficients;
  readonly slope: PathCoefficients;
}

/** Factors of data and noise. */
export interface PathCoefficients {
  readonly signal: Tensor;
  readonly noise: Tensor;
}

/**
 * The velocity $\mathbb E[a' x + b' \epsilon \mid z]$ of levels behind noise, from logits $o_k$ of a network that are added to the
 * likelihood of each level. Given its level, an entry x is taken for normal, $\mathcal N(v_k, s^2)$, so with
 * $S = a^2 s^2 + b^2$ and $\pi_k = \mathrm{softmax}_k (o_k + \ln \mathcal N(z; a v_k, S))$
 *
 * $$\sum_k \pi_k \Big( a' v_k + \frac{a a' s^2 + b b'}{S} (z - a v_k) \Big)$$
 *
 * @param given - the logits, `[...z, levels]`; the middle of each level, `[levels]`; and s^2
 */
export function levelVelocity(
  z: Tensor,
  { at, slope }: PathPoint,
  {
    logits,
    values,
    variance,
  }: { readonly logits: Tensor; readonly values: Tensor; readonly variance: number },
): Tensor {
  const spread = tf.add(tf.mul(variance, tf.square(at.signal)), tf.square(at.noise));
  const likelihoods = levelLogLikelihoods(z, { alpha: at.signal, sigma: tf.sqrt(spread) }, values);
  const mean = tf.sum(tf.mul(tf.softmax(tf.add(logits, likelihoods)), values), -1);
  const change = tf.add(tf.mul(variance, tf.mul(at.signal, slope.signal)), tf.mul(at.noise, slope.noise));
  const rest = tf.mul(tf.div(change, spread), tf.sub(z, tf.mul(at.signal, mean)));
  return tf.add(tf.mul(slope.signal, mean), rest);
}
