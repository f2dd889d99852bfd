import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkThat } from '../check/check';
import { record } from '../construction/record';
import { selectByMask } from '../ops/select';
import type { Key } from '../random/key';
import type { Shape } from '../shape/shape';
import { BaseDistribution } from './distribution';
import { batchShapeOf, type BatchShapeOptions, type Parameter } from './parameters';
import { closedInterval, onSupport } from './support';

/**
 * The uniform distribution: $\ln p(x) = -\ln(b - a)$ for $a \le x \le b$.
 *
 * @example
 * ```ts
 * const p = new Uniform(-1, 1);
 * p.logProb(tf.scalar(0.3)); // -0.693
 * ```
 */
export class Uniform extends BaseDistribution {
  readonly kind = 'Uniform';
  readonly eventShape: Shape = [];
  readonly reparameterized = true;
  readonly batchShape: Shape;
  readonly low: Parameter;
  readonly high: Parameter;

  /** @throws {@link ArgumentError} if both ends are numbers and `low` is not below `high` */
  constructor(low: Parameter, high: Parameter, options: BatchShapeOptions = {}) {
    super();
    record(this, 'Uniform', arguments);
    if (typeof low === 'number' && typeof high === 'number') {
      const actual = `low = ${low}, high = ${high}`;
      checkThat('Uniform', 'low', low < high, { expected: 'to be below high', actual });
    }
    this.low = low;
    this.high = high;
    this.batchShape = batchShapeOf('Uniform', options, low, high);
  }

  protected draw(key: Key, sampleShape: Shape): Tensor {
    const share = key.uniform([...sampleShape, ...this.batchShape]);
    const x = tf.add(this.low, tf.mul(this.#width(), share));
    // Rounding may carry the sum a step past the end.
    return selectByMask(tf.lessEqual(x, this.high), x, this.high);
  }

  protected logDensity(x: Tensor): Tensor {
    return onSupport(x, {
      support: closedInterval(this.low, this.high),
      safe: this.low,
      logDensity: (value) => tf.sub(tf.mul(0, value), tf.log(this.#width())),
    });
  }

  protected override closedEntropy(): Tensor {
    return tf.log(this.#width());
  }

  protected override closedMean(): Tensor {
    return tf.mul(0.5, tf.add(this.low, this.high));
  }

  protected override closedVariance(): Tensor {
    return tf.div(tf.square(this.#width()), 12);
  }

  /** Every value is a mode; this is the middle one. */
  protected override closedMode(): Tensor {
    return this.closedMean();
  }

  protected override closedCdf(x: Tensor): Tensor {
    return tf.clipByValue(tf.div(tf.sub(x, this.low), this.#width()), 0, 1);
  }

  protected override closedQuantile(p: Tensor): Tensor {
    const x = tf.add(this.low, tf.mul(this.#width(), p));
    return selectByMask(tf.lessEqual(x, this.high), x, this.high);
  }

  #width(): Tensor {
    return tf.sub(this.high, this.low);
  }
}
