import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../construction/record';
import { exp, expm1 } from '../ops/activations';
import { log1mExp, log1p } from '../ops/log-arithmetic';
import { polynomial } from '../ops/polynomial';
import { selectByMask } from '../ops/select';
import type { Key } from '../random/key';
import type { Shape } from '../shape/shape';
import { BaseDistribution } from './distribution';
import { asTensor, batchShapeOf, type BatchShapeOptions, type Parameter } from './parameters';
import { closedInterval, onSupport } from './support';

/**
 * The continuous Bernoulli distribution over [0, 1], for grey values: $\ln p(x) = l x - \ln \tfrac{e^l - 1}{l}$ for the
 * logit $l$, which is uniform for $l = 0$. Unlike a Bernoulli "probability" of grey values it is a density: it integrates
 * to 1.
 *
 * Close to $l = 0$, where $\tfrac{e^l - 1}{l}$ is 0 / 0, everything is computed by series in $l$.
 * @see The continuous Bernoulli: fixing a pervasive error in variational autoencoders (Loaiza-Ganem and Cunningham, 2019)
 *
 * @example
 * ```ts
 * const p = new ContinuousBernoulli(1, { shape: [64] });
 * p.sample(key, [4]); // [4, 64], between 0 and 1
 * ```
 */
export class ContinuousBernoulli extends BaseDistribution {
  readonly kind = 'ContinuousBernoulli';
  readonly eventShape: Shape = [];
  readonly reparameterized = true;
  readonly batchShape: Shape;
  readonly logits: Parameter;

  /** @param logits - $\ln \lambda / (1 - \lambda)$ for the paper's $\lambda$, finite; the slope of the log-density */
  constructor(logits: Parameter, options: BatchShapeOptions = {}) {
    super();
    record(this, 'ContinuousBernoulli', arguments);
    this.logits = logits;
    this.batchShape = batchShapeOf('ContinuousBernoulli', options, logits);
  }

  protected draw(key: Key, sampleShape: Shape): Tensor {
    return this.closedQuantile(key.uniform([...sampleShape, ...this.batchShape]));
  }

  protected logDensity(x: Tensor): Tensor {
    return onSupport(x, {
      support: closedInterval(0, 1),
      safe: 0.5,
      logDensity: (value) => this.#logDensity(value),
    });
  }

  /** Minus the log-density at the mean, as it is linear in x. */
  protected override closedEntropy(): Tensor {
    const { isNear, near, far } = this.#logits();
    const atCentre = tf.sub(centreSeries(near), tf.mul(tf.square(near), polynomial(tf.square(near), MEAN)));
    const size = tf.neg(tf.abs(far));
    // The logit times the distance of the mean from the end where the density is high, less 1.
    const gap = tf.div(tf.mul(size, exp(size)), tf.neg(expm1(size)));
    const atEnd = tf.sub(tf.add(log1mExp(size), tf.add(1, gap)), tf.log(tf.neg(size)));
    return selectByMask(isNear, atCentre, atEnd);
  }

  /** $\tfrac{1}{1 - e^{-l}} - \tfrac1l$. */
  protected override closedMean(): Tensor {
    const { isNear, near, far } = this.#logits();
    const series = tf.add(0.5, tf.mul(near, polynomial(tf.square(near), MEAN)));
    const size = tf.neg(tf.abs(far));
    const share = tf.div(selectByMask(tf.greater(far, 0), -1, exp(size)), expm1(size));
    return selectByMask(isNear, series, tf.sub(share, tf.reciprocal(far)));
  }

  /** $\tfrac{1}{l^2} - \tfrac{1}{4 \sinh^2(l / 2)}$. */
  protected override closedVariance(): Tensor {
    const { isNear, near, far } = this.#logits();
    const size = tf.neg(tf.abs(far));
    const ofTails = tf.div(exp(size), tf.square(expm1(size)));
    return selectByMask(
      isNear,
      polynomial(tf.square(near), VARIANCE),
      tf.sub(tf.square(tf.reciprocal(far)), ofTails),
    );
  }

  /** The end that the density rises to; 0 for the uniform density. */
  protected override closedMode(): Tensor {
    return tf.cast(tf.greater(this.logits, 0), 'float32');
  }

