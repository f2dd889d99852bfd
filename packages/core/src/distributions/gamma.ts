import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../construction/record';
import { exp } from '../ops/activations';
import { lgamma } from '../ops/gamma';
import { selectByMask } from '../ops/select';
import { logDeviance, stirlingError, stirlingErrorSlope } from '../ops/stirling';
import type { Key } from '../random/key';
import type { Shape } from '../shape/shape';
import { BaseDistribution } from './distribution';
import { bisect, gammaCdf, onHost } from './host-cdf';
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
 * The gamma distribution: $\ln p(x) = a \ln r + (a - 1) \ln x - r x - \ln \Gamma(a)$ for $x > 0$,
 * and the limit of that for $x = 0$.
 *
 * Draws come from a rejection sampler on the host, which reads the parameters; no gradient flows through them.
 *
 * @example
 * ```ts
 * const p = new Gamma(2, 0.5); // with a mean of 4
 * p.sample(key, [100]); // [100]
 * ```
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
    record(this, 'Gamma', arguments);
    requirePositive(concentration, 'Gamma', 'concentration');
    requirePositive(rate, 'Gamma', 'rate');
    this.concentration = concentration;
    this.rate = rate;
    this.batchShape = batchShapeOf('Gamma', options, concentration, rate);
  }

  protected draw(key: Key, sampleShape: Shape): Tensor {
    const shapes = { sampleShape, batchShape: this.batchShape };
    const rates = valuesOf(this.rate, this.batchShape);
    const draws = Float32Array.from(logGammaDraws(key, this.concentration, shapes), (logarithm, index) =>
      Math.max(Math.exp(logarithm) / rates[index % rates.length]!, SMALLEST),
    );
    return tf.tensor(draws, [...sampleShape, ...this.batchShape]);
  }

  /**
   * For large a as the deviance of $y = r x$ from a, with $\delta$ for `stirlingError`:
   * $\ln p(x) = \tfrac12 \ln \tfrac{a}{2\pi} - \delta(a) - \ln x - a (\tfrac{y}{a} - 1 - \ln \tfrac{y}{a})$.
   */
  protected logDensity(x: Tensor): Tensor {
    const [a, r] = [asTensor(this.concentration), asTensor(this.rate)];
    const isLarge = tf.greater(a, LARGE);
    const [small, large] = [selectByMask(isLarge, 1, a), selectByMask(isLarge, a, LARGE)];
    const onOpen = onSupport(x, {
      support: openInterval(0, Infinity),
      safe: 1,
      logDensity: (value) => {
        const y = tf.mul(r, value);
        const direct = tf.sub(
          tf.mul(tf.sub(small, 1), tf.log(y)),
          tf.add(y, tf.sub(lgamma(small), tf.log(r))),
        );
        const t = tf.div(tf.sub(y, large), large);
        const deviance = tf.mul(large, logDeviance(t, tf.sub(tf.log(y), tf.log(large))));
        const height = tf.sub(tf.mul(0.5, tf.log(tf.div(large, 2 * Math.PI))), stirlingError(large));
        return selectByMask(isLarge, tf.sub(tf.sub(height, tf.log(value)), deviance), direct);
      },
    });
    return selectByMask(tf.equal(x, 0), densityAtEnd(a, tf.log(r)), onOpen);
  }

  /** $\tfrac12 \ln 2\pi e a - \ln r - \tfrac{1}{2a} + \delta(a) + (1 - a) \delta'(a)$. */
  protected override closedEntropy(): Tensor {
    const a = asTensor(this.concentration);
    const leading = tf.sub(tf.mul(0.5, tf.log(tf.mul(2 * Math.PI * Math.E, a))), tf.log(this.rate));
    const correction = tf.add(stirlingError(a), tf.mul(tf.sub(1, a), stirlingErrorSlope(a)));
    return tf.add(leading, tf.sub(correction, tf.div(0.5, a)));
  }

  /** The gradient flows to x alone. */
  protected override closedCdf(x: Tensor): Tensor {
    return onHost(
      x,
      this.#onHost(),
      (value, a, r) => gammaCdf(value * r!, a!),
      (value) => exp(this.logProb(value)),
    );
  }

  /** The gradient flows to p alone. */
  protected override closedQuantile(p: Tensor): Tensor {
    const find = (share: number, a: number, r: number): number => {
      if (share <= 0 || share >= 1) return share <= 0 ? 0 : Infinity;
      return Math.exp(bisect(share, (t) => gammaCdf(Math.exp(t), a), [-740, 700])) / r;
    };
    return onHost(
      p,
      this.#onHost(),
      (share, a, r) => find(share, a!, r!),
      (share) => exp(tf.neg(this.logProb(this.quantile(share)))),
    );
  }

  #onHost(): { batchShape: Shape; parameters: Parameter[] } {
    return { batchShape: this.batchShape, parameters: [this.concentration, this.rate] };
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
    return selectByMask(tf.greater(peak, 0), peak, NaN);
  }
}

/** From this concentration on, the terms of the density are large and cancel. */
const LARGE = 8;

/** The log-density at an end where it goes like $x^{a-1}$: infinite, 0, or finite for a = 1 (an exponential). */
export function densityAtEnd(a: Tensor, finite: Tensor): Tensor {
  return selectByMask(tf.equal(a, 1), finite, selectByMask(tf.less(a, 1), Infinity, -Infinity));
}
