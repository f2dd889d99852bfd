import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../construction/record';
import { exp } from '../ops/activations';
import { log1p } from '../ops/log-arithmetic';
import { selectByMask } from '../ops/select';
import type { Key } from '../random/key';
import type { Shape } from '../shape/shape';
import { bisect, onHost, studentCdf } from './host-cdf';
import { logGammaDraws, valuesOf } from './host-gamma';
import { LocationScale } from './location-scale';
import { asTensor, requirePositive, type BatchShapeOptions, type Parameter, type Scale } from './parameters';

/**
 * Student's t distribution: with $z = (x - \mu)/s$,
 * $\ln p(x) = \ln \tfrac{\Gamma((\nu + 1)/2)}{\Gamma(\nu/2)} - \tfrac12 \ln \nu\pi - \tfrac{\nu + 1}{2} \ln(1 + z^2/\nu) - \ln s$.
 *
 * Draws come from a rejection sampler on the host: gradients flow to the location and the scale, but not to the degrees
 * of freedom, so it counts as reparameterized only where those are a number.
 *
 * @example
 * ```ts
 * const p = new StudentT(4, 0, 1); // degrees of freedom, location, scale
 * p.logProb(tf.scalar(0)); // -0.981
 * ```
 */
export class StudentT extends LocationScale {
  readonly kind = 'StudentT';
  readonly reparameterized: boolean;
  readonly degreesOfFreedom: Parameter;

  /**
   * @param degreesOfFreedom - positive
   * @param location - any real
   * @param scale - positive, or `{ logScale }`
   * @throws {@link ArgumentError} if the degrees of freedom or the scale are a number that is not positive
   */
  constructor(
    degreesOfFreedom: Parameter,
    location: Parameter,
    scale: Scale,
    options: BatchShapeOptions = {},
  ) {
    requirePositive(degreesOfFreedom, 'StudentT', 'degreesOfFreedom');
    super(location, scale, options, degreesOfFreedom);
    record(this, 'StudentT', arguments);
    this.degreesOfFreedom = degreesOfFreedom;
    this.reparameterized = typeof degreesOfFreedom === 'number';
  }

  /** A normal draw over the root of an independent $\chi^2_\nu / \nu$. */
  protected standardDraw(key: Key, shape: Shape): Tensor {
    const [first, second] = key.split(2);
    const degrees = valuesOf(this.degreesOfFreedom, this.batchShape);
    const half = tf.tidy(() => tf.mul(0.5, this.degreesOfFreedom));
    const sampleShape = shape.slice(0, shape.length - this.batchShape.length);
    const draws = logGammaDraws(first!, half, { sampleShape, batchShape: this.batchShape });
    const inverseRoot = Float32Array.from(draws, (logarithm, index) =>
      Math.exp(0.5 * (Math.log(degrees[index % degrees.length]! / 2) - logarithm)),
    );
    return tf.mul(second!.normal(shape), tf.tensor(inverseRoot, [...shape]));
  }

  protected standardLogDensity(z: Tensor): Tensor {
    const nu = asTensor(this.degreesOfFreedom);
    const logNormalizer = tf.sub(logGammaRatio(tf.mul(0.5, nu)), tf.mul(0.5, tf.log(tf.mul(Math.PI, nu))));
    const logTail = tf.mul(tf.mul(0.5, tf.add(nu, 1)), logOnePlusSquare(z, nu));
    return tf.sub(logNormalizer, logTail);
  }

  /** $\tfrac{\nu + 1}{2} (\psi(\tfrac{\nu + 1}{2}) - \psi(\tfrac{\nu}{2})) + \tfrac12 \ln \nu + \ln B(\tfrac{\nu}{2}, \tfrac12)$. */
  protected standardEntropy(): Tensor {
    const nu = asTensor(this.degreesOfFreedom);
    const half = tf.mul(0.5, nu);
    const logBeta = tf.sub(0.5 * Math.log(Math.PI), logGammaRatio(half));
    const first = tf.mul(tf.mul(0.5, tf.add(nu, 1)), digammaDifference(half));
    return tf.add(tf.add(first, tf.mul(0.5, tf.log(nu))), logBeta);
  }

