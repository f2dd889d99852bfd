import { adamax, Chain } from '@dgm/core';
import type { Dataset, Shape } from '@dgm/core';
import { dequantized, glow, imageIdf, logitPreprocessing, Reshape } from '@dgm/flows';
import * as tf from '@tensorflow/tfjs-core';
import { bookTraining } from '../shared/book';
import { imageShape } from '../shared/datasets';
import type { Experiment, Recipe, RecipeTask, Training } from '../shared/recipe';
import { firstRows } from '../shared/rows';

const training: Training = {
  ...bookTraining,
  optimizer: adamax({ learningRate: 2e-3 }),
};

/** How often both sides can be halved. */
function halvings([height, width]: Shape): number {
  return height! % 2 === 0 && width! % 2 === 0 ? 1 + halvings([height! / 2, width! / 2]) : 0;
}

/** Images of integers that can be squeezed. */
function accepts(dataset: Dataset): boolean {
  const shape = imageShape(dataset.train.shape);
  return dataset.levels !== undefined && shape !== undefined && halvings(shape) > 0;
}

/** Between the images of a model and events as they are stored. */
const asStored = (image: Shape, { train }: Dataset): Reshape =>
  new Reshape({ latentShape: image, eventShape: train.shape });

/** Dropout is what makes it generalize from so few images. */
function createGlow({ dataset, key, quick, width }: RecipeTask): Experiment {
  const { levels, train } = dataset;
  const shape = imageShape(dataset.train.shape)!;
  const model = dequantized({
    levels: levels!,
    flow: glow({
      shape,
      key,
      scales: Math.min(2, halvings(shape)),
      steps: quick ? 1 : 4,
      hidden: width ?? (quick ? 8 : 32),
      dropout: quick ? 0 : 0.3,
      preprocessing: new Chain([logitPreprocessing({ levels: levels! }), asStored(shape, dataset)]),
    }),
  });
  tf.tidy(() => model.initialize(firstRows(train), key.fold('first')));
  return { model, training };
}

/** One coupling at each scale, since more learn the training images by heart. */
function createImageIdf({ dataset, key, quick, width }: RecipeTask): Experiment {
  const shape = imageShape(dataset.train.shape)!;
  const model = imageIdf({
    shape,
    levels: dataset.levels!,
    key,
    scales: Math.min(3, halvings(shape)),
    steps: 1,
    checkerboards: 0,
    hidden: width ?? (quick ? 8 : 64),
    dropout: quick ? 0 : 0.3,
    components: quick ? 4 : 8,
    preprocessing: asStored(shape, dataset),
  });
  return { model, training };
}

/** The flows that are for images of integers only. */
export const imageFlows: readonly Recipe[] = [
  { name: 'glow', source: 'Kingma and Dhariwal, 2018', accepts, create: createGlow },
  { name: 'idf-image', source: 'Hoogeboom et al., 2019', accepts, create: createImageIdf },
];
