import * as tf from '@tensorflow/tfjs-core';
import { checkInteger, checkNumber, checkOptions, checkSizes } from '../../check/check';
import { record } from '../../construction/record';
import { exp } from '../../ops/activations';
import { sizeOf, type Shape } from '../../shape/shape';
import { Bernoulli } from '../bernoulli';
import { Categorical } from '../categorical';
import { ContinuousBernoulli } from '../continuous-bernoulli';
import { Independent } from '../independent';
import { Laplace } from '../laplace';
import { Mixture } from '../mixture';
import { Normal } from '../normal';
import { Poisson } from '../poisson';
import { StudentT } from '../student-t';
import {
  componentCentres,
  distributionHead,
  shapeRows,
  splitRows,
  type DistributionHead,
  type IntegerHeadOptions,
} from './head';

/**
 * A Bernoulli distribution for each entry; the network puts out the logits, `[n, ...shape]`.
 *
 * @example
 * ```ts
 * const head = bernoulliHead({ shape: [64] });
 * const p = head.distribution(mlp([8, head.numParameters], { key }).apply(tf.zeros([4, 8])));
 * p.logProb(tf.ones([4, 64])); // [4]
 * ```
 */
export function bernoulliHead(options: { readonly shape: Shape }): DistributionHead {
  checkOptions('bernoulliHead', options, ['shape']);
  const { shape } = options;
  checkSizes('bernoulliHead', 'shape', shape);
  const head = distributionHead({
    name: 'bernoulliHead',
    eventShape: shape,
    levels: 2,
    numParameters: sizeOf(shape),
    build: (rows) => new Independent(new Bernoulli(shapeRows(rows, shape)), shape.length),
  });
  return record(head, 'bernoulliHead', arguments);
}

/**
 * A continuous Bernoulli distribution over [0, 1] for each entry, for grey values that are not binarized; the network
 * puts out the logits, `[n, ...shape]`.
 *
 * @example
 * ```ts
 * const head = continuousBernoulliHead({ shape: [64] });
 * const p = head.distribution(mlp([8, head.numParameters], { key }).apply(tf.zeros([4, 8])));
 * p.sample(key); // [4, 64], between 0 and 1
 * ```
 */
export function continuousBernoulliHead(options: { readonly shape: Shape }): DistributionHead {
  checkOptions('continuousBernoulliHead', options, ['shape']);
  const { shape } = options;
  checkSizes('continuousBernoulliHead', 'shape', shape);
  const head = distributionHead({
    name: 'continuousBernoulliHead',
    eventShape: shape,
    numParameters: sizeOf(shape),
    build: (rows) => new Independent(new ContinuousBernoulli(shapeRows(rows, shape)), shape.length),
  });
  return record(head, 'continuousBernoulliHead', arguments);
}

/**
 * A categorical distribution for each entry, over the numbers 0 to `levels - 1` (DGM Eq. 4.27).
 *
 * The network puts out the logits of the first entry, then those of the second, and so on: `[n, ...shape, levels]`.
 * @throws {@link ArgumentError} if `levels` is not an integer of at least 2
 *
 * @example
 * ```ts
 * const head = categoricalHead({ shape: [64], levels: 17 });
 * const p = head.distribution(mlp([8, head.numParameters], { key }).apply(tf.zeros([4, 8])));
 * p.sample(key); // [4, 64], integers from 0 to 16
 * ```
 */
export function categoricalHead(options: IntegerHeadOptions): DistributionHead {
  checkOptions('categoricalHead', options, ['shape', 'levels']);
  const { shape, levels } = options;
  checkSizes('categoricalHead', 'shape', shape);
  checkInteger('categoricalHead', 'levels', levels, { min: 2 });
  const head = distributionHead({
    name: 'categoricalHead',
    eventShape: shape,
    levels,
    numParameters: sizeOf(shape) * levels,
    build: (rows) => new Independent(new Categorical(shapeRows(rows, [...shape, levels])), shape.length),
  });
  return record(head, 'categoricalHead', arguments);
}

export interface NormalHeadOptions {
  readonly shape: Shape;
  /** A fixed standard deviation; by default the network puts out log-variances as well. */
  readonly std?: number;
}

/**
 * A normal distribution with diagonal covariance (DGM Eq. 4.28), for posteriors and for continuous data.
 *
 * The network puts out all means, then all log-variances: `[n, 2, ...shape]`; with a fixed `std` the means alone.
 * @throws {@link ArgumentError} if `std` is not positive
 *
 * @example
 * ```ts
 * const head = normalHead({ shape: [3] });
 * const p = head.distribution(mlp([8, head.numParameters], { key }).apply(tf.zeros([4, 8]))); // of 2 * 3 numbers
 * p.sample(key); // [4, 3]
 * ```
 */
export function normalHead(options: NormalHeadOptions): DistributionHead {
  checkOptions('normalHead', options, ['shape', 'std']);
  const { shape, std } = options;
  checkSizes('normalHead', 'shape', shape);
  if (std !== undefined) checkNumber('normalHead', 'std', std, { above: 0 });
  const head = distributionHead({
    name: 'normalHead',
    eventShape: shape,
    numParameters: sizeOf(shape) * (std === undefined ? 2 : 1),
    build: (rows) => {
      if (std !== undefined) return new Independent(new Normal(shapeRows(rows, shape), std), shape.length);
      const [mean, logVariance] = splitRows(rows, 2, shape);
      const logScale = tf.mul(0.5, logVariance!);
      return new Independent(new Normal(mean!, { logScale }), shape.length);
    },
  });
  return record(head, 'normalHead', arguments);
}

