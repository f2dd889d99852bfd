import * as tf from '@tensorflow/tfjs-core';
import { checkInteger, checkNumber, checkOptions } from '../../check/check';
import { sizeOf, type Shape } from '../../shape/shape';
import { Bernoulli } from '../bernoulli';
import { Categorical } from '../categorical';
import { ContinuousBernoulli } from '../continuous-bernoulli';
import { Independent } from '../independent';
import { Normal } from '../normal';
import { makeHead, shapeRows, splitRows, type DistributionHead, type IntegerHeadOptions } from './head';

/** A Bernoulli distribution for each entry; the network puts out the logits, `[n, ...shape]`. */
export function bernoulliHead(options: { readonly shape: Shape }): DistributionHead {
  checkOptions('bernoulliHead', options, ['shape']);
  const { shape } = options;
  return makeHead({
    name: 'bernoulliHead',
    args: arguments,
    eventShape: shape,
    levels: 2,
    numParameters: sizeOf(shape),
    build: (rows) => new Independent(new Bernoulli(shapeRows(rows, shape)), shape.length),
  });
}

/**
 * A continuous Bernoulli distribution over [0, 1] for each entry, for grey values that are not binarized; the network
 * puts out the logits, `[n, ...shape]`.
 */
export function continuousBernoulliHead(options: { readonly shape: Shape }): DistributionHead {
  checkOptions('continuousBernoulliHead', options, ['shape']);
  const { shape } = options;
  return makeHead({
    name: 'continuousBernoulliHead',
    args: arguments,
    eventShape: shape,
    numParameters: sizeOf(shape),
    build: (rows) => new Independent(new ContinuousBernoulli(shapeRows(rows, shape)), shape.length),
  });
}

/**
 * A categorical distribution for each entry, over the numbers 0 to `levels - 1` (DGM Eq. 4.27).
 *
 * The network puts out the logits of the first entry, then those of the second, and so on: `[n, ...shape, levels]`.
 * @throws {@link ArgumentError} if `levels` is not an integer of at least 2
 */
export function categoricalHead(options: IntegerHeadOptions): DistributionHead {
  checkOptions('categoricalHead', options, ['shape', 'levels']);
  const { shape, levels } = options;
  checkInteger('categoricalHead', 'levels', levels, { min: 2 });
  return makeHead({
    name: 'categoricalHead',
    args: arguments,
    eventShape: shape,
    levels,
    numParameters: sizeOf(shape) * levels,
    build: (rows) => new Independent(new Categorical(shapeRows(rows, [...shape, levels])), shape.length),
  });
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
 */
export function normalHead(options: NormalHeadOptions): DistributionHead {
  checkOptions('normalHead', options, ['shape', 'std']);
  const { shape, std } = options;
  if (std !== undefined) checkNumber('normalHead', 'std', std, { above: 0 });
  return makeHead({
    name: 'normalHead',
    args: arguments,
    eventShape: shape,
    numParameters: sizeOf(shape) * (std === undefined ? 2 : 1),
    build: (rows) => {
      if (std !== undefined) return new Independent(new Normal(shapeRows(rows, shape), std), shape.length);
      const [mean, logVariance] = splitRows(rows, 2, shape);
      const logScale = tf.mul(0.5, logVariance!);
      return new Independent(new Normal(mean!, { logScale }), shape.length);
    },
  });
}
