import type { EnergyModel, Key } from '@dgm/core';
import {
  ActivationLayer,
  asLayer,
  categoricalHead,
  Conv2d,
  Flatten,
  logSumExp,
  mlp,
  normalHead,
  Reshape,
  Sequential,
} from '@dgm/core';
import { made } from '@dgm/arm';
import { energyModel } from '@dgm/ebm';
import { dequantized, logitPreprocessing, realNvp } from '@dgm/flows';
import { vae } from '@dgm/vae';
import type { ModelTable } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { convexWeights, densityWeight, generativeClassifier, hybrid, hybridIdf } from '../src/index';
import type { ConditionalModel, GenerativeClassifierOptions, HybridOptions } from '../src/index';
import { LabelledRows } from './labelled-rows';

/** x_1, x_2 of 0..2, and the one-hot class: whether x_1 is above 0; the last two rows have no label. */
const integerRows = [
  [0, 0, 1, 0],
  [0, 1, 1, 0],
  [1, 1, 0, 1],
  [2, 2, 0, 1],
  [0, 0, 1, 0],
  [1, 2, 0, 1],
  [0, 1, 0, 0],
  [2, 2, 0, 0],
];
const labelled = integerRows.slice(0, 6);
const everyPair = [0, 1, 2].flatMap((first) => [0, 1, 2].map((second) => [first, second]));

/** Real x, with the class as the sign of x_1. */
const realRows = [
  [-1, 0.4, 1, 0],
  [-0.6, -0.9, 1, 0],
  [0.8, 0.3, 0, 1],
  [1.2, -0.5, 0, 1],
  [0.3, 1.1, 0, 1],
  [-0.2, 0.7, 0, 0],
];

const packages = [{ modelParts: { package: 'hybrid-tests', version: '0', parts: { LabelledRows } } }];

const tinyMade = (key: Key) =>
  made({
    ...{ shape: [2], likelihood: categoricalHead({ shape: [], levels: 3 }), hidden: [12] },
    ...{ activation: 'tanh', contextSize: 2, key },
  });

const classifierOf =
  (options: Partial<GenerativeClassifierOptions<ConditionalModel>>, data: number[][]): ModelTable[string] =>
  () => ({
    make: (key) =>
      new LabelledRows(generativeClassifier({ classes: 2, conditional: tinyMade(key), ...options })),
    data,
    packages,
    everyEvent: everyPair,
    range: [0, 2],
    steps: 30,
  });

const flowHybrid = (key: Key, target: Pick<HybridOptions, 'classes' | 'target' | 'weights'>, outputs = 2) => {
  const density = realNvp({ dims: 2, couplings: 2, hidden: [8], activation: 'tanh', key });
  return hybrid({
    density,
    features: 'encode',
    classifier: mlp([2, 8, outputs], { key: key.fold('classifier'), activation: 'tanh' }),
    ...target,
  });
};

/** Images of 2x2 levels 0..2, and the one-hot class: which row is the lighter. */
const imageRows = [
  [2, 1, 0, 0, 1, 0],
  [2, 2, 1, 0, 1, 0],
  [1, 2, 0, 1, 1, 0],
  [0, 0, 1, 2, 0, 1],
  [1, 0, 2, 2, 0, 1],
  [0, 1, 2, 1, 0, 0],
];

/** A VAE of 2x2 pixels whose encoder begins with the convolutions that the classifier sees as well. */
export function trunkHybrid(key: Key) {
  const trunk = new Sequential([
    new Reshape({ shape: [2, 2, 1] }),
    new Conv2d({ inputs: 1, outputs: 3, kernelSize: 2, padding: 'same', key: key.fold('trunk') }),
    new ActivationLayer('tanh'),
    new Flatten(),
  ]);
  const density = vae({
    encoder: new Sequential([trunk, mlp([12, 4], { key: key.fold('encoder') })]),
    decoder: mlp([2, 8, 12], { key: key.fold('decoder'), activation: 'tanh' }),
    posterior: normalHead({ shape: [2] }),
    likelihood: categoricalHead({ shape: [4], levels: 3 }),
  });
  return hybrid({
    density,
    features: trunk,
    classifier: mlp([12, 2], { key: key.fold('classifier') }),
    classes: 2,
  });
}

/** The chains of a joint energy-based model of the plane. */
export const chains = { shape: [2], range: [-2, 2] as const, bufferSize: 16, steps: 4 };

