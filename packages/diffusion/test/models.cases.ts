import { categoricalHead, Key, mlp, normalHead, rungeKutta, Sigmoid, trainable } from '@dgm/core';
import type { CallOptions, GenerativeModel, Module } from '@dgm/core';
import type { LayerTable, ModelTable } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { realNvp, variationalDequantizer } from '../../flows/src/index';
import {
  consistencyModel,
  convDenoiser,
  ddgm,
  flowMatching,
  fourierEntries,
  gaussianDiffusion,
  latentDiffusion,
  learnedSchedule,
  linearBetaSchedule,
  logSnrSchedule,
  maskedDiffusion,
  maskedEntries,
  meanFlow,
  mlpDenoiser,
  multinomialDiffusion,
  oneHotEntries,
  probabilityFlow,
  scoreMatching,
  sequenceDenoiser,
  stochasticInterpolant,
  transformerDenoiser,
  uNetDenoiser,
} from '../src/index';
import type { ConsistencyModel, GaussianDiffusionOptions } from '../src/index';

const points = (): Tensor => Key.of(1).normal([16, 2]);
/** Images of one grey level each, so that there is much to learn. */
const pixels = (): Tensor =>
  tf.tidy(() => tf.tile(tf.floor(Key.of(1).uniform([16, 1, 1], { max: 3 })), [1, 4, 4]));

/** A network whose weights that start at 0 are moved, so that something depends on everything. */
function stirred<M extends Module>(network: M, key: Key): M {
  tf.tidy(() => {
    for (const [path, variable] of trainable(network))
      variable.assign(tf.add(variable, tf.mul(0.1, key.fold(path).normal(variable.shape))));
  });
  return network;
}

/** For models whose loss says nothing of their samples, so that `fit` does not validate on it. */
const lossOf = (model: GenerativeModel, data: Tensor, key: Key): number =>
  tf.tidy(() => model.objectives()[0]!.loss(data, key, { training: false }).total.dataSync()[0]!);

const ofPoints =
  (options: Partial<GaussianDiffusionOptions>): ModelTable[string] =>
  () => ({
    make: (key) =>
      gaussianDiffusion({
        ...{ shape: [2], schedule: logSnrSchedule({ start: -4, end: 4 }), ...options },
        network: stirred(mlpDenoiser({ shape: [2], features: 8, blocks: 1, key }), key),
      }),
    data: points,
    steps: 40,
  });

