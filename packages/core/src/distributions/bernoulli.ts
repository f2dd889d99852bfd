import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../construction/record';
import { exp, sigmoid } from '../ops/activations';
import { logSigmoid } from '../ops/log-arithmetic';
import { selectByMask } from '../ops/select';
import type { Key } from '../random/key';
import type { Shape } from '../shape/shape';
import { BaseDistribution } from './distribution';
import { asTensor, batchShapeOf, type BatchShapeOptions, type Parameter } from './parameters';
import { integers, onSupport } from './support';

/**
 * The Bernoulli distribution over 0 and 1 (DGM App. B.1): $\ln p(x) = \ln \mathrm{sigm}((2x - 1)\, l)$ for the logit $l$.
 *
 * @example
 * ```ts
 * const p = new Bernoulli(tf.tensor1d([0, 2])); // logits
 * p.sample(key, [100]); // [100, 2], of 0 and 1
 * p.logProb(tf.tensor1d([1, 1])); // [-0.693, -0.127]
 * ```
 */
export class Bernoulli extends BaseDistribution {
  readonly kind = 'Bernoulli';
  override readonly space = 'integers';
  readonly eventShape: Shape = [];
  readonly reparameterized = false;
  readonly batchShape: Shape;
  readonly logits: Parameter;

  /** @param logits - log-odds of a 1, $\ln \theta / (1 - \theta)$ */
  constructor(logits: Parameter, options: BatchShapeOptions = {}) {
    super();
    record(this, 'Bernoulli', arguments);
    this.logits = logits;
    this.batchShape = batchShapeOf('Bernoulli', options, logits);
  }

  /** A 1 where the logit exceeds logistic noise, which has probability $\mathrm{sigm}(l)$. */
  protected draw(key: Key, sampleShape: Shape): Tensor {
    const noise = key.logistic([...sampleShape, ...this.batchShape]);
    return tf.cast(tf.less(noise, this.logits), 'float32');
  }

  protected logDensity(x: Tensor): Tensor {
    const logMass = (value: Tensor): Tensor => logSigmoid(tf.mul(tf.sub(tf.mul(2, value), 1), this.logits));
    return onSupport(x, { support: integers(0, 1), safe: 0, logDensity: logMass });
  }

  /** $\theta \ln(1 + e^{-l}) + (1 - \theta) \ln(1 + e^{l})$: both terms are positive, so nothing cancels. */
  protected override closedEntropy(): Tensor {
    const logits = asTensor(this.logits);
    const ofOutcome = (logMass: Tensor): Tensor => {
      const possible = tf.greater(logMass, -Infinity);
      return tf.neg(tf.mul(exp(logMass), selectByMask(possible, logMass, 0)));
    };
    return tf.add(ofOutcome(logSigmoid(logits)), ofOutcome(logSigmoid(tf.neg(logits))));
  }

  protected override closedMean(): Tensor {
    return sigmoid(asTensor(this.logits));
  }

  protected override closedVariance(): Tensor {
    const logits = asTensor(this.logits);
    return tf.mul(sigmoid(logits), sigmoid(tf.neg(logits)));
  }

  protected override closedMode(): Tensor {
    return tf.cast(tf.greater(this.logits, 0), 'float32');
  }

  protected override closedCdf(x: Tensor): Tensor {
    const ofZero = sigmoid(tf.neg(asTensor(this.logits)));
    const atLeastZero = tf.cast(tf.greaterEqual(x, 0), 'float32');
    return tf.where(tf.greaterEqual(x, 1), atLeastZero, tf.mul(ofZero, atLeastZero));
  }

  protected override closedQuantile(p: Tensor): Tensor {
    return tf.cast(tf.greater(p, sigmoid(tf.neg(asTensor(this.logits)))), 'float32');
  }
}
