import {
  checkContext,
  checkGiven,
  checkInteger,
  checkKey,
  checkOptions,
  checkShape,
  checkThat,
  gatherExamples,
  sizeOf,
  splitBatch,
  UnsupportedError,
} from '@dgm/core';
import type { ConditionedBatch, Key, MakeBatch } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { checkTrainingExamples } from '../check';
import { build } from '../record';
import { hiddenBits } from './hidden-units';
import { ROW_RBM_OPTIONS, RowRbm, type Given, type RowRbmOptions } from './row-rbm';
import { UnitPair, type RbmParameters } from './unit-pair';
import { checkVisible, type VisibleUnits } from './units';

export interface ConditionalRbmOptions extends RowRbmOptions {
  /** What the visible units are: `bernoulliUnits({ shape: [64] })`. */
  readonly visible: VisibleUnits;
  /** How many hidden units there are, each 0 or 1. */
  readonly hidden: number;
  /** The width of the context; for {@link temporalContext} the number of frames times the entries of one. */
  readonly contextSize: number;
  /** Randomness for the initial weights. */
  readonly key: Key;
  /**
   * Examples, `[n, ...shape]`, whose means the visible biases start from. Borrowed.
   * @defaultValue fields of 0
   */
  readonly examples?: Tensor;
}

/** The standard deviation of initial weights. */
const INITIAL_SCALE = 0.01;

/**
 * A conditional restricted Boltzmann machine: the biases depend on a context u,
 *
 * $$E(x, h \mid u) = e(t) - (b + A^\top u)^\top t - (c + B^\top u)^\top h - t^\top W h$$
 *
 * Given the frames before x, by {@link temporalContext}, it is a temporal RBM: a model of series whose hidden units see what
 * happened last. It learns by contrastive divergence, whose chains start at the examples and keep their context. Its likelihood is exact
 * where the hidden units, or the visible bits, are at most 20: each context has a normalizer of its own.
 *
 * @returns a model of batches `{ x, context }`
 * @throws {@link ArgumentError} for an option that is unknown or out of its range.
 * @throws {@link ShapeError} for examples of another shape.
 * @see Modeling Human Motion Using Binary Latent Variables (Taylor, Hinton and Roweis, 2006), §3; DGM §6.5
 *
 * @example
 * ```ts
 * const model = conditionalRbm({ visible: bernoulliUnits({ shape: [64] }), hidden: 16, contextSize: 10, key });
 * await fit(model, data, { key, optimizer, batchSize: 50, epochs: 10, batch: classContext({ classes: 10 }) });
 * ```
 */
export function conditionalRbm(options: ConditionalRbmOptions): ConditionalRbm {
  return build(() => new ConditionalRbm(options), 'conditionalRbm', arguments);
}

/** Made by {@link conditionalRbm}. */
export class ConditionalRbm extends RowRbm<ConditionedBatch> {
  readonly contextSize: number;
  protected readonly weights: Variable;
  readonly #visibleBias: Variable;
  readonly #hiddenBias: Variable;
  /** A, `[contextSize, size]`. */
  readonly #toVisible: Variable;
  /** B, `[contextSize, hidden]`. */
  readonly #toHidden: Variable;

  constructor(options: ConditionalRbmOptions) {
    const where = 'conditionalRbm';
    checkOptions(where, options, [
      ...(['visible', 'hidden', 'contextSize', 'key', 'examples'] as const),
      ...ROW_RBM_OPTIONS,
    ]);
    const { visible, hidden, contextSize, key, examples } = options;
    checkVisible(where, visible);
    checkInteger(where, 'hidden', hidden);
    checkInteger(where, 'contextSize', contextSize);
    checkKey(where, key);
    if (examples !== undefined) checkTrainingExamples(where, examples, visible.shape);
    super(where, new UnitPair(visible, hiddenBits(hidden)), options);
    this.contextSize = contextSize;
    const initial = (name: string, shape: [number, number]): Tensor =>
      tf.tidy(() => tf.mul(INITIAL_SCALE, key.fold(name).normal(shape)));
    this.weights = this.parameter('weights', initial('weights', [visible.size, hidden]));
    const bias = tf.tidy(() =>
      examples === undefined ? tf.zeros([visible.size]) : visible.fieldsOf(visible.encode(examples)),
    );
    this.#visibleBias = this.parameter('visibleBias', bias);
    this.#hiddenBias = this.parameter('hiddenBias', tf.zeros([hidden]));
    this.#toVisible = this.parameter('toVisible', initial('toVisible', [contextSize, visible.size]));
    this.#toHidden = this.parameter('toHidden', initial('toHidden', [contextSize, hidden]));
  }

  /**
   * $\ln Z(u)$ of each context, differentiable, nats, `[n]`.
   * @param context - u, `[n, contextSize]`
   * @throws {@link ShapeError} for another shape.
   * @throws {@link UnsupportedError} where neither the hidden nor the visible units are at most 20 bits.
   */
  logPartition(context: Tensor): Tensor {
    const given = this.checkedContext(context, undefined, 'logPartition');
    return tf.tidy(() => this.logPartitionOf(given, 'ConditionalRbm.logPartition'));
  }

