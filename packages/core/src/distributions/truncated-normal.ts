import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { ArgumentError } from '../errors/dgm-error';
import { clip } from '../ops/clip';
import { exp } from '../ops/activations';
import { logSubExp } from '../ops/log-arithmetic';
import { logNdtr, ndtr, ndtri } from '../ops/normal';
import { select } from '../ops/select';
import type { Key } from '../random/key';
import type { Shape } from '../shape/shape';
import { BaseDistribution } from './distribution';
import {
  batchShapeOf,
  inverseScaleOf,
  logScaleOf,
  requirePositiveScale,
  scaleOf,
  scaleParameter,
} from './parameters';
import type { BatchShapeOptions, Parameter, Scale } from './parameters';
import { closedInterval, onSupport } from './support';

export interface TruncatedNormalOptions extends BatchShapeOptions {
  /** The lower end, -Infinity if left out. */
  readonly low?: Parameter;
  /** The upper end, Infinity if left out. */
  readonly high?: Parameter;
}

/**
 * The normal distribution, kept between two ends: with $z = (x - \mu)/\sigma$, $\alpha$ and $\beta$ the ends' own z,
 * $\ln p(x) = \ln \phi(z) - \ln \sigma - \ln(\Phi(\beta) - \Phi(\alpha))$.
 *
 * An interval in the upper half is mirrored to the lower one, where $\Phi$ keeps its relative precision. Samples are
 * good for intervals that begin within 12 standard deviations.
 */
export class TruncatedNormal extends BaseDistribution {
  readonly kind = 'TruncatedNormal';
  readonly eventShape: Shape = [];
  readonly reparameterized = true;
  readonly batchShape: Shape;
  readonly location: Parameter;
  readonly scale: Scale;
  readonly low: Parameter;
  readonly high: Parameter;

  /**
   * @param mean - of the normal distribution before it is truncated
   * @param std - its standard deviation, or `{ logScale }`
   * @throws {@link ArgumentError} if `std` is not positive, or both ends are numbers and not in order
   */
  constructor(mean: Parameter, std: Scale, options: TruncatedNormalOptions) {
    super();
    const { low = -Infinity, high = Infinity } = options;
    requirePositiveScale(std, 'TruncatedNormal', 'std');
    if (typeof low === 'number' && typeof high === 'number' && !(low < high)) {
      throw new ArgumentError({
        where: 'TruncatedNormal',
        argument: 'low',
        expected: 'to be below high',
        actual: `low = ${low}, high = ${high}`,
      });
    }
    this.location = mean;
    this.scale = std;
    this.low = low;
    this.high = high;
    this.batchShape = batchShapeOf(options, mean, scaleParameter(std), low, high);
  }

  /** The inverse distribution function at a uniform draw. */
  protected draw(key: Key, sampleShape: Shape): Tensor {
    const { near, far, sign } = this.#mirrored();
    const share = tf.add(key.uniform([...sampleShape, ...this.batchShape]), 2 ** -25);
    const probability = tf.add(ndtr(near), tf.mul(share, tf.sub(ndtr(far), ndtr(near))));
    const x = tf.add(this.location, tf.mul(scaleOf(this.scale), tf.mul(sign, ndtri(probability))));
    // Rounding may carry it a step past an end.
    const raised = select(tf.greater(this.low, x), this.low, x);
    return select(tf.less(this.high, raised), this.high, raised);
  }

  protected logDensity(x: Tensor): Tensor {
    return onSupport(x, {
      support: closedInterval(this.low, this.high),
      safe: this.closedMode(),
      logDensity: (value) => tf.sub(logStandardDensity(this.#standardize(value)), this.#logNormalizer()),
    });
  }

  /** $\ln(\sqrt{2\pi} \sigma Z) + \tfrac12 (1 + \tfrac{\alpha \phi(\alpha) - \beta \phi(\beta)}{Z})$. */
  protected override closedEntropy(): Tensor {
    const [alpha, beta] = this.#ends();
    const moment = tf.sub(tf.mul(alpha, this.#height(alpha)), tf.mul(beta, this.#height(beta)));
    return tf.add(this.#logNormalizer(), tf.add(HALF_LOG_TWO_PI, tf.mul(0.5, tf.add(1, moment))));
  }

  protected override closedMean(): Tensor {
    return tf.add(this.location, tf.mul(scaleOf(this.scale), this.#standardMean()));
  }

  protected override closedVariance(): Tensor {
    const [alpha, beta] = this.#ends();
    const moment = tf.sub(tf.mul(alpha, this.#height(alpha)), tf.mul(beta, this.#height(beta)));
    const standard = tf.sub(tf.add(1, moment), tf.square(this.#standardMean()));
    return tf.mul(tf.square(scaleOf(this.scale)), standard);
  }

  /** The mean of the normal distribution, or the end next to it. */
  protected override closedMode(): Tensor {
    const raised = select(tf.greater(this.low, this.location), this.low, this.location);
    return select(tf.less(this.high, raised), this.high, raised);
  }

  protected override closedCdf(x: Tensor): Tensor {
    const { near, far, sign } = this.#mirrored();
    const z = tf.mul(sign, this.#standardize(x));
    const bounded = select(tf.less(z, near), near, select(tf.greater(z, far), far, z));
    const share = tf.div(tf.sub(ndtr(bounded), ndtr(near)), tf.sub(ndtr(far), ndtr(near)));
    return select(tf.less(sign, 0), tf.sub(1, share), share);
  }

  /** $(\phi(\alpha) - \phi(\beta)) / Z$. */
  #standardMean(): Tensor {
    const [alpha, beta] = this.#ends();
    return tf.sub(this.#height(alpha), this.#height(beta));
  }

  /** $\phi(z) / Z$. */
  #height(z: Tensor): Tensor {
    return exp(tf.sub(logStandardDensity(z), this.#logMass()));
  }

  #logNormalizer(): Tensor {
    return tf.add(this.#logMass(), logScaleOf(this.scale));
  }

  /** $\ln Z = \ln(\Phi(\beta) - \Phi(\alpha))$. */
  #logMass(): Tensor {
    const { near, far } = this.#mirrored();
    return logSubExp(logNdtr(far), logNdtr(near));
  }

  /** The ends in standard deviations, mirrored where both would lie in the upper half: near < far. */
  #mirrored(): { near: Tensor; far: Tensor; sign: Tensor } {
    const [alpha, beta] = this.#ends();
    const upper = tf.greater(tf.add(alpha, beta), 0);
    return {
      near: select(upper, tf.neg(beta), alpha),
      far: select(upper, tf.neg(alpha), beta),
      sign: select(upper, -1, 1),
    };
  }

  #ends(): [Tensor, Tensor] {
    return [this.#end(this.low), this.#end(this.high)];
  }

  /** An end in standard deviations. Far out the density is 0 in float32, and infinities would give NaN in products. */
  #end(bound: Parameter): Tensor {
    if (typeof bound === 'number' && !Number.isFinite(bound)) return tf.scalar(Math.sign(bound) * FARTHEST);
    return clip(this.#standardize(bound), { min: -FARTHEST, max: FARTHEST });
  }

  #standardize(x: Parameter): Tensor {
    return tf.mul(tf.sub(x, this.location), inverseScaleOf(this.scale));
  }
}

function logStandardDensity(z: Tensor): Tensor {
  return tf.sub(-HALF_LOG_TWO_PI, tf.mul(0.5, tf.square(z)));
}

const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI);
const FARTHEST = 1e4;
