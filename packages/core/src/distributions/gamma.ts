import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { digamma, lgamma } from '../ops/gamma';
import { select } from '../ops/select';
import type { Key } from '../random/key';
import type { Shape } from '../shape/shape';
import { BaseDistribution } from './distribution';
import { logGammaDraws, SMALLEST, valuesOf } from './host-gamma';
import {
  asTensor,
  batchShapeOf,
  requirePositive,
  type BatchShapeOptions,
  type Parameter,
} from './parameters';
import { onSupport, openInterval } from './support';

/**
 * The gamma distribution: $\ln p(x) = a \ln r + (a - 1) \ln x - r x - \ln \Gamma(a)$ for $x > 0$.
 *
 * Draws come from a rejection sampler on the host, which reads the parameters; no gradient flows through them.
 */
export class Gamma extends BaseDistribution {
  readonly kind = 'Gamma';
  readonly eventShape: Shape = [];
  readonly reparameterized = false;
  readonly batchShape: Shape;
  readonly concentration: Parameter;
  readonly rate: Parameter;

  /**
   * @param concentration - a > 0, also called shape
   * @param rate - r > 0, the inverse of a scale
   * @throws {@link ArgumentError} if one is a number that is not positive
   */
  constructor(concentration: Parameter, rate: Parameter, options: BatchShapeOptions = {}) {
    super();
    requirePositive(concentration, 'Gamma', 'concentration');
    requirePositive(rate, 'Gamma', 'rate');
    this.concentration = concentration;
    this.rate = rate;
    this.batchShape = batchShapeOf(options, concentration, rate);
  }

  protected draw(key: Key, sampleShape: Shape): Tensor {
    const shapes = { sampleShape, batchShape: this.batchShape };
    const rates = valuesOf(this.rate, this.batchShape);
    const draws = Float32Array.from(logGammaDraws(key, this.concentration, shapes), (logarithm, index) =>
      Math.max(Math.exp(logarithm) / rates[index % rates.length]!, SMALLEST),
    );
    return tf.tensor(draws, [...sampleShape, ...this.batchShape]);
  }

  protected logDensity(x: Tensor): Tensor {
    const [a, r] = [asTensor(this.concentration), asTensor(this.rate)];
    const logNormalizer = tf.sub(lgamma(a), tf.mul(a, tf.log(r)));
    return onSupport(x, {
      support: openInterval(0, Infinity),
      safe: 1,
      logDensity: (value) => {
        const kernel = tf.sub(tf.mul(tf.sub(a, 1), tf.log(value)), tf.mul(r, value));
        return tf.sub(kernel, logNormalizer);
      },
    });
  }

  /** $a - \ln r + \ln \Gamma(a) + (1 - a) \psi(a)$. */
  protected override closedEntropy(): Tensor {
    const a = asTensor(this.concentration);
    return tf.add(tf.sub(a, tf.log(this.rate)), tf.add(lgamma(a), tf.mul(tf.sub(1, a), digamma(a))));
  }

  protected override closedMean(): Tensor {
    return tf.div(this.concentration, this.rate);
  }

  protected override closedVariance(): Tensor {
    return tf.div(this.concentration, tf.square(this.rate));
  }

  /** $(a - 1) / r$; NaN for $a \le 1$, where the density has no peak. */
  protected override closedMode(): Tensor {
    const peak = tf.div(tf.sub(this.concentration, 1), this.rate);
    return select(tf.greater(peak, 0), peak, NaN);
  }
}
