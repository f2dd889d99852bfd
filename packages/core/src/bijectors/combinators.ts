import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkInteger, checkOptions } from '../check/check';
import { record } from '../construction/record';
import { ShapeError } from '../errors/dgm-error';
import { BaseModule, isModule } from '../model/module';
import { childCall, type CallOptions } from '../nn/layer';
import { sumLastAxes } from '../ops/sum-last-axes';
import { endsWith, formatShape, leadingShape, sizeOf, type Shape } from '../shape/shape';
import {
  checkEventRank,
  initializeBijector,
  type Bijector,
  type ForwardResult,
  type InverseResult,
} from './bijector';

export interface BijectorChainOptions {
  /** The shape of an event of data, where no part knows it. Without one, any event of at least `eventRank` axes will do. */
  readonly eventShape?: Shape;
  /**
   * The number of axes of an event, at least that of each part: `new Chain([new Tanh()], { eventRank: 1 })` maps vectors,
   * with one log-determinant for each. The largest of the parts by default.
   */
  readonly eventRank?: number;
}

/**
 * Several bijectors, one after the other: $f = f_n \circ \dots \circ f_1$ for `new Chain([f_1, ..., f_n])`.
 *
 * The parts are in the forward order, from latents to data; the inverse starts with the last. Log-determinants add up,
 * $\log |\det J_f| = \sum_i \log |\det J_{f_i}|$, where those of parts of lower rank are summed over the event. A chain
 * without parts is the identity. It owns the parts that have parameters.
 * @see DGM Eq. 3.10, 3.11
 *
 * @example
 * ```ts
 * const bijector = new Chain([new Affine({ shift: 1, scale: 2 }), new Exp()]); // exp(1 + 2 z)
 * bijector.forwardAndLogDet(tf.scalar(1)); // y: 20.09, logDet: 0.693 + 3
 * ```
 */
export class Chain extends BaseModule implements Bijector {
  readonly eventRank: number;
  readonly eventShape: Shape | undefined;
  readonly latentShape: Shape | undefined;
  readonly #parts: readonly Bijector[];
  /** The number of axes of an event after each part. */
  readonly #ranks: readonly number[];

  /**
   * @param parts - in the forward order
   * @throws ShapeError if the event of a part is not what the part before it gives
   * @throws ArgumentError if `eventRank` is less than that of a part
   */
  constructor(parts: readonly Bijector[], { eventShape, eventRank, ...unknown }: BijectorChainOptions = {}) {
    super();
    record(this, 'Chain', arguments);
    checkOptions('Chain', unknown, ['eventShape', 'eventRank']);
    const shapes = shapesOf(parts, eventShape);
    const least = Math.max(0, shapes?.at(-1)!.length ?? 0, ...parts.map((part) => part.eventRank));
    if (eventRank !== undefined) checkInteger('Chain', 'eventRank', eventRank, { min: least });
    this.eventRank = eventRank ?? shapes?.at(-1)!.length ?? least;
    // A higher rank than that of the known shape: its front axes are of any size.
    const isWhole = shapes !== undefined && this.eventRank === shapes.at(-1)!.length;
    this.eventShape = isWhole ? shapes.at(-1) : undefined;
    this.latentShape = isWhole ? shapes[0] : undefined;
    this.#ranks = parts.map((_, index) => (isWhole ? shapes[index + 1]!.length : this.eventRank));
    this.#parts = parts;
    parts.forEach((part, index) => isModule(part) && this.child(String(index), part));
  }

  forwardAndLogDet(z: Tensor, call: CallOptions = {}): ForwardResult {
    const lead = this.#lead(z, this.latentShape, { where: 'Chain.forwardAndLogDet', argument: 'z' });
    return tf.tidy(() => {
      if (sizeOf(lead) === 0) return { y: this.#empty(z, lead, this.eventShape), logDet: tf.zeros(lead) };
      let y = z;
      const terms = this.#parts.map((part, index) => {
        const step = part.forwardAndLogDet(y, childCall(call, index));
        y = step.y;
        return this.#perEvent(step.logDet, index);
      });
      return { y: y === z ? tf.clone(z) : y, logDet: total(terms, lead) };
    });
  }

  inverseAndLogDet(y: Tensor, call: CallOptions = {}): InverseResult {
    return this.#back(y, 'inverseAndLogDet', (part, input, index) =>
      part.inverseAndLogDet(input, childCall(call, index)),
    );
  }

  initialize(y: Tensor, call: CallOptions = {}): InverseResult {
    return this.#back(y, 'initialize', (part, input, index) =>
      initializeBijector(part, input, childCall(call, index)),
    );
  }

  #back(
    y: Tensor,
    method: string,
    inverse: (part: Bijector, y: Tensor, index: number) => InverseResult,
  ): InverseResult {
    const lead = this.#lead(y, this.eventShape, { where: `Chain.${method}`, argument: 'y' });
    return tf.tidy(() => {
      if (sizeOf(lead) === 0) return { z: this.#empty(y, lead, this.latentShape), logDet: tf.zeros(lead) };
      let z = y;
      const terms: Tensor[] = [];
      for (let index = this.#parts.length - 1; index >= 0; index--) {
        const step = inverse(this.#parts[index]!, z, index);
        z = step.z;
        terms.push(this.#perEvent(step.logDet, index));
      }
      return { z: z === y ? tf.clone(y) : z, logDet: total(terms, lead) };
    });
  }

  #perEvent(logDet: Tensor, index: number): Tensor {
    return sumLastAxes(logDet, this.#ranks[index]! - this.#parts[index]!.eventRank);
  }

  #lead(x: Tensor, shape: Shape | undefined, at: { where: string; argument: string }): number[] {
    if (shape !== undefined) return [...leadingShape(x.shape, shape, at.where, at.argument)];
    checkEventRank(x, this.eventRank, at);
    return x.shape.slice(0, x.rank - this.eventRank);
  }

  /** Not every kernel of TensorFlow.js takes a tensor without elements, so no part gets to see one. */
  #empty(x: Tensor, lead: number[], shape: Shape | undefined): Tensor {
    return shape === undefined ? tf.clone(x) : tf.zeros([...lead, ...shape]);
  }
}

