import {
  checkInteger,
  checkMethods,
  checkOptions,
  checkSizes,
  logSumExp,
  oneHot,
  sigmoid,
  sizeOf,
  softplus,
  sumLastAxes,
} from '@dgm/core';
import type { Key, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { record } from '../record';

/**
 * The law of the visible units of a restricted Boltzmann machine given what they receive from the hidden units: an exponential
 * family, $p(x \mid \eta) = e^{\eta^\top t(x) - e(t) - A(\eta)}$, with statistics t(x), of width `size`, and fields $\eta$.
 *
 * @see Exponential Family Harmoniums with an Application to Information Retrieval (Welling, Rosen-Zvi and Hinton, 2004)
 */
export interface VisibleUnits {
  /** The shape of one example. */
  readonly shape: Shape;
  /** The number of values of a discrete unit. */
  readonly levels?: number;
  /** The number of statistics of an example. */
  readonly size: number;
  /** t(x), `[n, ...shape]` to `[n, size]`. */
  encode(x: Tensor): Tensor;
  /** The example of given statistics, `[n, size]` to `[n, ...shape]`. */
  decode(statistics: Tensor): Tensor;
  /** e(t), minus the logarithm of the base measure, `[n, size]` to `[n]`. */
  baseEnergy(statistics: Tensor): Tensor;
  /** $A(\eta) = \ln \int e^{\eta^\top t(x) - e(t)} dx$, `[n, size]` to `[n]`. */
  logNormalizer(fields: Tensor): Tensor;
  /**
   * Draws the statistics given the fields, `[n, size]` each.
   * @param before - the statistics that are drawn anew, for units of which these tell what does not change, such as a document's length
   */
  draw(fields: Tensor, key: Key, before?: Tensor): Tensor;
  /** The fields under which the statistics have the means of these, `[n, size]` to `[size]`. */
  fieldsOf(statistics: Tensor): Tensor;
}

/** How many examples of each value are added to those that are counted, so that no probability is 0. */
const PSEUDO_COUNT = 0.1;

/**
 * Draws of 0 and 1 with the log-odds `logits`. A uniform number costs less on the host than logistic noise, and a Gibbs sampler
 * spends most of its time on those.
 */
export function drawBits(logits: Tensor, key: Key): Tensor {
  return tf.tidy(() => tf.cast(tf.less(key.uniform(logits.shape), sigmoid(logits)), 'float32'));
}

/**
 * Visible units that are 0 or 1 (DGM Eq. 6.33): $t(x) = x$ and $A(\eta) = \sum_i \ln(1 + e^{\eta_i})$.
 * @throws {@link ArgumentError} if a size is not a positive integer.
 *
 * @example
 * ```ts
 * const model = rbm({ visible: bernoulliUnits({ shape: [64] }), hidden: 100, key }); // x: [n, 64] of bits
 * ```
 */
export function bernoulliUnits(options: { readonly shape: Shape }): VisibleUnits {
  const { shape, size } = checkUnits('bernoulliUnits', options);
  const units: VisibleUnits = {
    ...flattened(shape, size),
    levels: 2,
    baseEnergy: (statistics) => tf.zeros([statistics.shape[0]!]),
    logNormalizer: (fields) => sumLastAxes(softplus(fields), 1),
    draw: drawBits,
    fieldsOf: (statistics) =>
      tf.tidy(() => {
        const ones = tf.add(tf.sum(statistics, 0), PSEUDO_COUNT);
        return tf.log(tf.div(ones, tf.sub(statistics.shape[0]! + 2 * PSEUDO_COUNT, ones)));
      }),
  };
  return record(units, 'bernoulliUnits', arguments);
}

/**
 * Visible units that are real numbers with a variance of 1 given the hidden units: $t(x) = x$, $e(x) = \frac12 \|x\|^2$ and
 * $A(\eta) = \sum_i \frac12 \eta_i^2 + \frac12 \ln 2\pi$. Standardize the data first.
 * @throws {@link ArgumentError} if a size is not a positive integer.
 *
 * @example
 * ```ts
 * const model = rbm({ visible: gaussianUnits({ shape: [8] }), hidden: 50, key }); // x: [n, 8], standardized
 * ```
 */
export function gaussianUnits(options: { readonly shape: Shape }): VisibleUnits {
  const { shape, size } = checkUnits('gaussianUnits', options);
  const units: VisibleUnits = {
    ...flattened(shape, size),
    baseEnergy: (x) => tf.mul(0.5, sumLastAxes(tf.square(x), 1)),
    logNormalizer: (fields) => {
      return tf.add(tf.mul(0.5, sumLastAxes(tf.square(fields), 1)), 0.5 * size * Math.log(2 * Math.PI));
    },
    draw: (fields, key) => tf.tidy(() => tf.add(fields, key.normal(fields.shape))),
    fieldsOf: (x) => tf.tidy(() => tf.mean(x, 0)),
  };
  return record(units, 'gaussianUnits', arguments);
}

/**
 * Visible units that are integers from 0 to `levels` - 1, without an order: t(x) is the one-hot code of each, and
 * $A(\eta) = \sum_i \ln \sum_k e^{\eta_{ik}}$.
 * @throws {@link ArgumentError} if a size is not a positive integer, or for fewer than two levels.
 * @see Restricted Boltzmann Machines for Collaborative Filtering (Salakhutdinov, Mnih and Hinton, 2007), §2
 *
 * @example
 * ```ts
 * const model = rbm({ visible: categoricalUnits({ shape: [64], levels: 17 }), hidden: 100, key });
 * ```
 */
export function categoricalUnits(options: { readonly shape: Shape; readonly levels: number }): VisibleUnits {
  const where = 'categoricalUnits';
  const { shape, size: units } = checkUnits(where, options, ['levels']);
  const { levels } = options;
  checkInteger(where, 'levels', levels, { min: 2 });
  const size = units * levels;
  const byUnit = (x: Tensor): Tensor => tf.reshape(x, [-1, units, levels]);
  const flat = (x: Tensor): Tensor => tf.reshape(x, [-1, size]);
  const made: VisibleUnits = {
    shape,
    levels,
    size,
    encode: (x) => tf.tidy(() => flat(oneHot(tf.reshape(x, [-1, units]), { depth: levels }))),
    decode: (statistics) =>
      tf.tidy(() => {
        const values = tf.matMul(
          tf.reshape(statistics, [-1, levels]),
          tf.reshape(tf.range(0, levels), [levels, 1]),
        );
        return tf.reshape(values, [-1, ...shape]);
      }),
    baseEnergy: (statistics) => tf.zeros([statistics.shape[0]!]),
    logNormalizer: (fields) => tf.sum(logSumExp(byUnit(fields), { axis: -1 }), 1),
    draw: (fields, key) => {
      return tf.tidy(() => flat(oneHot(key.categorical(byUnit(fields)), { depth: levels })));
    },
    fieldsOf: (statistics) =>
      tf.tidy(() => {
        const counts = tf.add(tf.sum(statistics, 0), PSEUDO_COUNT);
        return tf.log(tf.div(counts, statistics.shape[0]! + levels * PSEUDO_COUNT));
      }),
  };
  return record(made, 'categoricalUnits', arguments);
}

/**
 * Visible units that are the counts of words in documents of one length L (the replicated softmax): $t(x) = x$, the base measure is the
 * number of orders of the words, $e(x) = \sum_k \ln x_k! - \ln L!$, and $A(\eta) = L \ln \sum_k e^{\eta_k}$. Every example is `[words]`
 * integers whose sum is L.
 * @throws {@link ArgumentError} for fewer than two words, or documents of fewer than two.
 * @see Replicated Softmax: an Undirected Topic Model (Salakhutdinov and Hinton, 2009)
 *
 * @example
 * ```ts
 * const model = rbm({ visible: replicatedSoftmaxUnits({ words: 500, length: 100 }), hidden: 50, key }); // x: [n, 500] of counts
 * ```
 */
export function replicatedSoftmaxUnits(options: {
  readonly words: number;
  readonly length: number;
}): VisibleUnits {
  const where = 'replicatedSoftmaxUnits';
  checkOptions(where, options, ['words', 'length']);
  const { words, length } = options;
  checkInteger(where, 'words', words, { min: 2 });
  checkInteger(where, 'length', length, { min: 2 });
  const logFactorials = wordLogFactorials(length);
  const units: VisibleUnits = {
    ...flattened([words], words),
    levels: length + 1,
    baseEnergy: (counts) =>
      tf.tidy(() => {
        const ofCounts = tf.gather(tf.tensor1d(logFactorials), tf.cast(counts, 'int32') as Tensor2D);
        return tf.sub(sumLastAxes(ofCounts, 1), logFactorials[length]!);
      }),
    logNormalizer: (fields) => tf.mul(length, logSumExp(fields, { axis: 1 })),
    draw: (fields, key) =>
      tf.tidy(() => tf.sum(oneHot(key.categorical(fields, [length]), { depth: words }), 0)),
    fieldsOf: wordFields,
  };
  return record(units, 'replicatedSoftmaxUnits', arguments);
}

/** $\ln k!$ of the counts k from 0 to `length`. */
export function wordLogFactorials(length: number): Float32Array {
  const logFactorials = new Float32Array(length + 1);
  for (let count = 1, sum = 0; count <= length; count++) logFactorials[count] = sum += Math.log(count);
  return logFactorials;
}

/** The logarithms of the frequencies of words, `[n, words]` to `[words]`. */
export function wordFields(counts: Tensor): Tensor {
  return tf.tidy(() => {
    const ofWords = tf.add(tf.sum(counts, 0), PSEUDO_COUNT);
    return tf.log(tf.div(ofWords, tf.sum(ofWords)));
  });
}

/** @throws ArgumentError for what are no units */
export function checkVisible(where: string, visible: VisibleUnits): void {
  checkMethods(where, 'visible', visible, {
    methods: ['encode', 'decode', 'baseEnergy', 'logNormalizer', 'draw', 'fieldsOf'],
    expected: 'to be units such as bernoulliUnits({ shape: [64] })',
  });
}

/** The scalar product of each row with a vector, `[n]`. */
export function dot(rows: Tensor, vector: Tensor): Tensor {
  return tf.squeeze(tf.matMul(rows, tf.expandDims(vector, 1)), [1]);
}

function checkUnits(
  where: string,
  options: { readonly shape: Shape },
  others: readonly string[] = [],
): { shape: Shape; size: number } {
  checkOptions(where, options, ['shape', ...others]);
  const { shape } = options;
  checkSizes(where, 'shape', shape);
  return { shape, size: sizeOf(shape) };
}

/** Units whose statistics are their values. */
function flattened(shape: Shape, size: number): Pick<VisibleUnits, 'shape' | 'size' | 'encode' | 'decode'> {
  return {
    shape,
    size,
    encode: (x) => tf.reshape(x, [-1, size]),
    decode: (statistics) => tf.reshape(statistics, [-1, ...shape]),
  };
}
