import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../construction/record';
import { exp } from '../ops/activations';
import { selectByMask } from '../ops/select';
import type { Key } from '../random/key';
import type { Shape } from '../shape/shape';
import { LocationScale } from './location-scale';
import type { BatchShapeOptions, Parameter, Scale } from './parameters';

/**
 * The Laplace distribution: $\ln p(x) = -\tfrac{|x - \mu|}{s} - \ln 2 s$.
 *
 * @example
 * ```ts
 * const p = new Laplace(0, 1);
 * p.logProb(tf.scalar(0)); // -0.693
 * ```
 */
export class Laplace extends LocationScale {
  readonly kind = 'Laplace';
  readonly reparameterized = true;

  /**
   * @param location - any real; mean, median and mode
   * @param scale - positive, or `{ logScale }`
   * @throws {@link ArgumentError} if `scale` is a number that is not positive
   */
  constructor(location: Parameter, scale: Scale, options: BatchShapeOptions = {}) {
    super(location, scale, options);
    record(this, 'Laplace', arguments);
  }

  /** The difference of two exponential variables. */
  protected standardDraw(key: Key, shape: Shape): Tensor {
    const [first, second] = key.split(2);
    return tf.sub(first!.exponential(shape), second!.exponential(shape));
  }

  protected standardLogDensity(z: Tensor): Tensor {
    return tf.sub(-Math.LN2, tf.abs(z));
  }

  protected standardEntropy(): number {
    return 1 + Math.LN2;
  }

  protected standardMean(): number {
    return 0;
  }

  protected standardVariance(): number {
    return 2;
  }

  /** $\ln 2p$ in the lower half, $-\ln 2(1 - p)$ in the upper one. */
  protected override standardQuantile(p: Tensor): Tensor {
    const isLower = tf.less(p, 0.5);
    const tail = tf.log(tf.mul(2, selectByMask(isLower, p, tf.sub(1, p))));
    return selectByMask(isLower, tail, tf.neg(tail));
  }

  protected override standardCdf(z: Tensor): Tensor {
    // Each half by its own tail, which keeps the relative precision far below the location.
    const lower = tf.mul(0.5, exp(tf.neg(tf.relu(tf.neg(z)))));
    const upper = tf.mul(0.5, exp(tf.neg(tf.relu(z))));
    return tf.add(lower, tf.sub(0.5, upper));
  }
}