/** A joint energy-based model: one network for logits of $p(y|x)$ and the energy of $p(x)$. */
export function jointEnergyHybrid(key: Key) {
  const logits = mlp([2, 16, 2], { key: key.fold('logits'), activation: 'swish' });
  const ofLogits = asLayer((f) => tf.neg(logSumExp(f, { axis: 1, keepDims: true })));
  const density = energyModel({ ...chains, key, network: new Sequential([logits, ofLogits]) });
  return hybrid({ density, classifier: logits, classes: 2 });
}

/** The models with small weights and data: every check of the contract kit runs over each. */
export const models: ModelTable = {
  generativeClassifier: classifierOf({}, labelled),
  'generativeClassifier (unlabelled rows, classification)': classifierOf(
    { unlabelled: true, classification: 0.5, classProbabilities: [0.25, 0.75] },
    integerRows,
  ),
  'generativeClassifier (bound)': () => ({
    make: (key) => {
      const preprocessing = logitPreprocessing({ levels: 3 });
      const flow = realNvp({
        ...{ dims: 2, couplings: 2, hidden: [8], contextSize: 2 },
        ...{ activation: 'tanh', preprocessing, key },
      });
      const conditional = dequantized({ flow, levels: 3 });
      return new LabelledRows(generativeClassifier({ classes: 2, conditional }));
    },
    data: labelled,
    packages,
    range: [0, 2],
    steps: 60,
  }),
  hybrid: () => ({
    make: (key) => new LabelledRows(flowHybrid(key, { classes: 2 })),
    data: realRows,
    packages,
    steps: 30,
  }),
  'hybrid (separate networks, convex weights)': () => ({
    make: (key) =>
      new LabelledRows(
        hybrid({
          density: made({
            ...{ shape: [2], likelihood: categoricalHead({ shape: [], levels: 3 }), hidden: [12], key },
            activation: 'tanh',
          }),
          classifier: mlp([2, 8, 2], { key: key.fold('classifier'), activation: 'tanh' }),
          classes: 2,
          weights: convexWeights(0.3),
        }),
      ),
    data: integerRows,
    packages,
    everyEvent: everyPair,
    range: [0, 2],
    steps: 30,
  }),
  'hybrid (bound)': () => ({
    make: (key) => {
      const flow = realNvp({
        ...{ dims: 2, couplings: 2, hidden: [8], activation: 'tanh', key },
        preprocessing: logitPreprocessing({ levels: 3 }),
      });
      const classifier = mlp([2, 8, 2], { key: key.fold('classifier'), activation: 'tanh' });
      return new LabelledRows(hybrid({ density: dequantized({ flow, levels: 3 }), classifier, classes: 2 }));
    },
    data: integerRows,
    packages,
    range: [0, 2],
    steps: 60,
  }),
  'hybrid (VAE)': () => ({
    make: (key) => {
      const density = vae({
        encoder: mlp([2, 8, 4], { key: key.fold('encoder'), activation: 'tanh' }),
        decoder: mlp([2, 8, 6], { key: key.fold('decoder'), activation: 'tanh' }),
        posterior: normalHead({ shape: [2] }),
        likelihood: categoricalHead({ shape: [2], levels: 3 }),
      });
      const classifier = mlp([2, 8, 2], { key: key.fold('classifier'), activation: 'tanh' });
      return new LabelledRows(hybrid({ density, features: 'encode', classifier, classes: 2 }));
    },
    data: integerRows,
    packages,
    range: [0, 2],
    steps: 60,
  }),
  'hybrid (a convolutional trunk of both)': () => ({
    make: (key) => new LabelledRows(trunkHybrid(key)),
    data: imageRows,
    packages,
    range: [0, 2],
    steps: 60,
  }),
  'hybrid (energy)': () => ({
    make: (key) => new LabelledRows(jointEnergyHybrid(key)),
    data: realRows,
    // By how much energies of the data are below those of noise.
    measure: (model, rows, key) =>
      tf.tidy(() => {
        const { energy } = model as EnergyModel;
        const noise = key.uniform(rows.shape, { min: -2, max: 2 });
        return tf.sub(tf.mean(energy.call(model, rows)), tf.mean(energy.call(model, noise))).dataSync()[0]!;
      }),
    range: [-2, 2],
    steps: 60,
    notInFiles: 'the energy of the logits is a function',
  }),
  'hybrid (regression)': () => ({
    make: (key) =>
      new LabelledRows(
        flowHybrid(key, { target: normalHead({ shape: [2] }), weights: densityWeight(0.5) }, 4),
      ),
    data: realRows,
    packages,
    steps: 30,
  }),
  hybridIdf: () => ({
    make: (key) =>
      new LabelledRows(
        hybridIdf({ dims: 2, classes: 2, levels: 3, couplings: 2, hidden: [8], rezero: false, key }),
      ),
    data: integerRows,
    packages,
    steps: 30,
  }),
};
