import {
  bernoulliHead,
  categoricalHead,
  discretizedLogisticHead,
  discretizedLogisticMixtureHead,
  normalHead,
  Key,
  logisticPixelMixtureHead,
} from '@dgm/core';
import type { DistributionHead } from '@dgm/core';
import { everyEvent } from '@dgm/testing';
import type { ModelTable } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import {
  convArm,
  finiteMemory,
  recurrentArm,
  transformerArm,
  waveNet,
  zigZagOrder,
  pixelCnn,
  gatedPixelCnn,
  made,
  madeEnsemble,
  nade,
} from '../src/index';
import type { AutoregressiveModel, ImageArmOptions, OrderedArmOptions } from '../src/index';

const DIMS = 4;

/** Rows in which every value follows from the one before, but for noise. */
export const rows =
  (values: number, dims = DIMS) =>
  () =>
    tf.tidy(() => {
      const first = tf.floor(Key.of(1).uniform([24, 1], { max: values }));
      const noise = Key.of(2).bernoulli([24, dims], 0.15);
      const steady = tf.add(first, tf.range(0, dims));
      return tf.mod(tf.add(steady, noise), values);
    });

/** Every small model: how to make it with given common options. */
export const makers: Readonly<Record<string, (options: OrderedArmOptions) => AutoregressiveModel>> = {
  convArm: (options) => convArm({ ...options, hidden: 8, kernelSize: 2, dilations: [1, 2] }),
  'convArm (kernel of 3, dropout)': (options) =>
    convArm({ ...options, hidden: 8, kernelSize: 3, dilations: [1, 1], dropout: 0.1 }),
  finiteMemory: (options) => finiteMemory({ ...options, memory: 2, hidden: [16, 8] }),
  recurrentArm: (options) => recurrentArm({ ...options, hidden: 8 }),
  'recurrentArm (lstm, two layers)': (options) =>
    recurrentArm({ ...options, cell: 'lstm', hidden: 6, layers: 2 }),
  waveNet: (options) => waveNet({ ...options, hidden: 6, dilations: [1, 2] }),
  transformerArm: (options) => transformerArm({ ...options, features: 8, heads: 2, blocks: 2 }),
  'transformerArm (rotary)': (options) =>
    transformerArm({ ...options, features: 8, heads: 2, blocks: 1, positions: 'rotary' }),
  made: (options) => made({ ...options, hidden: [16, 16], activation: 'tanh' }),
  nade: (options) => nade({ ...options, hidden: 8 }),
};

/** Those that take images row by row. */
export const imageMakers: Readonly<Record<string, (options: ImageArmOptions) => AutoregressiveModel>> = {
  pixelCnn: (options) => pixelCnn({ ...options, hidden: 8, blocks: 2, kernelSizes: [3, 3] }),
  'pixelCnn (positions, dropout)': (options) =>
    pixelCnn({ ...options, hidden: 6, blocks: 1, positions: true, dropout: 0.1 }),
  gatedPixelCnn: (options) => gatedPixelCnn({ ...options, hidden: 6, blocks: 2 }),
  'gatedPixelCnn (positions)': (options) =>
    gatedPixelCnn({ ...options, hidden: 6, blocks: 1, reaches: [2, 2], positions: true }),
};

export const allMakers = { ...makers, ...imageMakers };

const THREE = categoricalHead({ shape: [], levels: 3 });

const squares = () => tf.tidy(() => tf.reshape(rows(3)(), [24, 2, 2]));
const everySquare = everyEvent([0, 1, 2], 4).map((event) => {
  const [a, b, c, d] = event as number[];
  return [
    [a!, b!],
    [c!, d!],
  ];
});

const ofEveryKind: ModelTable = Object.fromEntries(
  Object.entries(allMakers).map(([name, make]) => [
    name,
    () => ({
      make: (key: Key) => make({ shape: [2, 2], likelihood: THREE, key }),
      data: squares,
      range: [0, 2] as const,
      everyEvent: everySquare,
      steps: 30,
    }),
  ]),
);

/** Small images whose pixels have channels that go together, `[height, width, channels]`. */
function colour(
  { shape, values }: { readonly shape: readonly [number, number, number]; readonly values: number },
  make: (options: ImageArmOptions) => AutoregressiveModel,
): ModelTable[string] {
  const [height, width, channels] = shape;
  const likelihood = logisticPixelMixtureHead({ shape: [channels], levels: values, components: 2 });
  const size = height * width * channels;
  const levels = Array.from({ length: values }, (_, value) => value);
  const inRows = (flat: readonly number[]): number[][][] => chunks(chunks(flat, channels), width);
  return () => ({
    make: (key) => make({ shape, likelihood, key }),
    data: () => tf.tidy(() => tf.reshape(rows(values, size)(), [-1, ...shape])),
    range: [0, values - 1],
    everyEvent: everyEvent(levels, size).map((event) => inRows(event as number[])),
    steps: 30,
  });
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: items.length / size }, (_, at) => items.slice(at * size, (at + 1) * size));
}

const withLikelihood =
  (likelihood: DistributionHead, values: number): ModelTable[string] =>
  () => ({
    make: (key) => finiteMemory({ shape: [DIMS], likelihood, key, memory: 2, hidden: [12] }),
    data: rows(values),
    range: [0, values - 1],
    everyEvent: everyEvent(
      Array.from({ length: values }, (_, value) => value),
      DIMS,
    ),
    steps: 30,
  });

export const models: ModelTable = {
  ...ofEveryKind,
  'finiteMemory (bernoulli)': withLikelihood(bernoulliHead({ shape: [] }), 2),
  'finiteMemory (discretized logistic)': withLikelihood(discretizedLogisticHead({ shape: [], levels: 4 }), 4),
  'finiteMemory (logistic mixture)': withLikelihood(
    discretizedLogisticMixtureHead({ shape: [], levels: 4, components: 2 }),
    4,
  ),
  'finiteMemory (gaussian)': () => ({
    make: (key) => finiteMemory({ shape: [3], likelihood: normalHead({ shape: [] }), key, memory: 2 }),
    data: () => Key.of(1).normal([32, 3]),
  }),
  'pixelCnn (colour)': colour({ shape: [1, 2, 3], values: 2 }, (options) =>
    pixelCnn({ ...options, hidden: 6, blocks: 1, kernelSizes: [3, 3] }),
  ),
  'gatedPixelCnn (colour)': colour({ shape: [2, 2, 2], values: 2 }, (options) =>
    gatedPixelCnn({ ...options, hidden: 6, blocks: 1, reaches: [2, 2] }),
  ),
  'recurrentArm (colour)': colour({ shape: [1, 2, 3], values: 2 }, (options) =>
    recurrentArm({ ...options, hidden: 6 }),
  ),
  madeEnsemble: () => ({
    make: (key) =>
      madeEnsemble({ shape: [2, 2], likelihood: THREE, hidden: [16], masks: 3, activation: 'tanh', key }),
    data: squares,
    range: [0, 2],
    everyEvent: everySquare,
    steps: 60,
  }),
  'convArm (zig-zag order)': () => ({
    make: (key) =>
      convArm({
        ...{ shape: [2, 2], likelihood: THREE, key, order: zigZagOrder([2, 2]) },
        ...{ hidden: 6, kernelSize: 2, dilations: [1, 2] },
      }),
    data: squares,
    everyEvent: everySquare,
    steps: 30,
  }),
};
