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
export function levelLogLikelihoods(z: Tensor, { alpha, sigma }: NoiseLevel, values: Tensor): Tensor {
  const [noisy, a, s] = [z, alpha, sigma].map((x) => (x.rank === 0 ? x : tf.expandDims(x, -1))) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  return tf.mul(-0.5, tf.square(tf.div(tf.sub(noisy, tf.mul(a, values)), s)));
}
