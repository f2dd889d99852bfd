import {
  adamax,
  bernoulli,
  categorical,
  discretizedLogisticMixture,
  logisticPixelMixture,
  sizeOf,
} from '@dgm/core';
import type {
  Benchmark,
  BenchmarkEntry,
  BenchmarkTask,
  BenchmarkTraining,
  Dataset,
  DistributionHead,
  Shape,
} from '@dgm/core';
import type { AutoregressiveModel } from './model/autoregressive-model';
import { convArm } from './presets/conv-arm';
import { finiteMemory } from './presets/finite-memory';
import { gatedPixelCnn } from './presets/gated-pixel-cnn';
import { made } from './presets/made';
import { nade } from './presets/nade';
import type { ArmOptions } from './presets/options';
import { pixelCnn } from './presets/pixel-cnn';
import { recurrentArm } from './presets/recurrent-arm';
import { transformerArm } from './presets/transformer-arm';
import { waveNet } from './presets/wave-net';

const FEW_LEVELS = 32;

/**
 * A free probability for each value where there are few of them, as in the book; else an ordered family. The channels of a
 * colour image go together.
 */
function likelihoodFor({ train, levels = 2 }: Dataset): DistributionHead {
  const channels = channelsOf(train.shape);
  if (channels > 1) return logisticPixelMixture({ shape: [channels], values: levels, components: 10 });
  if (levels === 2) return bernoulli({ shape: [] });
  return levels <= FEW_LEVELS
    ? categorical({ shape: [], values: levels })
    : discretizedLogisticMixture({ shape: [], values: levels, components: 10 });
}

/** The last axis of images `[height, width, channels]`. */
const channelsOf = (shape: Shape): number => (shape.length === 3 ? shape[2]! : 1);

/** Height and width of an image; the events of some data sets are flat images. */
function planeOf({ dataset }: Pick<BenchmarkTask, 'dataset'>): readonly [number, number] | undefined {
  const { shape } = dataset.train;
  const [height, width] = shape;
  if (width !== undefined) return shape.length <= 3 ? [height!, width] : undefined;
  const side = Math.round(Math.sqrt(height!));
  return side * side === height ? [side, side] : undefined;
}

/** The protocol of the book. */
const asInTheBook: BenchmarkTraining = {
  optimizer: adamax({ learningRate: 1e-3 }),
  batchSize: 64,
  epochs: 1000,
  earlyStopping: { patience: 20 },
};
/** For networks that overfit or have dropout: larger steps, and an average of the weights that evens them out. */
const averaged: BenchmarkTraining = {
  ...asInTheBook,
  optimizer: adamax({ learningRate: 6e-3 }),
  ema: { decay: 0.98 },
};

interface Recipe {
  readonly name: string;
  readonly source: string;
  readonly training: BenchmarkTraining;
  readonly isForImages?: boolean;
  readonly make: (options: ArmOptions, task: BenchmarkTask) => AutoregressiveModel;
}

const recipes: readonly Recipe[] = [
  {
    name: 'arm-conv',
    source: 'DGM §2.3, Listings 2.1-2.3',
    training: asInTheBook,
    // Raw values as in the book, where they are small.
    make: (options, { quick, dataset }) =>
      convArm({
        ...options,
        hidden: quick ? 64 : 256,
        ...(dataset.levels! > FEW_LEVELS && { encoding: 'scaled' }),
      }),
  },
  {
    name: 'arm-finite-memory',
    source: 'DGM §2.2.1, Eq. 2.5-2.6',
    training: asInTheBook,
    make: (options, { quick }) => finiteMemory({ ...options, memory: 16, hidden: quick ? [64] : [256] }),
  },
  {
    name: 'arm-gru',
    source: 'DGM §2.2.2, Eq. 2.7',
    training: averaged,
    make: (options, { quick }) => recurrentArm({ ...options, hidden: quick ? 32 : 128, dropout: 0.2 }),
  },
  {
    name: 'arm-wavenet',
    source: 'DGM §2.2.3; van den Oord et al., 2016',
    training: averaged,
    make: (options, { quick }) => waveNet({ ...options, hidden: quick ? 16 : 48, dropout: 0.2 }),
  },
  {
    name: 'arm-transformer',
    source: 'Vaswani et al., 2017; Chen et al., 2020',
    training: { ...averaged, optimizer: adamax({ learningRate: 2e-3 }) },
    make: (options, { quick }) =>
      transformerArm({
        ...options,
        features: quick ? 32 : 64,
        heads: 4,
        blocks: quick ? 2 : 4,
        dropout: 0.1,
      }),
  },
  {
    name: 'arm-made',
    source: 'Germain et al., 2015',
    training: averaged,
    make: (options, { quick }) => made({ ...options, hidden: quick ? [128] : [512, 512] }),
  },
  {
    name: 'arm-nade',
    source: 'Larochelle and Murray, 2011',
    training: asInTheBook,
    make: (options, { quick }) => nade({ ...options, hidden: quick ? 32 : 128 }),
  },
  {
    name: 'arm-pixelcnn',
    source: 'DGM §2.4; van den Oord et al., 2016',
    training: averaged,
    isForImages: true,
    make: (options, task) =>
      pixelCnn({ ...options, ...imageOptions(task), blocks: task.quick ? 2 : 5, kernelSizes: [5, 3] }),
  },
  {
    name: 'arm-gated-pixelcnn',
    source: 'DGM Eq. 2.16; van den Oord et al., 2016',
    training: averaged,
    isForImages: true,
    make: (options, task) => gatedPixelCnn({ ...options, ...imageOptions(task), blocks: task.quick ? 2 : 4 }),
  },
];

const imageOptions = (task: BenchmarkTask) =>
  ({ plane: planeOf(task)!, hidden: task.quick ? 16 : 32, dropout: 0.2, positions: true }) as const;

/** Sampling is a step for each variable, and training keeps an activation for each: not for large images. */
const MOST_VARIABLES = 1024;

export const benchmarks: readonly BenchmarkEntry[] = recipes.map(
  ({ name, source, training, isForImages = false, make }): BenchmarkEntry => ({
    name,
    source,
    accepts: (dataset) =>
      dataset.levels !== undefined &&
      sizeOf(dataset.train.shape) / channelsOf(dataset.train.shape) <= MOST_VARIABLES &&
      (!isForImages || planeOf({ dataset }) !== undefined),
    create: (task): Benchmark => {
      const { dataset, key } = task;
      const likelihood = likelihoodFor(dataset);
      const model = make({ shape: dataset.train.shape, likelihood, key }, task);
      return { model, training } as Benchmark;
    },
  }),
);
