import { adam, adamax, discretizedLogisticMixtureHead, logisticPixelMixtureHead, sizeOf } from '@dgm/core';
import type { Dataset, DistributionHead, Shape } from '@dgm/core';
import {
  convArm,
  finiteMemory,
  gatedPixelCnn,
  made,
  nade,
  pixelCnn,
  recurrentArm,
  transformerArm,
  waveNet,
} from '@dgm/arm';
import type { ArmOptions, AutoregressiveModel } from '@dgm/arm';
import { bookTraining, hasFewLevels, likelihoodFor } from './shared/book';
import { hasManyValues, imageShape } from './shared/datasets';
import type { Recipe, RecipeTask, Training } from './shared/recipe';

/**
 * A free probability for each value where there are few of them, as in the book, and otherwise a mixture of logistics. The
 * channels of a colour image are modelled jointly.
 */
function conditionalOf({ train, levels = 2 }: Dataset): DistributionHead {
  const channels = channelsOf(train.shape);
  return channels > 1
    ? logisticPixelMixtureHead({ shape: [channels], levels, components: 10 })
    : likelihoodFor([], levels, (options) => discretizedLogisticMixtureHead({ ...options, components: 10 }));
}

/** The last axis of images `[height, width, channels]`. */
const channelsOf = (shape: Shape): number => (shape.length === 3 ? shape[2]! : 1);

/** For networks that overfit or have dropout: larger steps, and an average of the weights that evens them out. */
const averaged: Training = {
  ...bookTraining,
  optimizer: adamax({ learningRate: 6e-3 }),
  ema: { decay: 0.98 },
};

interface ArmRecipe {
  readonly name: string;
  readonly source: string;
  readonly training: Training;
  /** Where there are many values. @defaultValue `training` */
  readonly trainingOfMany?: Training;
  readonly isFlagship?: boolean;
  readonly isForImages?: boolean;
  readonly make: (options: ArmOptions, task: RecipeTask) => AutoregressiveModel;
}

const models: readonly ArmRecipe[] = [
  {
    name: 'arm-conv',
    source: 'DGM §2.3, Listings 2.1-2.3',
    training: bookTraining,
    // Raw values as in the book, where they are small.
    make: (options, { quick, dataset }) =>
      convArm({
        ...options,
        hidden: quick ? 64 : 256,
        ...(!hasFewLevels(dataset) && { encoding: 'scaled' }),
      }),
  },
  {
    name: 'arm-finite-memory',
    isFlagship: true,
    source: 'DGM §2.2.1, Eq. 2.5-2.6',
    training: bookTraining,
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
    // Of 784 values one layer of the paper's size learns much faster than two.
    trainingOfMany: { ...bookTraining, optimizer: adam({ learningRate: 1e-3 }) },
    // Of many bits, too, as in the paper: with a feature for each value every step would change all of a unit's weights for the
    // values of an empty background together, and its sum by as many times the rate.
    make: (options, { quick, dataset }) =>
      made({
        ...options,
        hidden: quick ? [128] : hasManyValues(dataset) ? [500] : [512, 512],
        ...(hasManyValues(dataset) && dataset.levels === 2 && { encoding: 'raw' }),
      }),
  },
  {
    name: 'arm-nade',
    source: 'Larochelle and Murray, 2011',
    training: bookTraining,
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

function imageOptions({ dataset, quick }: RecipeTask) {
  const [height, width] = imageShape(dataset.train.shape)!;
  return { plane: [height, width], hidden: quick ? 16 : 32, dropout: 0.2, positions: true } as const;
}

/** Sampling takes a step for each variable, and training keeps an activation for each. */
const MOST_VARIABLES = 1024;

function accepts({ train: { shape }, levels }: Dataset, isForImages: boolean): boolean {
  const variables = sizeOf(shape) / channelsOf(shape);
  const isImage = imageShape(shape) !== undefined;
  return levels !== undefined && variables <= MOST_VARIABLES && (!isForImages || isImage);
}

export const recipes: readonly Recipe[] = models.map(
  ({ name, source, training, trainingOfMany = training, isFlagship = false, isForImages = false, make }) => ({
    name,
    source,
    isFlagship,
    accepts: (dataset) => accepts(dataset, isForImages),
    create: (task) => {
      const { dataset, key } = task;
      const likelihood = conditionalOf(dataset);
      return {
        model: make({ shape: dataset.train.shape, likelihood, key }, task),
        training: hasManyValues(dataset) ? trainingOfMany : training,
      };
    },
  }),
);
