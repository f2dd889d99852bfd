import {
  checkInteger,
  checkNumber,
  checkOptions,
  checkSizes,
  DiscretizedLogistic,
  distributionHead,
  Independent,
  logSoftmax,
  Mixture,
  sizeOf,
} from '@dgm/core';
import type { DistributionHead, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../record';

export interface IntegerLogisticOptions {
  readonly shape: Shape;
  /**
   * The mean for a parameter of 0.
   * @defaultValue 0
   */
  readonly center?: number;
  /**
   * The scale for a log-scale parameter of 0.
   * @defaultValue 1
   */
  readonly scale?: number;
}

/**
 * A discretized logistic distribution over *all* integers for each element. It suits the base of an integer flow,
 * whose latents may leave the range of the data. Parameters: all means, then all log-scales, in units of the
 * integers.
 * @see DGM Eq. 3.41-3.43, Listing 3.4, whose epsilon puts a floor under one tail
 *
 * @example
 * ```ts
 * const head = integerLogistic({ shape: [64], center: 8, scale: 4 });
 * const base = head.distribution(tf.zeros([1, 2 * 64])); // means of 8, scales of 4
 * base.sample(key); // [1, 64], integers
 * ```
 */
export function integerLogistic({
  shape,
  center = 0,
  scale = 1,
  ...unknown
}: IntegerLogisticOptions): DistributionHead {
  checkOptions('integerLogistic', unknown, ['shape', 'center', 'scale']);
  checkPlace('integerLogistic', { shape, center, scale });
  const head = distributionHead({
    name: 'integerLogistic',
    numParameters: 2 * sizeOf(shape),
    eventShape: shape,
    levels: Infinity,
    build: (parameters) => {
      const [mean, logScale] = parts(parameters, 2, shape);
      const element = new DiscretizedLogistic(tf.add(center, mean!), {
        logScale: tf.add(Math.log(scale), logScale!),
      });
      return new Independent(element, shape.length);
    },
  });
  return record(head, 'integerLogistic', arguments);
}

export interface IntegerLogisticMixtureOptions extends IntegerLogisticOptions {
  /** The number of components. */
  readonly components: number;
  /**
   * The distance between the components' means when all parameters are 0, by default 1. With 1, a scale of 0.2 and
   * one component per level, the mixture can give each level any probability.
   */
  readonly spread?: number;
  /**
   * A fixed component around `center`, none by default. Without it, values that are missing from the training data
   * get almost no probability, which accounts for most of the held-out loss of an expressive base.
   */
  readonly background?: Background;
}

/** A wide component that is mixed into a distribution, so that no integer is impossible. */
export interface Background {
  /** Its weight, between 0 and 1; 0.01 is usual. */
  readonly share: number;
  /** Its scale; a quarter of the range of the data covers the range. */
  readonly scale: number;
}

/**
 * A mixture of discretized logistic distributions over all integers for each element. Parameters: all log-weights, then
 * all means, then all log-scales, `[3, ...shape, components]`.
 * @throws ArgumentError if an option is out of its range
 * @see Integer Discrete Flows (Hoogeboom et al., 2019), §4.2; DGM §3.2.3
 *
 * @example
 * ```ts
 * const head = integerLogisticMixture({ shape: [64], components: 17, center: 8, scale: 0.2 });
 * const base = head.distribution(tf.zeros([1, 3 * 64 * 17])); // a component at each of the levels 0 to 16
 * base.sample(key); // [1, 64], integers
 * ```
 */
export function integerLogisticMixture({
  shape,
  components,
  center = 0,
  spread = 1,
  scale = 1,
  background,
  ...unknown
}: IntegerLogisticMixtureOptions): DistributionHead {
  checkOptions('integerLogisticMixture', unknown, [
    'shape',
    'components',
    'center',
    'spread',
    'scale',
    'background',
  ]);
  const where = 'integerLogisticMixture';
  checkPlace(where, { shape, center, scale });
  checkInteger(where, 'components', components);
  checkNumber(where, 'spread', spread, { min: 0 });
  if (background !== undefined) {
    checkOptions(where, background, ['share', 'scale'], 'background');
    checkNumber(where, 'background.share', background.share, { above: 0, below: 1 });
    checkNumber(where, 'background.scale', background.scale, { above: 0 });
  }
  const start = Array.from({ length: components }, (_, k) => center + spread * (k - (components - 1) / 2));
  const head = distributionHead({
    name: where,
    numParameters: 3 * components * sizeOf(shape),
    eventShape: shape,
    levels: Infinity,
    build: (parameters) => {
      const [logits, mean, logScale] = parts(parameters, 3, [...shape, components]);
      const learned = {
        logits: logits!,
        mean: tf.add(mean!, tf.tensor1d(start)),
        logScale: tf.add(Math.log(scale), logScale!),
      };
      const all = background === undefined ? learned : withBackground(learned, center, background);
      const component = new DiscretizedLogistic(all.mean, { logScale: all.logScale });
      return new Independent(new Mixture(all.logits, component), shape.length);
    },
  });
  return record(head, where, arguments);
}

function checkPlace(where: string, { shape, center, scale }: Required<IntegerLogisticOptions>): void {
  checkSizes(where, 'shape', shape);
  checkNumber(where, 'center', center);
  checkNumber(where, 'scale', scale, { above: 0 });
}

type Components = Readonly<Record<'logits' | 'mean' | 'logScale', Tensor>>;

/** Adds one component; the others share the remaining probability. */
function withBackground(
  { logits, mean, logScale }: Components,
  center: number,
  { share, scale }: Background,
): Components {
  const lead = [...logits.shape.slice(0, -1), 1];
  const beside = (learned: Tensor, fixed: number): Tensor => tf.concat([learned, tf.fill(lead, fixed)], -1);
  return {
    logits: beside(tf.add(Math.log1p(-share), logSoftmax(logits)), Math.log(share)),
    mean: beside(mean, center),
    logScale: beside(logScale, Math.log(scale)),
  };
}

/** `[n, count * size]` as `count` tensors `[n, ...shape]`. */
function parts(parameters: Tensor, count: number, shape: Shape): Tensor[] {
  return tf.split(parameters, count, 1).map((part) => tf.reshape(part, [parameters.shape[0]!, ...shape]));
}