  /**
   * A series that goes on: frame after frame is drawn given the last ones.
   * @param start - the first frames, `[n, frames, ...shape]`, as many as {@link temporalContext} gave. Borrowed.
   * @param options - `steps`: how many frames to draw
   * @returns the drawn frames, `[n, steps, ...shape]`
   * @throws {@link ShapeError} for frames that do not fill the context.
   * @throws {@link UnsupportedError} if the context is not one of whole frames.
   */
  continue(start: Tensor, options: { readonly key: Key; readonly steps: number }): Tensor {
    const where = 'ConditionalRbm.continue';
    checkOptions(where, options, ['key', 'steps']);
    const { key, steps } = options;
    checkKey(where, key);
    checkInteger(where, 'steps', steps);
    const size = sizeOf(this.eventShape);
    if (this.contextSize % size !== 0) {
      throw new UnsupportedError({
        where,
        argument: 'the model',
        expected: `to have a context of whole frames, of ${size} entries each`,
        actual: `contextSize ${this.contextSize}`,
      });
    }
    checkShape(where, 'start', start, ['n', this.contextSize / size, ...this.eventShape]);
    return tf.tidy(() => {
      const n = start.shape[0]!;
      let context: Tensor = tf.reshape(start, [n, this.contextSize]);
      const drawn: Tensor[] = [];
      for (let step = 0; step < steps; step++) {
        const frame = this.sample(key.fold(step), n, { context });
        drawn.push(frame);
        const kept = tf.slice(context, [0, size], [n, this.contextSize - size]);
        context = tf.concat([kept, tf.reshape(frame, [n, size])], 1);
      }
      return tf.stack(drawn, 1);
    });
  }

  protected given(batch: ConditionedBatch, method: string): Given {
    const where = `ConditionalRbm.${method}`;
    checkGiven(where, 'the batch', batch, 'to be { x, context }');
    const { x, context } = splitBatch(batch);
    checkShape(where, 'x', x, ['n', ...this.eventShape]);
    return { t: this.units.visible.encode(x), context: this.checkedContext(context, x.shape[0]!, method) };
  }

  protected checkedContext(context: Tensor | undefined, rows: number | undefined, method: string): Tensor {
    checkContext(`ConditionalRbm.${method}`, context, { rows, contextSize: this.contextSize });
    return context!;
  }

  protected parametersOf(context: Tensor): RbmParameters {
    return {
      weights: this.weights,
      visibleBias: tf.add(tf.matMul(context, this.#toVisible), this.#visibleBias),
      hiddenBias: tf.add(tf.matMul(context, this.#toHidden), this.#hiddenBias),
    };
  }

  /** From the model without hidden units. */
  protected drawStart(context: Tensor, key: Key): Tensor {
    return tf.tidy(() => this.units.visible.draw(this.parametersOf(context).visibleBias, key));
  }

  protected logPartitionOf(context: Tensor, where: string): Tensor {
    return this.units.logPartition(where, this.parametersOf(context), this.units.fewer);
  }
}

/**
 * The option `batch` of `fit` and `evaluate` for series: of examples that are windows of frames, `[frames + 1, ...shape]`, the last frame
 * is x, and the frames before it are the context, `[n, frames * size]`, the oldest first.
 *
 * @param options - `frames`: how many frames x is given
 * @throws {@link ArgumentError} if `frames` is not a positive integer; from `fit` or `evaluate` for windows of another length.
 *
 * @example
 * ```ts
 * // Series of 8 bits, of which each frame is given the two before it:
 * const model = conditionalRbm({ visible: bernoulliUnits({ shape: [8] }), hidden: 16, contextSize: 2 * 8, key });
 * await fit(model, data, { key, optimizer, batchSize: 50, epochs: 10, batch: temporalContext({ frames: 2 }) });
 * ```
 */
export function temporalContext(options: { readonly frames: number }): MakeBatch<ConditionedBatch> {
  const where = 'temporalContext';
  checkOptions(where, options, ['frames']);
  const { frames } = options;
  checkInteger(where, 'frames', frames);
  return (examples, rows) => {
    const [length, ...shape] = examples.shape;
    checkThat(where, 'the examples', length === frames + 1, {
      expected: `to be windows of ${frames + 1} frames, [${frames + 1}, ...shape]`,
      actual: `examples of shape [${examples.shape.join(', ')}]`,
    });
    return tf.tidy(() => {
      const size = sizeOf(shape);
      const windows = tf.reshape(gatherExamples(examples, rows), [rows.length, length, size]);
      const x = tf.slice(windows, [0, frames, 0], [rows.length, 1, size]);
      const context = tf.slice(windows, [0, 0, 0], [rows.length, frames, size]);
      return {
        x: tf.reshape(x, [rows.length, ...shape]),
        context: tf.reshape(context, [rows.length, frames * size]),
      };
    });
  };
}