/** The models with small weights and data: every check of the contract kit runs over each. */
export const models: ModelTable = {
  gaussianDiffusion: () => ({
    make: (key) =>
      gaussianDiffusion({
        ...{ shape: [4, 4], levels: 3, schedule: learnedSchedule({ start: -6, end: 4 }) },
        network: stirred(
          convDenoiser({
            ...{ shape: [4, 4], outputs: 3, entries: fourierEntries({ frequencies: [0.5] }) },
            ...{ channels: 4, blocks: 1, groups: 2, globalChannels: 2, dropout: 0.1, key },
          }),
          key,
        ),
      }),
    data: pixels,
    range: [0, 2],
    steps: 40,
  }),
  'gaussianDiffusion (noise)': ofPoints({ parameterization: 'noise' }),
  'gaussianDiffusion (score)': ofPoints({ parameterization: 'score' }),
  'gaussianDiffusion (ddpm)': ofPoints({
    ...{ parameterization: 'noise', schedule: linearBetaSchedule(), steps: 100, objective: 'noise' },
  }),
  'gaussianDiffusion (learned variance)': () => ({
    make: (key) =>
      gaussianDiffusion({
        ...{ shape: [4, 4], levels: 3, steps: 5, variance: 'learned' },
        network: stirred(mlpDenoiser({ shape: [4, 4], outputs: 4, features: 8, blocks: 1, key }), key),
        schedule: learnedSchedule({ start: -6, end: 4 }),
      }),
    data: pixels,
    range: [0, 2],
    steps: 40,
  }),
  meanFlow: () => ({
    make: (key) =>
      meanFlow({
        shape: [2],
        network: stirred(mlpDenoiser({ shape: [2], contextSize: 1, features: 8, blocks: 1, key }), key),
      }),
    data: points,
    steps: 60,
    measure: lossOf,
  }),
  consistencyModel: () => ({
    make: (key) =>
      consistencyModel({
        ...{ shape: [2], stages: 2, stageSteps: 30 },
        network: stirred(mlpDenoiser({ shape: [2], features: 8, blocks: 1, key }), key),
      }),
    data: points,
    steps: 60,
    // The points are standard normal: from z at t = 1/2, whose variance is 1/2, the ODE leads to z times the root of 2.
    measure: (model, data, key) =>
      tf.tidy(() => {
        const z = tf.mul(0.5, tf.add(data, key.normal(data.shape)));
        const end = (model as ConsistencyModel).endpoint(z, tf.fill([data.shape[0]!], 0.5));
        return tf.mean(tf.squaredDifference(end, tf.mul(Math.SQRT2, z))).dataSync()[0]!;
      }),
  }),
  stochasticInterpolant: () => ({
    make: (key) =>
      stochasticInterpolant({
        shape: [2],
        network: stirred(mlpDenoiser({ shape: [2], outputs: 2, features: 8, blocks: 1, key }), key),
      }),
    data: points,
    steps: 40,
    measure: lossOf,
  }),
  scoreMatching: () => ({
    make: (key) =>
      scoreMatching({
        ...{ shape: [2], noiseStd: 0.7 },
        network: stirred(mlp([2, 8, 2], { key, activation: 'swish' }), key),
      }),
    data: points,
    steps: 40,
  }),
  'scoreMatching (exact)': () => ({
    make: (key) =>
      scoreMatching({
        ...{ shape: [2], objective: 'exact' },
        network: stirred(mlp([2, 8, 2], { key, activation: 'swish' }), key),
      }),
    data: points,
    steps: 40,
  }),
  probabilityFlow: () => ({
    make: (key) =>
      probabilityFlow({
        diffusion: gaussianDiffusion({
          ...{ shape: [2], schedule: logSnrSchedule({ start: -4, end: 4 }) },
          network: stirred(mlpDenoiser({ shape: [2], features: 8, blocks: 1, key }), key),
        }),
        solver: rungeKutta({ steps: 3 }),
      }),
    data: points,
    steps: 40,
  }),
  ddgm: () => ({
    make: (key) =>
      ddgm({
        ...{ shape: [2], betas: [0.3, 0.5, 0.9] },
        reverse: [0, 1].map((index) => stirred(mlp([2, 6, 4], { key: key.fold(index) }), key)),
        decoder: stirred(mlp([2, 6, 2], { key }), key),
      }),
    data: points,
    steps: 60,
  }),
  'ddgm (integers)': () => ({
    make: (key) =>
      ddgm({
        ...{ shape: [4, 4], betas: [0.1, 0.9], likelihood: categoricalHead({ shape: [4, 4], levels: 3 }) },
        reverse: [stirred(mlp([16, 8, 32], { key }), key)],
        decoder: stirred(mlp([16, 8, 48], { key }), key),
      }),
    data: pixels,
    range: [0, 2],
    steps: 40,
  }),
  maskedDiffusion: () => ({
    make: (key) =>
      maskedDiffusion({
        ...{ shape: [4, 4], levels: 3 },
        network: stirred(
          convDenoiser({
            ...{ shape: [4, 4], outputs: 3, entries: maskedEntries({ levels: 3 }) },
            ...{ channels: 4, blocks: 1, groups: 2, globalChannels: 2, key },
          }),
          key,
        ),
      }),
    data: pixels,
    range: [0, 2],
    steps: 40,
  }),
  latentDiffusion: () => ({
    make: (key) =>
      latentDiffusion({
        encoder: stirred(mlp([2, 6, 2], { key: key.fold(0) }), key),
        posterior: normalHead({ shape: [1] }),
        prior: gaussianDiffusion({
          ...{ shape: [1], schedule: logSnrSchedule({ start: -4, end: 4 }) },
          network: stirred(mlpDenoiser({ shape: [1], features: 8, blocks: 1, key }), key),
        }),
        decoder: stirred(mlp([1, 6, 4], { key: key.fold(1) }), key),
        likelihood: normalHead({ shape: [2] }),
      }),
    data: points,
    steps: 60,
  }),
  multinomialDiffusion: () => ({
    make: (key) =>
      multinomialDiffusion({
        ...{ shape: [4, 4], levels: 3, steps: 10 },
        network: stirred(
          mlpDenoiser({
            ...{ shape: [4, 4], outputs: 3, entries: oneHotEntries({ levels: 3 }) },
            ...{ features: 8, blocks: 1, key },
          }),
          key,
        ),
      }),
    data: pixels,
    range: [0, 2],
    steps: 40,
  }),
  flowMatching: () => ({
    make: (key) =>
      flowMatching({
        ...{ shape: [2], solver: rungeKutta({ steps: 3 }) },
        network: stirred(mlpDenoiser({ shape: [2], features: 8, blocks: 1, key }), key),
      }),
    data: points,
    steps: 40,
  }),
  'flowMatching (noise that is learned)': () => ({
    make: (key) =>
      flowMatching({
        ...{ shape: [2], levels: 3, solver: rungeKutta({ steps: 3 }) },
        network: stirred(mlpDenoiser({ shape: [2], features: 8, blocks: 1, key }), key),
        dequantization: variationalDequantizer(
          stirred(
            realNvp({
              ...{ dims: 2, contextSize: 2, couplings: 2, hidden: [4] },
              ...{ preprocessing: new Sigmoid(), key: key.fold('noise') },
            }),
            key,
          ),
          { levels: 3 },
        ),
      }),
    data: () => tf.tidy(() => tf.floor(Key.of(1).uniform([16, 2], { max: 3 }))),
    range: [0, 2],
    steps: 40,
  }),
  'flowMatching (levels)': () => ({
    make: (key) =>
      flowMatching({
        ...{ shape: [4, 4], levels: 3, dequantization: 'bates', parameterization: 'levels', timeExponent: 2 },
        network: stirred(mlpDenoiser({ shape: [4, 4], outputs: 3, features: 8, blocks: 1, key }), key),
        solver: rungeKutta({ steps: 3 }),
      }),
    data: pixels,
    range: [0, 2],
    steps: 40,
  }),
};