  /** The gradient flows to z alone. */
  protected override standardCdf(z: Tensor): Tensor {
    return onHost(
      z,
      this.#onHost(),
      (value, nu) => studentCdf(value, nu!),
      (value) => exp(this.standardLogDensity(value)),
    );
  }

  /** The gradient flows to p alone. */
  protected override standardQuantile(p: Tensor): Tensor {
    const find = (share: number, nu: number): number => {
      if (share <= 0 || share >= 1) return share <= 0 ? -Infinity : Infinity;
      const tail = Math.min(share, 1 - share);
      const size = Math.exp(bisect(-tail, (t) => -studentCdf(-Math.exp(t), nu), [-740, 700]));
      return share < 0.5 ? -size : size;
    };
    return onHost(
      p,
      this.#onHost(),
      (share, nu) => find(share, nu!),
      (share) => exp(tf.neg(this.standardLogDensity(this.standardQuantile(share)))),
    );
  }

  #onHost(): { batchShape: Shape; parameters: Parameter[] } {
    return { batchShape: this.batchShape, parameters: [this.degreesOfFreedom] };
  }

  /** NaN for $\nu \le 1$. */
  protected standardMean(): Tensor {
    return selectByMask(tf.greater(this.degreesOfFreedom, 1), 0, NaN);
  }

  /** $\nu / (\nu - 2)$; infinite for $1 < \nu \le 2$, NaN for $\nu \le 1$. */
  protected standardVariance(): Tensor {
    const nu = asTensor(this.degreesOfFreedom);
    const aboveTwo = tf.greater(nu, 2);
    const finite = tf.div(nu, selectByMask(aboveTwo, tf.sub(nu, 2), 1));
    return selectByMask(aboveTwo, finite, selectByMask(tf.greater(nu, 1), Infinity, NaN));
  }
}

/** $\ln(1 + z^2/\nu)$, by $2 \ln |z| - \ln \nu$ where the square would overflow. */
function logOnePlusSquare(z: Tensor, nu: Tensor): Tensor {
  const isLarge = tf.greater(tf.abs(z), tf.mul(1e6, tf.sqrt(nu)));
  const far = tf.sub(tf.mul(2, tf.log(tf.abs(selectByMask(isLarge, z, 1)))), tf.log(nu));
  return selectByMask(isLarge, far, log1p(tf.div(tf.square(selectByMask(isLarge, 0, z)), nu)));
}

/**
 * $\ln \Gamma(x + \tfrac12) - \ln \Gamma(x)$ without the difference of two large numbers: the asymptotic series at
 * $x + 4$ and the recurrence back from there.
 */
function logGammaRatio(x: Tensor): Tensor {
  const y = tf.add(x, 4);
  const inverse = tf.reciprocal(y);
  const square = tf.square(inverse);
  const inner = tf.add(1 / 192, tf.mul(square, tf.add(-1 / 640, tf.mul(square, 17 / 14336))));
  const series = tf.mul(inverse, tf.add(-1 / 8, tf.mul(square, inner)));
  const factors = STEPS.map((k) => tf.div(tf.add(x, k), tf.add(x, k + 0.5)));
  const recurrence = tf.log(factors.reduce((product, factor) => tf.mul(product, factor)));
  return tf.add(tf.mul(0.5, tf.log(y)), tf.add(series, recurrence));
}

/** $\psi(x + \tfrac12) - \psi(x)$, the derivative of {@link logGammaRatio}, term by term. */
function digammaDifference(x: Tensor): Tensor {
  const inverse = tf.reciprocal(tf.add(x, 4));
  const square = tf.square(inverse);
  const inner = tf.add(-3 / 192, tf.mul(square, tf.add(5 / 640, tf.mul(square, (-7 * 17) / 14336))));
  const series = tf.add(tf.mul(0.5, inverse), tf.mul(square, tf.add(1 / 8, tf.mul(square, inner))));
  const steps = STEPS.map((k) => tf.div(0.5, tf.mul(tf.add(x, k), tf.add(x, k + 0.5))));
  return steps.reduce((sum, step) => tf.add(sum, step), series);
}

const STEPS = [0, 1, 2, 3];
