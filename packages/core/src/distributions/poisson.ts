import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../construction/record';
import { exp } from '../ops/activations';
import { logGammaOfNumber } from '../ops/bessel';
import { lgamma } from '../ops/gamma';
import { selectByMask } from '../ops/select';
import { logDeviance, stirlingError } from '../ops/stirling';
import type { Generator } from '../random/generator';
import type { Key } from '../random/key';
import type { Shape } from '../shape/shape';
import { BaseDistribution } from './distribution';
import { gammaTail, leastInteger, onHost } from './host-cdf';
import { valuesOf } from './host-gamma';
import {
  asTensor,
  batchShapeOf,
  requirePositive,
  type BatchShapeOptions,
  type Parameter,
} from './parameters';
import { integers, onSupport } from './support';

/** A rate, or its logarithm, where that is what a network puts out. */
export type Rate = Parameter | { readonly logRate: Parameter };

/**
 * The Poisson distribution over the counts 0, 1, 2, ...: $\ln p(k) = k \ln \lambda - \lambda - \ln k!$.
 *
 * Draws are made on the host, which reads the rates; no gradient flows through them.
 *
 * @example
 * ```ts
 * const p = new Poisson(3);
 * p.logProb(tf.scalar(2)); // -1.496
 * ```
 */
export class Poisson extends BaseDistribution {
  readonly kind = 'Poisson';
  override readonly space = 'integers';
  readonly eventShape: Shape = [];
  readonly reparameterized = false;
  readonly batchShape: Shape;
  readonly rate: Rate;

  /**
   * @param rate - $\lambda > 0$, the mean and the variance, or `{ logRate }`
   * @throws {@link ArgumentError} if the rate is a number that is not positive
   */
  constructor(rate: Rate, options: BatchShapeOptions = {}) {
    super();
    record(this, 'Poisson', arguments);
    if (!isLogarithmic(rate)) requirePositive(rate, 'Poisson', 'rate');
    this.rate = rate;
    this.batchShape = batchShapeOf('Poisson', options, isLogarithmic(rate) ? rate.logRate : rate);
  }

  /** $\ln \lambda$. */
  logRate(): Tensor {
    return isLogarithmic(this.rate) ? asTensor(this.rate.logRate) : tf.log(asTensor(this.rate));
  }

  protected draw(key: Key, sampleShape: Shape): Tensor {
    const generator = key.generator();
    const rates = valuesOf(this.#rate(), this.batchShape);
    const shape = [...sampleShape, ...this.batchShape];
    const counts = new Float32Array(shape.reduce((product, size) => product * size, 1));
    for (let i = 0; i < counts.length; i++) counts[i] = drawCount(generator, rates[i % rates.length]!);
    return tf.tensor(counts, shape);
  }

  /**
   * For large k as the deviance of k from the rate, with $\delta$ for {@link stirlingError}:
   * $\ln p(k) = -\tfrac12 \ln 2 \pi k - \delta(k) - k (t - \ln(1 + t))$ with $1 + t = \lambda / k$.
   */
  protected logDensity(x: Tensor): Tensor {
    const [rate, logRate] = [this.#rate(), this.logRate()];
    return onSupport(x, {
      // Infinity is no count.
      support: integers(0, LARGEST_FLOAT),
      safe: 0,
      logDensity: (k) => {
        const isLarge = tf.greater(k, LARGE);
        const [small, large] = [selectByMask(isLarge, 0, k), selectByMask(isLarge, k, LARGE)];
        const direct = tf.sub(tf.sub(tf.mul(small, logRate), rate), lgamma(tf.add(small, 1)));
        const t = tf.div(tf.sub(rate, large), large);
        const deviance = tf.mul(large, logDeviance(t, tf.sub(logRate, tf.log(large))));
        const height = tf.add(tf.mul(0.5, tf.log(tf.mul(2 * Math.PI, large))), stirlingError(large));
        return selectByMask(isLarge, tf.neg(tf.add(height, deviance)), direct);
      },
    });
  }

  protected override closedMean(): Tensor {
    return this.#rate();
  }

  protected override closedVariance(): Tensor {
    return this.#rate();
  }

  protected override closedMode(): Tensor {
    return tf.floor(this.#rate());
  }

  /** $P(X \le k) = Q(k + 1, \lambda)$, the upper tail of a gamma distribution. */
  protected override closedCdf(x: Tensor): Tensor {
    return onHost(x, this.#onHost(), (value, rate) => countCdf(Math.floor(value), rate!), tf.zerosLike);
  }

  protected override closedQuantile(p: Tensor): Tensor {
    return onHost(
      p,
      this.#onHost(),
      // In float32, as the cdf is returned: its own values must lead back to their counts.
      (share, rate) => leastInteger((k) => Math.fround(countCdf(k, rate!)) >= share, rate!),
      tf.zerosLike,
    );
  }

  #rate(): Tensor {
    return isLogarithmic(this.rate) ? exp(asTensor(this.rate.logRate)) : asTensor(this.rate);
  }

  #onHost(): { batchShape: Shape; parameters: Parameter[] } {
    return { batchShape: this.batchShape, parameters: [this.#rate()] };
  }
}

/** The largest number of float32. */
const LARGEST_FLOAT = (2 - 2 ** -23) * 2 ** 127;

/** From this count on, the terms of the log-mass are large and cancel. */
const LARGE = 8;

function isLogarithmic(rate: Rate): rate is { readonly logRate: Parameter } {
  return typeof rate === 'object' && 'logRate' in rate;
}

function countCdf(k: number, rate: number): number {
  return k < 0 ? 0 : gammaTail(rate, k + 1);
}

/** One draw: by inversion for small rates, else by transformed rejection. */
function drawCount(generator: Generator, rate: number): number {
  if (!(rate < Infinity)) return rate;
  return rate < 10 ? drawByInversion(generator, rate) : drawByRejection(generator, rate);
}

/** The number of masses that a uniform draw exceeds. */
function drawByInversion(generator: Generator, rate: number): number {
  let rest = generator.openUniform();
  let mass = Math.exp(-rate);
  // Masses below the steps of the uniform draw cannot be told from rounding.
  for (let k = 0; ; mass *= rate / ++k) {
    if (rest <= mass || (k > rate && mass < 2 ** -60)) return k;
    rest -= mass;
  }
}

/** PTRS of "The transformed rejection method for generating Poisson random variables" (Hörmann, 1993). */
function drawByRejection(generator: Generator, rate: number): number {
  const b = 0.931 + 2.53 * Math.sqrt(rate);
  const a = -0.059 + 0.02483 * b;
  const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
  const accepted = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    const u = generator.openUniform() - 0.5;
    const v = generator.openUniform();
    const distance = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / distance + b) * u + rate + 0.43);
    if (distance >= 0.07 && v <= accepted) return k;
    if (k < 0 || (distance < 0.013 && v > distance)) continue;
    const logRatio = Math.log(v) + Math.log(inverseAlpha) - Math.log(a / (distance * distance) + b);
    if (logRatio <= k * Math.log(rate) - rate - logGammaOfNumber(k + 1)) return k;
  }
}
