import type { Key } from '@dgm/core';
import { categoricalHead, mlp, normalHead } from '@dgm/core';
import { made } from '@dgm/arm';
import { dequantized, logitPreprocessing, realNvp } from '@dgm/flows';
import { vae } from '@dgm/vae';
import type { ModelTable } from '@dgm/testing';
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
