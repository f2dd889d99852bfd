import {
  BaseDistribution,
  checkNumber,
  checkOptions,
  logSoftmax,
  oneHot,
  selectByMask,
  softmax,
  straightThrough,
} from '@dgm/core';
import type { Distribution, Key, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../record';

export interface OneHotCategoricalOptions {
  /**
   * The number of last axes that form the event: 1 for one variable, 2 for several variables.
   * @defaultValue 1
   */
  readonly eventRank?: 1 | 2;
  /**
   * The temperature $\tau$ of the softmax in the gradient.
   * @defaultValue 1
   */
  readonly temperature?: number;
  /**
   * Draws the softmax itself instead of a one-hot vector: a draw of the Concrete distribution.
   * @defaultValue false
   */
  readonly relaxed?: boolean;
}

/**
 * Independent categorical variables as one-hot vectors, drawn by the Gumbel-max trick with the gradient of its softmax:
 *
 * $$z = \mathrm{onehot}(\arg\max_k\, l_k + g_k), \qquad
 *   \partial z := \partial\, \mathrm{softmax}\big((l + g) / \tau\big), \quad g_k \sim \mathrm{Gumbel}(0, 1)$$
 *
 * The draw is exact. The gradient through it is biased; a smaller $\tau$ makes it less biased and noisier.
 * @see Categorical Reparameterization with Gumbel-Softmax (Jang et al., 2017). The Concrete Distribution (Maddison et al., 2017)
 *
 * @example
 * ```ts
 * const prior = new OneHotCategorical([8, 10], { eventRank: 2 }); // 8 variables of 10 classes, equally probable
 * prior.sample(key, [100]); // [100, 8, 10]
 * ```
 */
export class OneHotCategorical extends BaseDistribution {
  readonly kind = 'OneHotCategorical';
  override readonly space = 'one-hot';
  /** Not exactly: the gradient through a draw is an approximation. */
  readonly reparameterized = false;
  readonly batchShape: Shape;
  readonly eventShape: Shape;
  readonly #logits: Tensor | undefined;
  readonly #temperature: number;
  readonly #relaxed: boolean;

  /** @param logits - `[...batch, K]` or, with `eventRank` 2, `[...batch, variables, K]`; or, if all are equal, their shape */
  constructor(
    logits: Tensor | Shape,
    { eventRank = 1, temperature = 1, relaxed = false, ...unknown }: OneHotCategoricalOptions = {},
  ) {
    super();
    record(this, 'OneHotCategorical', arguments);
    checkOptions('OneHotCategorical', unknown, ['eventRank', 'temperature', 'relaxed']);
    checkNumber('OneHotCategorical', 'temperature', temperature, { above: 0 });
    const shape = 'shape' in logits ? logits.shape : logits;
    this.#logits = 'shape' in logits ? logits : undefined;
    this.batchShape = shape.slice(0, shape.length - eventRank);
    this.eventShape = shape.slice(shape.length - eventRank);
    this.#temperature = temperature;
    this.#relaxed = relaxed;
  }

  /** Normalized log-probabilities, `[...batch, ...event]`. */
  logProbs(): Tensor {
    return tf.tidy(() => logSoftmax(this.#energies()));
  }

  /** $\sum_k q_k \ln \frac{q_k}{p_k}$, added up over the variables. */
  klDivergenceTo(other: Distribution): (() => Tensor) | undefined {
    const matches = other.kind === this.kind && String(other.eventShape) === String(this.eventShape);
    if (!matches) return undefined;
    const p = other as OneHotCategorical;
    return () => {
      const [logs, others] = [this.logProbs(), p.logProbs()];
      const gap = tf.sub(finite(logs), finite(others));
      const ofPossible = selectByMask(isPossible(others), tf.mul(tf.exp(logs), gap), Infinity);
      return this.#overEvent(selectByMask(isPossible(logs), ofPossible, 0));
    };
  }

  protected draw(key: Key, sampleShape: Shape): Tensor {
    const logits = this.#energies();
    const noisy = tf.add(logits, key.gumbel([...sampleShape, ...logits.shape]));
    const soft = softmax(tf.div(noisy, this.#temperature));
    return this.#relaxed ? soft : straightThrough(soft, largestOf);
  }

  protected logDensity(z: Tensor): Tensor {
    const logs = this.logProbs();
    const isOneHot = this.#allOfEvent(
      tf.logicalAnd(tf.equal(z, tf.square(z)), tf.lessEqual(tf.abs(tf.sub(tf.sum(z, -1, true), 1)), 1e-6)),
    );
    const hasMass = this.#allOfEvent(tf.logicalOr(isPossible(logs), tf.lessEqual(z, 0)));
    const logMass = this.#overEvent(tf.mul(z, finite(logs)));
    return selectByMask(tf.logicalAnd(isOneHot, hasMass), logMass, -Infinity);
  }

  protected override closedEntropy(): Tensor {
    const logs = this.logProbs();
    return tf.neg(this.#overEvent(tf.mul(tf.exp(logs), finite(logs))));
  }

  protected override closedMean(): Tensor {
    return softmax(this.#energies());
  }

  protected override closedVariance(): Tensor {
    const mean = this.closedMean();
    return tf.mul(mean, tf.sub(1, mean));
  }

  protected override closedMode(): Tensor {
    return largestOf(this.#energies());
  }

  #energies(): Tensor {
    return this.#logits ?? tf.zeros([...this.batchShape, ...this.eventShape]);
  }

  #overEvent(values: Tensor): Tensor {
    return tf.sum(
      values,
      this.eventShape.map((_, axis) => -1 - axis),
    );
  }

  #allOfEvent(flags: Tensor): Tensor {
    return tf.all(
      flags,
      this.eventShape.map((_, axis) => flags.rank - 1 - axis),
    );
  }
}

/** The one-hot vector of the largest entry along the last axis. */
function largestOf(values: Tensor): Tensor {
  return oneHot(tf.argMax(values, -1), { depth: values.shape.at(-1)! });
}

function isPossible(logProbs: Tensor): Tensor {
  return tf.greater(logProbs, -Infinity);
}

/** Log-probabilities with 0 for -Infinity, which a probability of 0 is multiplied by. */
function finite(logProbs: Tensor): Tensor {
  return selectByMask(isPossible(logProbs), logProbs, 0);
}