/** A time for each of two examples, and a condition of the given width. */
const at = (contextSize = 0): CallOptions => ({
  context: tf.tidy(() => tf.concat([tf.tensor2d([[0.3], [0.7]]), Key.of(3).normal([2, contextSize])], 1)),
  key: Key.of(2),
});
const rows = [
  [0.1, -0.4, 1.2, 0.7],
  [-1, 0.3, 0.2, -0.6],
];

/** The networks. */
export const layers: LayerTable = {
  mlpDenoiser: () => ({
    make: (key) => stirred(mlpDenoiser({ shape: [4], outputs: 2, features: 4, blocks: 1, key }), key),
    input: rows,
    outputShape: [2, 4, 2],
    call: at(),
    wrongShapes: [[2, 5], [4]],
    secondOrder: false,
  }),
  convDenoiser: () => ({
    make: (key) =>
      stirred(
        convDenoiser({
          ...{ shape: [2, 2, 2], outputs: 2, entries: maskedEntries({ levels: 3 }), contextSize: 2 },
          ...{ channels: 4, blocks: 2, groups: 2, globalChannels: 1, key },
        }),
        key,
      ),
    input: () => tf.tensor([0, 1, 2, 3, 1, 3, 0, 2, 3, 3, 1, 0, 2, 2, 1, 3], [2, 2, 2, 2]),
    outputShape: [2, 2, 2, 2, 2],
    call: at(2),
    wrongShapes: [[2, 2, 2, 1]],
    weightGradient: false,
  }),
  sequenceDenoiser: () => ({
    make: (key) =>
      stirred(
        sequenceDenoiser({
          ...{ shape: [4], outputs: 3, entries: oneHotEntries({ levels: 3 }), contextSize: 1 },
          ...{ features: 4, blocks: 2, key },
        }),
        key,
      ),
    input: () => tf.tensor2d([[0, 1, 2, 3], [3, 1, 0, 2]]), // prettier-ignore
    outputShape: [2, 4, 3],
    call: at(1),
    wrongShapes: [[2, 5]],
    weightGradient: false,
  }),
  'transformerDenoiser (rotary)': () => ({
    make: (key) =>
      stirred(
        transformerDenoiser({
          ...{ shape: [4], outputs: 3, entries: oneHotEntries({ levels: 3 }), positions: 'rotary' },
          ...{ features: 4, heads: 2, blocks: 1, key },
        }),
        key,
      ),
    input: () => tf.tensor2d([[0, 1, 2, 3], [3, 1, 0, 2]]), // prettier-ignore
    outputShape: [2, 4, 3],
    call: at(),
    wrongShapes: [[2, 5]],
    weightGradient: false,
  }),
  transformerDenoiser: () => ({
    make: (key) =>
      stirred(
        transformerDenoiser({
          ...{ shape: [4], outputs: 3, entries: oneHotEntries({ levels: 3 }), contextSize: 1 },
          ...{ features: 4, heads: 2, blocks: 1, key },
        }),
        key,
      ),
    input: () => tf.tensor2d([[0, 1, 2, 3], [3, 1, 0, 2]]), // prettier-ignore
    outputShape: [2, 4, 3],
    call: at(1),
    wrongShapes: [[2, 5]],
    weightGradient: false,
  }),
  'transformerDenoiser (patches)': () => ({
    make: (key) =>
      stirred(
        transformerDenoiser({ shape: [2, 4, 2], patch: 2, features: 4, heads: 1, blocks: 1, key }),
        key,
      ),
    input: () => Key.of(4).normal([2, 2, 4, 2]),
    outputShape: [2, 2, 4, 2, 1],
    call: at(),
    wrongShapes: [[2, 16]],
    weightGradient: false,
  }),
  uNetDenoiser: () => ({
    make: (key) =>
      stirred(
        uNetDenoiser({ shape: [16], channels: 4, multipliers: [1, 2], blocks: 1, groups: 2, key }),
        key,
      ),
    input: () => Key.of(4).normal([2, 16]),
    outputShape: [2, 16, 1],
    call: at(),
    wrongShapes: [[2, 15]],
    weightGradient: false,
  }),
};