function total(terms: readonly Tensor[], lead: number[]): Tensor {
  return terms.length === 0 ? tf.zeros(lead) : terms.reduce((sum, term) => tf.add(sum, term));
}

/**
 * The event before the first part and after each one, or undefined where nothing is known. A part that knows only the last
 * axes, such as a permutation of the channels of an image, leaves those before them as they are.
 */
function shapesOf(parts: readonly Bijector[], eventShape: Shape | undefined): Shape[] | undefined {
  let shapes: Shape[] | undefined;
  parts.forEach((part, index) => {
    const after = part.eventShape;
    if (after === undefined) {
      if (shapes !== undefined) shapes.push(shapes.at(-1)!);
      return;
    }
    const before = part.latentShape ?? after;
    // Elementwise parts at the front get the event of the first part that knows its own.
    shapes = withLastAxes(
      shapes ?? Array.from({ length: index + 1 }, () => before),
      before,
      `parts[${index}]`,
    );
    const unseen = shapes.at(-1)!.slice(0, shapes.at(-1)!.length - before.length);
    shapes.push([...unseen, ...after]);
  });
  if (eventShape === undefined) return shapes;
  if (shapes === undefined) return Array.from({ length: parts.length + 1 }, () => eventShape);
  const whole = withLastAxes(shapes, eventShape, 'eventShape');
  if (whole.at(-1)!.length > eventShape.length) throw mismatch('eventShape', whole.at(-1)!, eventShape);
  return whole;
}

/** The shapes with axes at the front, if it takes them for the last event to end in `tail`. */
function withLastAxes(shapes: Shape[], tail: Shape, argument: string): Shape[] {
  const last = shapes.at(-1)!;
  if (endsWith(last, tail)) return shapes;
  if (!endsWith(tail, last)) throw mismatch(argument, last, tail);
  const missing = tail.slice(0, tail.length - last.length);
  return shapes.map((shape) => [...missing, ...shape]);
}

function mismatch(argument: string, expected: Shape, actual: Shape): ShapeError {
  return new ShapeError({
    where: 'Chain',
    argument,
    expected: `for events of shape ${formatShape(expected)}`,
    actual: formatShape(actual),
  });
}

/**
 * A bijector in the other direction: $g = f^{-1}$. It owns f if f has parameters.
 *
 * @example
 * ```ts
 * const logarithm = new Inverse(new Exp());
 * logarithm.forwardAndLogDet(tf.scalar(2)); // y: 0.693, logDet: -0.693
 * ```
 */
export class Inverse extends BaseModule implements Bijector {
  readonly eventRank: number;
  readonly eventShape: Shape | undefined;
  readonly latentShape: Shape | undefined;
  readonly #original: Bijector;

  constructor(original: Bijector) {
    super();
    record(this, 'Inverse', arguments);
    this.#original = isModule(original) ? this.child('original', original) : original;
    this.eventRank = original.latentShape?.length ?? original.eventRank;
    this.eventShape = original.latentShape;
    this.latentShape = original.eventShape;
  }

  forwardAndLogDet(z: Tensor, call: CallOptions = {}): ForwardResult {
    const { z: y, logDet } = this.#original.inverseAndLogDet(z, childCall(call, 'original'));
    return { y, logDet };
  }

  inverseAndLogDet(y: Tensor, call: CallOptions = {}): InverseResult {
    const { y: z, logDet } = this.#original.forwardAndLogDet(y, childCall(call, 'original'));
    return { z, logDet };
  }
}
