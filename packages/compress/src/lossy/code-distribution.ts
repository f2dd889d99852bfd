import { DiscretizedLogistic, log1mExp, logSigmoid, logSoftmax, logSumExp, Mixture, exp } from '@dgm/core';
import type { Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { CodeDistribution } from './entropy-model';

/**
 * The distribution of the entries of a code: each a mixture of logistic distributions, convolved with the uniform distribution on
 * $[-\tfrac12, \tfrac12]$:
 *
 * $$p(y) = \sum_k w_k \left[\mathrm{sigm}\left(\tfrac{y + 1/2 - \mu_k}{s_k}\right)
 *   - \mathrm{sigm}\left(\tfrac{y - 1/2 - \mu_k}{s_k}\right)\right]$$
 *
 * At integers it is the probability of the rounded code, at other numbers the density of a code plus uniform noise: one
 * differentiable function serves the training and the coder.
 *
 * It borrows its tensors.
 *
 * @see End-to-end Optimized Image Compression (Ballé, Laparra and Simoncelli, 2017), §4
 */
export class LogisticCode implements CodeDistribution {
  /** `[n, entries, components]`, as all three */
  readonly #logits: Tensor;
  readonly #mean: Tensor;
  readonly #logScale: Tensor;

  /** @param parameters - log-weights, means and log-scales, `[n, 3 * entries * components]` */
  constructor(parameters: Tensor, { entries, components }: CodeSize) {
    const parts = tf.split(tf.reshape(parameters, [parameters.shape[0]!, 3, entries, components]), 3, 1);
    [this.#logits, this.#mean, this.#logScale] = parts.map((part) => tf.squeeze(part, [1])) as [
      Tensor,
      Tensor,
      Tensor,
    ];
  }

  /**
   * In nats, for each entry.
   * @param y - `[..., entries]`, of a shape that broadcasts with `[n, entries]`
   */
  logProb(y: Tensor): Tensor {
    const inverseScale = exp(tf.neg(this.#logScale));
    const deviation = tf.sub(tf.expandDims(y, -1), this.#mean);
    // sigm(b) - sigm(a) = sigm(b) sigm(-a) (1 - e^(a - b)): no difference that cancels.
    const upper = logSigmoid(tf.mul(tf.add(deviation, 0.5), inverseScale));
    const lower = logSigmoid(tf.mul(tf.sub(0.5, deviation), inverseScale));
    const each = tf.add(tf.add(upper, lower), log1mExp(tf.neg(inverseScale)));
    return logSumExp(tf.add(logSoftmax(this.#logits), each), { axis: -1 });
  }

  /** Integers, `[n, entries]`: of each row of the parameters, or `n` times of the only one. */
  sample(key: Key, n: number): Tensor {
    // A network that has hardly learned may give scales that only infinity is wide enough for.
    const logScale = tf.minimum(this.#logScale, LARGEST_LOG_SCALE);
    const rows = new DiscretizedLogistic(this.#mean, { logScale });
    const [count, entries] = this.#mean.shape as [number, number];
    return tf.reshape(new Mixture(this.#logits, rows).sample(key, count === n ? [] : [n]), [n, entries]);
  }
}

/** Beyond it draws are no longer different integers of float32. */
const LARGEST_LOG_SCALE = 16;

/** The size of a code, and of the mixture that models each of its entries. */
export interface CodeSize {
  readonly entries: number;
  /** How many logistic distributions each entry has. */
  readonly components: number;
}

/** How many parameters the entries of a code have. */
export const numParameters = ({ entries, components }: CodeSize): number => 3 * entries * components;

/**
 * Parameters of a broad start, `[3, entries, components]`: equal weights, means that are spread over some integers, scales of e.
 * A network that starts near 0 adds to them.
 */
export function startOf({ entries, components }: CodeSize): Tensor {
  return tf.tidy(() => {
    const centres = Array.from({ length: components }, (_, at) => 2 * (2 * at + 1 - components));
    return tf.stack(
      [
        tf.zeros([entries, components]),
        tf.tile(tf.tensor2d([centres]), [entries, 1]),
        tf.ones([entries, components]),
      ],
      0,
    );
  });
}
