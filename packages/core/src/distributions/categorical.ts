import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkThat } from '../check/check';
import { record } from '../construction/record';
import { ShapeError } from '../errors/dgm-error';
import { exp } from '../ops/activations';
import { clipToRange } from '../ops/clip';
import { sumToShape, withGradient } from '../ops/differentiable';
import { logSoftmax, softmax } from '../ops/log-sum-exp';
import { oneHot } from '../ops/one-hot';
import type { Key } from '../random/key';
import { formatShape, type Shape } from '../shape/shape';
import { BaseDistribution } from './distribution';
import { integers, onSupport } from './support';

/**
 * The categorical distribution over the numbers 0 to K - 1 (DGM App. B.1), with $\theta = \mathrm{softmax}(l)$ for the
 * logits $l$: $\ln p(x) = l_x - \ln \sum_k e^{l_k}$. A logit of -Infinity makes its value impossible.
 *
 * @example
 * ```ts
 * const p = new Categorical([0, 0, 1]); // logits of three classes
 * p.sample(key, [100]); // [100], of 0, 1 and 2
 * ```
 */
export class Categorical extends BaseDistribution {
  readonly kind = 'Categorical';
  override readonly space = 'integers';
  readonly eventShape: Shape = [];
  readonly reparameterized = false;
  readonly batchShape: Shape;
  readonly logits: Tensor | readonly number[];
  /** How many values there are, K. */
  readonly levels: number;

  /**
   * @param logits - `[...batch, K]`, unnormalized log-probabilities
   * @throws {@link ShapeError} if there is no last axis or it is empty
   */
  constructor(logits: Tensor | readonly number[]) {
    super();
    record(this, 'Categorical', arguments);
    const shape = 'shape' in logits ? logits.shape : [logits.length];
    const levels = shape.at(-1);
    checkThat('Categorical', 'logits', levels !== undefined && levels !== 0, {
      error: ShapeError,
      expected: 'of shape [..., K] with at least one value',
      actual: formatShape(shape),
    });
    this.logits = logits;
    this.levels = levels;
    this.batchShape = shape.slice(0, -1);
  }

  /** Normalized log-probabilities, `[...batch, K]`. */
  logProbs(): Tensor {
    return tf.tidy(() => logSoftmax(this.#logits()));
  }

  protected draw(key: Key, sampleShape: Shape): Tensor {
    return tf.cast(key.categorical(this.#logits(), sampleShape), 'float32');
  }

  protected logDensity(x: Tensor): Tensor {
    const isValue = integers(0, this.levels - 1);
    return onSupport(x, { support: isValue, logDensity: (value) => logMass(value, this.#logits()) });
  }

  protected override closedEntropy(): Tensor {
    const logProbs = this.logProbs();
    return tf.neg(tf.sum(tf.mul(exp(logProbs), finite(logProbs)), -1));
  }

  /** The expected number. */
  protected override closedMean(): Tensor {
    return this.#expectation(this.#numbers());
  }

  protected override closedVariance(): Tensor {
    const deviation = tf.sub(this.#numbers(), tf.expandDims(this.closedMean(), -1));
    return this.#expectation(tf.square(deviation));
  }

  protected override closedMode(): Tensor {
    return tf.cast(tf.argMax(this.#logits(), -1), 'float32');
  }

  protected override closedCdf(x: Tensor): Tensor {
    return this.#expectation(tf.cast(tf.lessEqual(this.#numbers(), tf.expandDims(x, -1)), 'float32'));
  }

  /** As many values as are passed before the cumulative probability reaches p. */
  protected override closedQuantile(p: Tensor): Tensor {
    const probabilities = softmax(this.#logits());
    // The kernel of tfjs does not take a negative axis.
    const reached = tf.cumsum(probabilities, probabilities.rank - 1);
    const below = tf.less(reached, tf.expandDims(p, -1));
    return tf.minimum(tf.sum(tf.cast(below, 'float32'), -1), this.levels - 1);
  }

  #expectation(ofEachValue: Tensor): Tensor {
    return tf.sum(tf.mul(softmax(this.#logits()), ofEachValue), -1);
  }

  #numbers(): Tensor {
    return tf.range(0, this.levels, 1, 'float32');
  }

  #logits(): Tensor {
    return 'shape' in this.logits ? this.logits : tf.tensor1d([...this.logits]);
  }
}

/**
 * $l_x - \ln \sum_k e^{l_k}$ with the gradient $1[k = x] - \theta_k$, as one operation: on images the logits are the
 * largest tensor of a model, and each pass over them counts.
 */
function logMass(x: Tensor, logits: Tensor): Tensor {
  const depth = logits.shape.at(-1)!;
  return withGradient(
    [x, logits],
    ([value, l]) => {
      const shifted = tf.sub(l!, tf.max(l!, -1, true));
      const logTotal = tf.log(tf.sum(tf.exp(shifted), -1));
      const hit = tf.cast(tf.oneHot(tf.cast(value!, 'int32'), depth), 'bool');
      // Selected, not multiplied: 0 times a logit of -Infinity is NaN.
      return tf.sub(tf.sum(tf.where(hit, shifted, 0), -1), logTotal);
    },
    (dy, [value, l]) => {
      const slope = tf.sub(oneHot(value!, { depth }), softmax(l!));
      return [tf.zerosLike(value!), sumToShape(tf.mul(tf.expandDims(dy, -1), slope), l!.shape)];
    },
  );
}

/** Makes -Infinity the lowest finite number, so that a probability of 0 times its logarithm is 0. */
function finite(logProbs: Tensor): Tensor {
  return clipToRange(logProbs, { min: -3e38 });
}
