import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../construction/record';
import { sigmoid, softplus } from '../ops/activations';
import { log1p } from '../ops/log-arithmetic';
import type { Key } from '../random/key';
import type { Shape } from '../shape/shape';
import { LocationScale } from './location-scale';
import type { BatchShapeOptions, Parameter, Scale } from './parameters';

/**
 * The logistic distribution: with $z = (x - \mu)/s$, $\ln p(x) = -\ln(1 + e^z) - \ln(1 + e^{-z}) - \ln s$.
 *
 * @example
 * ```ts
 * const p = new Logistic(0, 1);
 * p.logProb(tf.scalar(0)); // -1.386
 * ```
 */
export class Logistic extends LocationScale {
  readonly kind = 'Logistic';
  readonly reparameterized = true;

  /**
   * @param mean - any real
   * @param scale - positive, or `{ logScale }`
   * @throws {@link ArgumentError} if `scale` is a number that is not positive
   */
  constructor(mean: Parameter, scale: Scale, options: BatchShapeOptions = {}) {
    super(mean, scale, options);
    record(this, 'Logistic', arguments);
  }

  protected standardDraw(key: Key, shape: Shape): Tensor {
    return key.logistic(shape);
  }

  protected standardLogDensity(z: Tensor): Tensor {
    return tf.neg(tf.add(softplus(z), softplus(tf.neg(z))));
  }

  protected standardEntropy(): number {
    return 2;
  }

  protected standardMean(): number {
    return 0;
  }

  protected standardVariance(): number {
    return Math.PI ** 2 / 3;
  }

  protected override standardQuantile(p: Tensor): Tensor {
    return tf.sub(tf.log(p), log1p(tf.neg(p)));
  }

  protected override standardCdf(z: Tensor): Tensor {
    return sigmoid(z);
  }
}
