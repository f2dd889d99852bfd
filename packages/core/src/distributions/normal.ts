import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../construction/record';
import { ndtr, ndtri } from '../ops/normal';
import type { Key } from '../random/key';
import type { Shape } from '../shape/shape';
import { LocationScale } from './location-scale';
import { pickParameter, pickScale } from './parameters';
import type { BatchShapeOptions, Parameter, Scale } from './parameters';

/**
 * The normal distribution (DGM App. B.1):
 * $\ln \mathcal{N}(x | \mu, \sigma^2) = -\tfrac12 \ln 2\pi - \ln \sigma - \tfrac{(x - \mu)^2}{2 \sigma^2}$.
 *
 * @example
 * ```ts
 * const p = new Normal(tf.tensor1d([0, 10]), tf.tensor1d([1, 2]));
 * p.sample(key, [100]); // [100, 2]
 * p.logProb(tf.tensor1d([0, 10])); // [-0.919, -1.612]
 * ```
 */
export class Normal extends LocationScale {
  readonly kind = 'Normal';
  readonly reparameterized = true;

  /**
   * @param mean - any real
   * @param std - positive standard deviation, or `{ logScale }` for its logarithm
   * @throws {@link ArgumentError} if `std` is a number that is not positive
   */
  constructor(mean: Parameter, std: Scale, options: BatchShapeOptions = {}) {
    super(mean, std, options);
    record(this, 'Normal', arguments);
  }

  pick(indices: Tensor): Normal {
    const mean = pickParameter(this.location, indices, this);
    return new Normal(mean, pickScale(this.scale, indices, this), { shape: indices.shape });
  }

  protected standardDraw(key: Key, shape: Shape): Tensor {
    return key.normal(shape);
  }

  protected standardLogDensity(z: Tensor): Tensor {
    return tf.sub(-HALF_LOG_TWO_PI, tf.mul(0.5, tf.square(z)));
  }

  protected standardEntropy(): number {
    return 0.5 + HALF_LOG_TWO_PI;
  }

  protected standardMean(): number {
    return 0;
  }

  protected standardVariance(): number {
    return 1;
  }

  protected override standardQuantile(p: Tensor): Tensor {
    return ndtri(p);
  }

  protected override standardCdf(z: Tensor): Tensor {
    return ndtr(z);
  }
}

const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI);
