import {
  clipToRange,
  log1mExp,
  logAddExp,
  logSoftmax,
  logSumExp,
  oneHot,
  relu,
  sigmoid,
  softplus,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { FLAT_DENSITY, UNIFORM_SHARE, type NetworkLayout } from './layout';

/** Added to the mass of each bin under the mixture. */
const LEAST_MASS = 1e-7;
/** The logit of an index that a column does not have. Lower ones make the softmax of ONNX Runtime slow. */
const ABSENT = -40;

/** Keeps numbers that are not learned as a tensor. */
export type Keep = (name: string, values: Float32Array, shape: number[]) => Tensor;

/** What is not learned of columns of categories. */
export interface CategoryConstants {
  /** `[C, 1, indices]`: what is added to the logits; {@link ABSENT} for an index that a column does not have. */
  readonly absent: Tensor;
  /** `[C, 1]`: the logarithm of the uniform part of a probability. */
  readonly uniform: Tensor;
}

export function categoryConstants(
  { codecs, indices }: NetworkLayout['categories'],
  keep: Keep,
): CategoryConstants {
  const absent = absence(
    codecs.map(({ levels, hasMissing, state }) => ({
      last: levels,
      extra: [...(state.hasOther ? [levels] : []), ...(hasMissing ? [levels + 1] : [])],
    })),
    indices,
  );
  const uniform = Float32Array.from(codecs, (codec) => Math.log(UNIFORM_SHARE / codec.indices));
  return {
    absent: keep('absent', absent, [codecs.length, 1, indices]),
    uniform: keep('uniform', uniform, [codecs.length, 1]),
  };
}

/**
 * The log-probabilities of the indices, `[C, Q, indices]`.
 * @param outputs - of a network, `[C, Q, indices]`
 */
export function categoryLogits(outputs: Tensor, { absent }: Pick<CategoryConstants, 'absent'>): Tensor {
  return logSoftmax(tf.add(outputs, absent));
}

/**
 * The log-probabilities of cells, `[C, Q]`.
 * @param outputs - of a network, `[C, Q, indices]`
 * @param indices - of the cells, `[C, Q]`
 */
export function categoryLogProb(outputs: Tensor, indices: Tensor, constants: CategoryConstants): Tensor {
  const logits = categoryLogits(outputs, constants);
  const chosen = tf.sum(tf.mul(logits, oneHot(indices, { depth: outputs.shape[2]! })), -1);
  return withUniform(chosen, constants.uniform);
}

/** What is not learned of the bins of columns of numbers. */
export interface NumberBins {
  /** `[C, 1, indices]`: what is added to the logits; {@link ABSENT} for an index that a column does not have. */
  readonly absent: Tensor;
  /** `[C, 1, 1, indices]`: the edges of the bins on the axis; a column with fewer repeats its last. */
  readonly edges: Tensor;
  /** `[C, 1, 1]` */
  readonly minScale: Tensor;
}

/** What is not learned of columns of numbers. */
export interface NumberConstants extends NumberBins {
  /** `[C, 1]`: the logarithm of the uniform part of a probability. */
  readonly uniform: Tensor;
}

export function numberConstants({ codecs, indices }: NetworkLayout['numbers'], keep: Keep): NumberConstants {
  const columns = codecs.length;
  const absent = absence(
    codecs.map(({ bins, hasMissing }) => ({ last: bins, extra: hasMissing ? [indices - 1] : [] })),
    indices,
  );
  const uniform = Float32Array.from(codecs, ({ support }) => Math.log(UNIFORM_SHARE / (support + 1)));
  const edges = new Float32Array(columns * indices);
  codecs.forEach((codec, column) => {
    for (let at = 0; at < indices; at++)
      edges[column * indices + at] = codec.edges[Math.min(at, codec.bins)]!;
  });
  const minScale = Float32Array.from(codecs, (codec) => codec.minScale);
  return {
    absent: keep('absent', absent, [columns, 1, indices]),
    uniform: keep('uniform', uniform, [columns, 1]),
    edges: keep('edges', edges, [columns, 1, 1, indices]),
    minScale: keep('minScale', minScale, [columns, 1, 1]),
  };
}

/** The outputs that a network begins with: components side by side, of the width of the data. `[C, indices + 3 K]`. */
export function initialNumberOutputs(
  { codecs, indices }: NetworkLayout['numbers'],
  components: number,
): Float32Array {
  const outputs = indices + 3 * components;
  const initial = new Float32Array(codecs.length * outputs);
  codecs.forEach((_, column) => {
    const at = column * outputs + indices + components;
    for (let k = 0; k < components; k++)
      initial[at + k] = components > 1 ? -1.5 + (3 * k) / (components - 1) : 0;
    initial.fill(-0.5, at + components, at + 2 * components);
  });
  return initial;
}

/** Cells of numbers, `[C, Q]` each: the index, and lower edges and widths of the cell and its bin on the axis. */
export interface NumberCells {
  readonly indices: Tensor;
  readonly low: Tensor;
  readonly width: Tensor;
  readonly binLow: Tensor;
  readonly binWidth: Tensor;
}

/**
 * The log-probabilities of cells, `[C, Q]`.
 * @param outputs - of a network, `[C, Q, indices + 3 K]`
 */
export function numberLogProb(
  outputs: Tensor,
  { indices, low, width, binLow, binWidth }: NumberCells,
  constants: NumberConstants,
): Tensor {
  const mixture = mixtureOf(outputs, constants);
  const bins = logBins(outputs, mixture, constants);
  const chosen = tf.sum(tf.mul(bins, oneHot(indices, { depth: bins.shape[2]! })), -1);
  const inside = tf.sub(logMass(mixture, low, width), logMass(mixture, binLow, binWidth));
  return withUniform(tf.add(chosen, inside), constants.uniform);
}

/**
 * The distributions of cells: log-probabilities of the bins and of missing; then log-weights, means and scales of the mixture.
 * @param outputs - of a network, `[C, Q, indices + 3 K]`
 * @returns the same shape
 */
export function numberColumns(outputs: Tensor, bins: NumberBins): Tensor {
  const mixture = mixtureOf(outputs, bins);
  return tf.concat([logBins(outputs, mixture, bins), mixture.logWeights, mixture.means, mixture.scales], -1);
}

/** `outputs` hold the logits of the indices, then log-weights, means and log-scales of K components. */
function mixtureOf(outputs: Tensor, { minScale, edges }: NumberBins): MixtureOfLogistics {
  const [columns, room, size] = outputs.shape as [number, number, number];
  const indices = edges.shape[3]!;
  const components = (size - indices) / 3;
  const part = (index: number) =>
    tf.slice(outputs, [0, 0, indices + index * components], [columns, room, components]);
  return {
    logWeights: logSoftmax(part(0)),
    means: part(1),
    scales: tf.add(tf.exp(clipToRange(part(2), { min: -12, max: 3 })), minScale),
  };
}

/** $\ln p(b)$, `[C, Q, indices]`. */
function logBins(outputs: Tensor, mixture: MixtureOfLogistics, { absent, edges }: NumberBins): Tensor {
  const { logWeights, means, scales } = mixture;
  const [columns, room, components] = means.shape as [number, number, number];
  const size = edges.shape[3]!;
  const apart = (x: Tensor) => tf.reshape(x, [columns, room, components, 1]);
  // [C, Q, K, indices], and the mixture's distribution function at the edges: [C, Q, indices].
  const places = tf.div(tf.sub(edges, apart(means)), apart(scales));
  const weights = tf.reshape(tf.exp(logWeights), [columns * room, 1, components]);
  const below = tf.matMul(weights, tf.reshape(sigmoid(places), [columns * room, components, size]));
  const cdf = tf.reshape(below, [columns, room, size]);
  const bins = size - 1;
  const masses = tf.sub(
    tf.slice(cdf, [0, 0, 1], [columns, room, bins]),
    tf.slice(cdf, [0, 0, 0], [columns, room, bins]),
  );
  const logMasses = tf.log(tf.add(relu(masses), LEAST_MASS));
  // The last index is that of missing, which has no mass under the mixture.
  const padded = tf.pad(logMasses, [
    [0, 0],
    [0, 0],
    [0, 1],
  ]);
  const own = tf.slice(outputs, [0, 0, 0], [columns, room, size]);
  return logSoftmax(tf.addN([own, padded, tf.broadcastTo(absent, own.shape)]));
}

interface MixtureOfLogistics {
  /** `[C, Q, K]` each. */
  readonly logWeights: Tensor;
  readonly means: Tensor;
  readonly scales: Tensor;
}

/**
 * The log-mass of a mixture of logistics from `low` to `low + width`, with a small uniform part. With
 * $a = (\text{low} - \mu) / s$ and $d = \text{width} / s$ a component has
 * $\ln (\sigma(a + d) - \sigma(a)) = \ln \sigma(a + d) + \ln \sigma(-a) + \ln (1 - e^{-d})$, exact in both tails.
 */
function logMass({ logWeights, means, scales }: MixtureOfLogistics, low: Tensor, width: Tensor): Tensor {
  const a = tf.div(tf.sub(tf.expandDims(low, -1), means), scales);
  const d = tf.div(tf.expandDims(width, -1), scales);
  const component = tf.sub(log1mExp(tf.neg(d)), tf.add(softplus(tf.neg(tf.add(a, d))), softplus(a)));
  const flat = tf.log(tf.mul(width, FLAT_DENSITY));
  return logAddExp(logSumExp(tf.add(logWeights, component), { axis: -1 }), flat);
}

/** $\ln ((1 - \epsilon) p + \epsilon / N)$ */
function withUniform(logProb: Tensor, logUniform: Tensor): Tensor {
  return logAddExp(tf.add(logProb, Math.log1p(-UNIFORM_SHARE)), logUniform);
}

/** For each column and index what is added to its logit. */
function absence(
  columns: readonly { readonly last: number; readonly extra: readonly number[] }[],
  indices: number,
): Float32Array {
  const absent = new Float32Array(columns.length * indices).fill(ABSENT);
  columns.forEach(({ last, extra }, column) => {
    absent.fill(0, column * indices, column * indices + last);
    for (const index of extra) absent[column * indices + index] = 0;
  });
  return absent;
}