  /** $\tfrac{e^{l x} - 1}{e^l - 1}$. */
  protected override closedCdf(x: Tensor): Tensor {
    const inside = tf.clipByValue(x, 0, 1);
    const { isFlat, flat, steep } = this.#slopes();
    const size = tf.neg(tf.abs(steep));
    const rising = tf.greater(steep, 0);
    const rest = selectByMask(rising, tf.sub(1, inside), tf.zerosLike(inside));
    const share = tf.div(expm1(tf.mul(size, inside)), expm1(size));
    const linear = tf.sub(inside, tf.mul(tf.mul(0.5, flat), tf.mul(inside, tf.sub(1, inside))));
    return selectByMask(isFlat, linear, tf.mul(exp(tf.mul(size, rest)), share));
  }

  /** $\tfrac1l \ln(1 + p (e^l - 1))$. */
  protected override closedQuantile(p: Tensor): Tensor {
    const { isFlat, flat, steep } = this.#slopes();
    const size = tf.neg(tf.abs(steep));
    const rising = tf.greater(steep, 0);
    // From the end where the density is high, so that no exponential overflows.
    const q = selectByMask(rising, tf.sub(1, p), p);
    const distance = tf.clipByValue(tf.div(log1p(tf.mul(q, expm1(size))), size), 0, 1);
    const linear = tf.add(p, tf.mul(tf.mul(0.5, flat), tf.mul(p, tf.sub(1, p))));
    return selectByMask(isFlat, linear, selectByMask(rising, tf.sub(1, distance), distance));
  }

  /** For x in [0, 1]. */
  #logDensity(x: Tensor): Tensor {
    const { isNear, near, far } = this.#logits();
    const atCentre = tf.sub(tf.mul(near, tf.sub(x, 0.5)), centreSeries(near));
    // From the end where the density is high: l x - l for a large l would cancel.
    const size = tf.abs(far);
    const distance = selectByMask(tf.greater(far, 0), tf.sub(1, x), x);
    const atEnd = tf.sub(tf.log(size), tf.add(tf.mul(size, distance), log1mExp(tf.neg(size))));
    return selectByMask(isNear, atCentre, atEnd);
  }

  /** The logits near 0 and those far from it, each with a harmless number in place of the others. */
  #logits(): { isNear: Tensor; near: Tensor; far: Tensor } {
    const logits = asTensor(this.logits);
    const isNear = tf.less(tf.abs(logits), 1);
    return { isNear, near: selectByMask(isNear, logits, 0), far: selectByMask(isNear, 2, logits) };
  }

  /** The same for distribution functions, which are exact up to where they are all but linear. */
  #slopes(): { isFlat: Tensor; flat: Tensor; steep: Tensor } {
    const logits = asTensor(this.logits);
    const isFlat = tf.less(tf.abs(logits), FLAT);
    return { isFlat, flat: selectByMask(isFlat, logits, 0), steep: selectByMask(isFlat, 2, logits) };
  }
}

/** $\ln \tfrac{\sinh(l/2)}{l/2}$. */
function centreSeries(l: Tensor): Tensor {
  const square = tf.square(l);
  return tf.mul(square, polynomial(square, CENTRE));
}

/** Below this the second-order term of the distribution function, $l^2 / 12$ times at most 0.1, is less than rounding. */
const FLAT = 1e-3;

/** $\ln \tfrac{\sinh y}{y} = \tfrac{y^2}{6} - \tfrac{y^4}{180} + \dots$ as a series in $l^2 = 4 y^2$, without its factor $l^2$. */
const CENTRE = [
  1 / 6 / 4,
  -1 / 180 / 4 ** 2,
  1 / 2835 / 4 ** 3,
  -1 / 37800 / 4 ** 4,
  1 / 467775 / 4 ** 5,
  -691 / 3831077250 / 4 ** 6,
];

/** The derivative by $l$, without its factor $l$: the mean less $\tfrac12$. */
const MEAN = CENTRE.map((coefficient, k) => coefficient * (2 * k + 2));

/** The second derivative. */
const VARIANCE = MEAN.map((coefficient, k) => coefficient * (2 * k + 1));
