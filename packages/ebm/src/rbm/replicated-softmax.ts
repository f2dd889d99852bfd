import {
  checkContext,
  checkInteger,
  checkKey,
  checkOptions,
  checkShape,
  checkThat,
  logSumExp,
  oneHot,
  sumLastAxes,
} from '@dgm/core';
import type { Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { checkTrainingExamples } from '../check';
import { logSumOverBits } from '../partition/enumerate';
import { build } from '../record';
import { hiddenBits } from './hidden-units';
import { ROW_RBM_OPTIONS, RowRbm, type Given, type RowRbmOptions } from './row-rbm';
import { UnitPair, type RbmParameters } from './unit-pair';
import { dot, wordFields, wordLogFactorials, type VisibleUnits } from './units';

export interface ReplicatedSoftmaxOptions extends RowRbmOptions {
  /** The size of the vocabulary, K. */
  readonly words: number;
  /** How many words the longest document has: the sums of all rows, and the lengths of samples, are at most this. */
  readonly maxLength: number;
  /** How many hidden units, or topics, there are, each 0 or 1. */
  readonly hidden: number;
  /** Randomness for the initial weights. */
  readonly key: Key;
  /**
   * Documents, `[n, words]`, at whose frequencies of words the visible biases start. Borrowed.
   * @defaultValue biases of 0
   */
  readonly examples?: Tensor;
}

/** The standard deviation of initial weights. */
const INITIAL_SCALE = 0.01;

/**
 * The replicated softmax: an RBM of the counts of words in documents x, each of its own length D, whose hidden biases count D times,
 *
 * $$E(x, h) = \sum_k \ln x_k! - \ln D! - b^\top x - D\, c^\top h - x^\top W h$$
 *
 * so that hidden units weigh words and biases alike in long and in short documents. It is a model of the words given the length:
 * documents of each length have a normalizer of their own, $Z_D = \sum_h \big(e^{c^\top h} \sum_k e^{b_k + (W h)_k}\big)^D$, and
 * samples take their lengths as `context`. The likelihood is exact for at most 20 hidden units. It learns by contrastive divergence, whose
 * chains keep the lengths of the documents. For documents that all have one length, see {@link replicatedSoftmaxUnits}.
 *
 * @returns a model of counts, `[n, words]`
 * @throws {@link ArgumentError} for an option that is unknown or out of its range.
 * @throws {@link ShapeError} for examples of another shape.
 * @see Replicated Softmax: an Undirected Topic Model (Salakhutdinov and Hinton, 2009), Eq. 4
 *
 * @example
 * ```ts
 * const model = replicatedSoftmax({ words: 500, maxLength: 100, hidden: 16, key });
 * const lengths = tf.tensor2d([[20], [100]]);
 * const documents = model.sample(key, 2, { context: lengths }); // counts, [2, 500]
 * ```
 */
export function replicatedSoftmax(options: ReplicatedSoftmaxOptions): ReplicatedSoftmax {
  return build(() => new ReplicatedSoftmax(options), 'replicatedSoftmax', arguments);
}

/** Made by {@link replicatedSoftmax}. */
export class ReplicatedSoftmax extends RowRbm<Tensor> {
  readonly contextSize = 1;
  protected readonly weights: Variable;
  readonly #visibleBias: Variable;
  readonly #hiddenBias: Variable;

  constructor(options: ReplicatedSoftmaxOptions) {
    const where = 'replicatedSoftmax';
    checkOptions(where, options, [
      ...(['words', 'maxLength', 'hidden', 'key', 'examples'] as const),
      ...ROW_RBM_OPTIONS,
    ]);
    const { words, maxLength, hidden, key, examples } = options;
    checkInteger(where, 'words', words, { min: 2 });
    checkInteger(where, 'maxLength', maxLength);
    checkInteger(where, 'hidden', hidden);
    checkKey(where, key);
    if (examples !== undefined) checkDocuments(where, examples, { words, maxLength });
    super(where, new UnitPair(documents(words, maxLength), hiddenBits(hidden)), options);
    const weights = tf.tidy(() => tf.mul(INITIAL_SCALE, key.fold('weights').normal([words, hidden])));
    this.weights = this.parameter('weights', weights);
    const bias = tf.tidy(() => (examples === undefined ? tf.zeros([words]) : wordFields(examples)));
    this.#visibleBias = this.parameter('visibleBias', bias);
    this.#hiddenBias = this.parameter('hiddenBias', tf.zeros([hidden]));
  }

  /**
   * $\ln Z_D$ of documents of each length, differentiable, nats, `[n]`.
   * @param lengths - D, `[n, 1]`
   * @throws {@link ShapeError} for another shape.
   * @throws {@link UnsupportedError} for more than 20 hidden units.
   */
  logPartition(lengths: Tensor): Tensor {
    const given = this.checkedContext(lengths, undefined, 'logPartition');
    return tf.tidy(() => this.logPartitionOf(given, 'ReplicatedSoftmax.logPartition'));
  }

  protected given(x: Tensor, method: string): Given {
    checkShape(`ReplicatedSoftmax.${method}`, 'x', x, ['n', ...this.eventShape]);
    return { t: x, context: tf.sum(x, 1, true) };
  }

  protected checkedContext(context: Tensor | undefined, rows: number | undefined, method: string): Tensor {
    checkContext(`ReplicatedSoftmax.${method}`, context, { rows, contextSize: 1 });
    return context!;
  }

  protected parametersOf(lengths: Tensor): RbmParameters {
    return {
      weights: this.weights,
      visibleBias: this.#visibleBias,
      hiddenBias: tf.mul(lengths, this.#hiddenBias),
    };
  }

  /** From the model without hidden units. */
  protected drawStart(lengths: Tensor, key: Key): Tensor {
    return tf.tidy(() => {
      const words = this.eventShape[0]!;
      const fields = tf.tile(tf.expandDims(this.#visibleBias, 0), [lengths.shape[0]!, 1]);
      // Any document of each length says how long the drawn ones shall be.
      const before = tf.pad(lengths, [[0, 0], [0, words - 1]]); // prettier-ignore
      return this.units.visible.draw(fields, key, before);
    });
  }

  protected logPartitionOf(lengths: Tensor, where: string): Tensor {
    const { weights } = this;
    return logSumOverBits(where, this.units.hiddenBits, (h) => {
      const ofWord = logSumExp(tf.add(tf.matMul(h, weights, false, true), this.#visibleBias), { axis: 1 });
      return tf.mul(lengths, tf.expandDims(tf.add(dot(h, this.#hiddenBias), ofWord), 0));
    });
  }
}

/** Checks the documents that a model starts from. */
function checkDocuments(
  where: string,
  examples: Tensor,
  { words, maxLength }: { readonly words: number; readonly maxLength: number },
): void {
  checkTrainingExamples(where, examples, [words]);
  const longest = tf.tidy(() => tf.max(tf.sum(examples, 1)).dataSync()[0]!);
  checkThat(where, 'examples', longest <= maxLength, {
    expected: `to be documents of at most maxLength words, ${maxLength}`,
    actual: `one of ${longest}`,
  });
}

/** The counts of documents of any length up to `maxLength`. */
function documents(words: number, maxLength: number): VisibleUnits {
  const logFactorials = wordLogFactorials(maxLength);
  const ofCounts = (counts: Tensor): Tensor =>
    tf.gather(tf.tensor1d(logFactorials), tf.cast(counts, 'int32'));
  const lengthsOf = (counts: Tensor): Tensor => tf.sum(counts, 1);
  return {
    shape: [words],
    levels: maxLength + 1,
    size: words,
    encode: (x) => tf.clone(x),
    decode: (counts) => tf.clone(counts),
    baseEnergy: (counts) =>
      tf.tidy(() => tf.sub(sumLastAxes(ofCounts(counts), 1), ofCounts(lengthsOf(counts)))),
    logNormalizer: (fields) => logSumExp(fields, { axis: 1 }),
    // As many words as the document had before.
    draw: (fields, key, before) =>
      tf.tidy(() => {
        const drawn = oneHot(key.categorical(fields, [maxLength]), { depth: words });
        const places = tf.expandDims(tf.range(0, maxLength), 1);
        const isWord = tf.less(places, tf.expandDims(lengthsOf(before!), 0));
        return tf.sum(tf.mul(drawn, tf.expandDims(tf.cast(isWord, 'float32'), 2)), 0);
      }),
    fieldsOf: wordFields,
  };
}