export interface NormalMixtureHeadOptions {
  readonly shape: Shape;
  /** How many components the mixture of an entry has. */
  readonly components: number;
}

/**
 * A mixture of `components` normal distributions for each entry: the output of a mixture density network.
 *
 * The network puts out all log-weights, then all means, then all log-variances: `[n, 3, ...shape, components]`. Means are
 * relative to centres that are spread over [-1, 1], so that the components of a network that starts near 0 differ.
 *
 * @throws {@link ArgumentError} if `components` is not an integer of at least 1
 * @see Mixture density networks (Bishop, 1994)
 *
 * @example
 * ```ts
 * const head = normalMixtureHead({ shape: [1], components: 5 });
 * const model = conditional(mlp([2, 32, head.numParameters], { key }), head); // p(y | x), of 3 * 5 numbers
 * const density = model.given(tf.zeros([4, 2])).logProb(tf.ones([4, 1])); // [4]
 * ```
 */
export function normalMixtureHead(options: NormalMixtureHeadOptions): DistributionHead {
  checkOptions('normalMixtureHead', options, ['shape', 'components']);
  const { shape, components } = options;
  checkSizes('normalMixtureHead', 'shape', shape);
  checkInteger('normalMixtureHead', 'components', components, { min: 1 });
  const head = distributionHead({
    name: 'normalMixtureHead',
    eventShape: shape,
    numParameters: 3 * components * sizeOf(shape),
    build: (rows) => {
      const [logits, offset, logVariance] = splitRows(rows, 3, [...shape, components]);
      const mean = tf.add(offset!, componentCentres(components));
      const normal = new Normal(mean, { logScale: tf.mul(0.5, logVariance!) });
      return new Independent(new Mixture(logits!, normal), shape.length);
    },
  });
  return record(head, 'normalMixtureHead', arguments);
}

/**
 * A Laplace distribution for each entry, for data with heavier tails than a normal distribution has; its mode is the
 * least absolute error.
 *
 * The network puts out all medians, then all log-scales: `[n, 2, ...shape]`.
 *
 * @example
 * ```ts
 * const head = laplaceHead({ shape: [3] });
 * const p = head.distribution(mlp([8, head.numParameters], { key }).apply(tf.zeros([4, 8]))); // of 2 * 3 numbers
 * p.logProb(tf.zeros([4, 3])); // [4]
 * ```
 */
export function laplaceHead(options: { readonly shape: Shape }): DistributionHead {
  checkOptions('laplaceHead', options, ['shape']);
  const { shape } = options;
  checkSizes('laplaceHead', 'shape', shape);
  const head = distributionHead({
    name: 'laplaceHead',
    eventShape: shape,
    numParameters: 2 * sizeOf(shape),
    build: (rows) => {
      const [location, logScale] = splitRows(rows, 2, shape);
      return new Independent(new Laplace(location!, { logScale: logScale! }), shape.length);
    },
  });
  return record(head, 'laplaceHead', arguments);
}

export interface StudentTHeadOptions {
  readonly shape: Shape;
  /** Fixed degrees of freedom; by default the network puts out their logarithms as well. */
  readonly degreesOfFreedom?: number;
}

/**
 * Student's t distribution for each entry, for data with outliers.
 *
 * The network puts out all locations, all log-scales, then all logarithms of the degrees of freedom: `[n, 3, ...shape]`;
 * with fixed `degreesOfFreedom` the first two alone.
 * @throws {@link ArgumentError} if `degreesOfFreedom` is not positive
 *
 * @example
 * ```ts
 * const head = studentTHead({ shape: [3], degreesOfFreedom: 4 });
 * const p = head.distribution(mlp([8, head.numParameters], { key }).apply(tf.zeros([4, 8]))); // of 2 * 3 numbers
 * p.logProb(tf.zeros([4, 3])); // [4]
 * ```
 */
export function studentTHead(options: StudentTHeadOptions): DistributionHead {
  checkOptions('studentTHead', options, ['shape', 'degreesOfFreedom']);
  const { shape, degreesOfFreedom } = options;
  checkSizes('studentTHead', 'shape', shape);
  if (degreesOfFreedom !== undefined)
    checkNumber('studentTHead', 'degreesOfFreedom', degreesOfFreedom, { above: 0 });
  const parts = degreesOfFreedom === undefined ? 3 : 2;
  const head = distributionHead({
    name: 'studentTHead',
    eventShape: shape,
    numParameters: parts * sizeOf(shape),
    build: (rows) => {
      const [location, logScale, logDegrees] = splitRows(rows, parts, shape);
      const degrees = degreesOfFreedom ?? exp(logDegrees!);
      return new Independent(new StudentT(degrees, location!, { logScale: logScale! }), shape.length);
    },
  });
  return record(head, 'studentTHead', arguments);
}

/**
 * A Poisson distribution for each entry, for counts; the network puts out the log-rates, `[n, ...shape]`.
 *
 * @example
 * ```ts
 * const head = poissonHead({ shape: [3] });
 * const p = head.distribution(mlp([8, head.numParameters], { key }).apply(tf.zeros([4, 8])));
 * p.sample(key); // [4, 3], counts
 * ```
 */
export function poissonHead(options: { readonly shape: Shape }): DistributionHead {
  checkOptions('poissonHead', options, ['shape']);
  const { shape } = options;
  checkSizes('poissonHead', 'shape', shape);
  const head = distributionHead({
    name: 'poissonHead',
    eventShape: shape,
    levels: Infinity,
    numParameters: sizeOf(shape),
    build: (rows) => new Independent(new Poisson({ logRate: shapeRows(rows, shape) }), shape.length),
  });
  return record(head, 'poissonHead', arguments);
}
