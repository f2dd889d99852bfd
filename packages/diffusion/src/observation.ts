import { oneHot } from '@dgm/core';
import type { Key, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { levelLogLikelihoods } from './parameterization';
import { sumOverEvent } from './rows';
import type { NoiseLevel } from './schedule';

/**
 * How data are seen through the least noise, $p(x | z_0) \propto q(z_0 | x)$ for each entry: a normal density for real numbers, and
 * for integers from 0 to `levels` - 1, which are scaled to [-1, 1], the probabilities of all levels.
 */
export class Observation {
  readonly #levels: number | undefined;

  constructor(levels: number | undefined) {
    this.#levels = levels;
  }

  /** -1 to 1 in equal steps, `[levels]`; undefined for real numbers. */
  get values(): Tensor | undefined {
    const levels = this.#levels;
    if (levels === undefined) return undefined;
    return tf.tensor1d(Array.from({ length: levels }, (_, k) => (2 * k) / (levels - 1) - 1));
  }

  /** The data as they are noised. */
  scaled(x: Tensor): Tensor {
    return this.#levels === undefined ? x : tf.sub(tf.mul(2 / (this.#levels - 1), x), 1);
  }

  /** $z = \alpha x + \sigma \epsilon$ for x as it comes in the data. */
  noised(x: Tensor, { alpha, sigma }: NoiseLevel, noise: Tensor): Tensor {
    return tf.add(tf.mul(alpha, this.scaled(x)), tf.mul(sigma, noise));
  }

  /** $-\ln p(x | z_0)$ for $z_0 = \alpha_0 x + \sigma_0 \epsilon$, `[n]`. */
  negativeLogProb(
    x: Tensor,
    { z, noise, level }: { readonly z: Tensor; readonly noise: Tensor; readonly level: NoiseLevel },
  ): Tensor {
    if (this.#levels === undefined) {
      // N(x; z_0 / alpha, sigma^2 / alpha^2), where x - z_0 / alpha = -noise sigma / alpha.
      const logScale = tf.mul(0.5, tf.add(level.gamma, Math.log(2 * Math.PI)));
      return sumOverEvent(tf.add(tf.mul(0.5, tf.square(noise)), logScale));
    }
    const logProbs = tf.logSoftmax(levelLogLikelihoods(z, level, this.values!));
    return tf.neg(sumOverEvent(tf.sum(tf.mul(logProbs, oneHot(x, { depth: this.#levels })), -1)));
  }

  /** What decides a draw of $p(x | z_0)$: uniform or normal numbers. */
  decisions(shape: Shape, key: Key): Tensor {
    return this.#levels === undefined ? key.normal([...shape]) : key.uniform([...shape]);
  }

  /** A draw of $p(x | z_0)$. */
  draw(z: Tensor, decisions: Tensor, level: NoiseLevel): Tensor {
    if (this.#levels === undefined) return tf.div(tf.add(z, tf.mul(level.sigma, decisions)), level.alpha);
    const probs = tf.softmax(levelLogLikelihoods(z, level, this.values!));
    const isBelow = tf.lessEqual(tf.cumsum(probs, z.rank), tf.expandDims(decisions, -1));
    return tf.minimum(tf.sum(tf.cast(isBelow, 'float32'), -1), this.#levels - 1);
  }
}
