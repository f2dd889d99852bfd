import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../../construction/record';
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

/** What a head is made of: `build` gets the checked parameters, `[n, numParameters]`. */
interface HeadDefinition {
  readonly name: string;
  /** The factory's `arguments`. */
  readonly args: ArrayLike<unknown>;
  readonly numParameters: number;
  readonly eventShape: Shape;
  readonly levels?: number;
  readonly build: (parameters: Tensor) => Distribution;
}

export function makeHead({
  name,
  args,
  numParameters,
  eventShape,
  levels,
  build,
}: HeadDefinition): DistributionHead {
  const head: DistributionHead = {
    numParameters,
    eventShape,
    ...(levels === undefined ? { space: 'reals' } : { levels, space: 'integers' }),
    distribution(parameters) {
      if (parameters.rank !== 2 || parameters.shape[1] !== numParameters) {
        throw new ShapeError({
          where: `${name}.distribution`,
          argument: 'parameters',
          expected: `of shape ${formatShape(['n', numParameters])}`,
          actual: formatShape(parameters.shape),
          remedy: `let the network put out ${numParameters} numbers for an event of shape ${formatShape(eventShape)}`,
        });
      }
      return build(parameters);
    },
  };
  return record(head, name, args);
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
