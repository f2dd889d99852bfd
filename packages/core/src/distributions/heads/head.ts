import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkThat } from '../../check/check';
import { ShapeError } from '../../errors/dgm-error';
import type { CallOptions } from '../../nn/layer';
import { formatShape, type Shape } from '../../shape/shape';
import type { Distribution } from '../distribution';
import type { EventSpace } from '../support';

/**
 * Turns a network's output into a distribution over events: the last step of an encoder or decoder. A head that is also a
 * `Module` has variables of its own, which belong to the model that takes it.
 */
export interface DistributionHead {
  /** How many numbers per event the network has to output. */
  readonly numParameters: number;
  readonly eventShape: Shape;
  /** How many values an entry of the event can take, 0 to `levels - 1`, or Infinity for all integers; absent for real events. */
  readonly levels?: number;
  /** The space of the events; undefined where it is not known before a distribution is made. */
  readonly space?: EventSpace;
  /**
   * @param parameters - `[n, numParameters]`; the distribution borrows tensors made here, so call it inside `tf.tidy`
   * @param call - for a head with a network of its own: see `modelHead`
   */
  distribution(parameters: Tensor, call?: CallOptions): Distribution;
}

/** What {@link distributionHead} makes a head of. */
export interface HeadDefinition {
  /** The name of the factory, for errors. */
  readonly name: string;
  readonly numParameters: number;
  readonly eventShape: Shape;
  readonly levels?: number;
  /** @defaultValue 'integers' with levels, 'reals' without */
  readonly space?: EventSpace;
  /** Makes the distribution of checked parameters, `[n, numParameters]`. */
  readonly build: (parameters: Tensor, call: CallOptions) => Distribution;
}

/**
 * A head of one's own: a rule that turns the numbers of a network into a distribution. It refuses parameters of another shape.
 * @example
 * ```ts
 * const size = 3;
 * const exponential = distributionHead({
 *   name: 'exponentialHead',
 *   numParameters: size,
 *   eventShape: [size],
 *   build: (rows) => new Independent(new Gamma(1, tf.exp(rows)), 1), // the log-rates
 * });
 * const p = exponential.distribution(tf.zeros([4, size]));
 * p.sample(key); // [4, 3]
 * ```
 */
export function distributionHead({
  name,
  numParameters,
  eventShape,
  levels,
  space = levels === undefined ? 'reals' : 'integers',
  build,
}: HeadDefinition): DistributionHead {
  return {
    numParameters,
    eventShape,
    space,
    ...(levels !== undefined && { levels }),
    distribution(parameters, call = {}) {
      checkThat(
        `${name}.distribution`,
        'parameters',
        parameters.rank === 2 && parameters.shape[1] === numParameters,
        {
          error: ShapeError,
          expected: `of shape ${formatShape(['n', numParameters])}`,
          actual: formatShape(parameters.shape),
          remedy: `let the network put out ${numParameters} numbers for an event of shape ${formatShape(eventShape)}`,
        },
      );
      return build(parameters, call);
    },
  };
}

/** Gives each row of `[n, size]` a shape: `[n, ...shape]`. */
export function shapeRows(rows: Tensor, shape: Shape): Tensor {
  return shape.length === 1 ? rows : tf.reshape(rows, [rows.shape[0]!, ...shape]);
}

/** Cuts each row of `[n, count * size]` into `count` parts: tensors `[n, ...shape]`. */
export function splitRows(rows: Tensor, count: number, shape: Shape): Tensor[] {
  return tf.split(rows, count, 1).map((part) => shapeRows(part, shape));
}

/** Relative means that are spread over [-1, 1], `[components]`. */
export function componentCentres(components: number): Tensor {
  return tf.tensor1d(Array.from({ length: components }, (_, index) => (2 * index + 1) / components - 1));
}

/** The options of heads over the integers 0 to `levels - 1`. */
export interface IntegerHeadOptions {
  readonly shape: Shape;
  /** How many values an entry can take. */
  readonly levels: number;
}
