import {
  adam,
  gatherExamples,
  leakyRelu,
  maximumMeanDiscrepancy,
  mlp,
  sampleQuality,
  sizeOf,
  spectralNorm,
} from '@dgm/core';
import type { Examples, GenerativeModel, Key, Layer, MlpOptions } from '@dgm/core';
import { gan, instanceNoise, r1, r2, wganPenalty } from '@dgm/gan';
import type { GanOptions } from '@dgm/gan';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Metric } from '../results/schema';
import { isVectorsOfIntegers, isVectorsOfReals } from './shared/datasets';
import type { Experiment, Recipe, RecipeTask, Training } from './shared/recipe';

interface GanRecipe {
  readonly name: string;
  readonly source: string;
  readonly isFlagship?: boolean;
  readonly training: Training;
  readonly options: Omit<GanOptions, 'generator' | 'critic' | 'latent' | 'levels'>;
  readonly networks: (sizes: NetworkSizes, key: Key) => { readonly generator: Layer; readonly critic: Layer };
}

interface NetworkSizes {
  readonly latent: number;
  readonly size: number;
  readonly hidden: readonly number[];
  /** After the generator, for data of integers. */
  readonly outputActivation: Pick<MlpOptions, 'outputActivation'>;
}

const activation = (x: Tensor): Tensor => leakyRelu(x, { slope: 0.2 });

const networks =
  (criticOptions: Partial<MlpOptions> = {}): GanRecipe['networks'] =>
  ({ latent, size, hidden, outputActivation }, key) => ({
    generator: mlp([latent, ...hidden, size], {
      key: key.fold('generator'),
      activation,
      ...outputActivation,
    }),
    critic: mlp([size, ...hidden, 1], { key: key.fold('critic'), activation, ...criticOptions }),
  });

const training: Training = {
  optimizer: adam({ learningRate: 2e-4, beta1: 0, beta2: 0.99 }),
  batchSize: 64,
  epochs: 600,
  ema: { generator: { decay: 0.999 } },
};

const augment = instanceNoise({ std: 0.1 });

const models: readonly GanRecipe[] = [
  {
    name: 'gan-r3',
    source: 'Huang et al., 2024',
    isFlagship: true,
    training,
    options: { penalties: [r1({ gamma: 0.3 }), r2({ gamma: 0.3 })], augment },
    networks: networks(),
  },
  {
    name: 'gan-non-saturating',
    source: 'Goodfellow et al., 2014; Mescheder et al., 2018',
    training,
    options: { loss: 'non-saturating', penalties: [r1({ gamma: 0.5 })], augment },
    networks: networks(),
  },
  {
    name: 'gan-wgan-gp',
    source: 'Gulrajani et al., 2017',
    training: { ...training, epochs: 1800 },
    options: { loss: 'wasserstein', penalties: [wganPenalty()], criticSteps: 3, augment },
    networks: networks(),
  },
  {
    name: 'gan-hinge',
    source: 'Miyato et al., 2018',
    training: {
      ...training,
      optimizer: {
        critic: adam({ learningRate: 4e-4, beta1: 0, beta2: 0.99 }),
        generator: adam({ learningRate: 2e-4, beta1: 0, beta2: 0.99 }),
      },
    },
    options: { loss: 'hinge', penalties: [], augment },
    networks: networks({ weight: spectralNorm() }),
  },
  {
    name: 'gan-book',
    source: 'DGM §7.3, Listings 7.1-7.5',
    training: { optimizer: adam({ learningRate: 3e-4 }), batchSize: 64, epochs: 500 },
    options: { loss: 'saturating', penalties: [], augment: instanceNoise({ std: 0.03 }) },
    networks: ({ latent, size, outputActivation }, key) => ({
      generator: mlp([latent, 128, size], {
        key: key.fold('generator'),
        activation: 'relu',
        ...outputActivation,
      }),
      critic: mlp([size, 128, 1], { key: key.fold('critic'), activation: 'relu' }),
    }),
  },
];

function create(
  recipe: GanRecipe,
  { dataset, key, quick, width = quick ? 64 : 256 }: RecipeTask,
): Experiment {
  const { levels } = dataset;
  const latent = 16;
  const sizes: NetworkSizes = {
    ...{ latent, size: sizeOf(dataset.train.shape), hidden: [width, width] },
    outputActivation: levels === undefined ? {} : { outputActivation: 'tanh' },
  };
  const model = gan({
    ...{ ...recipe.options, ...recipe.networks(sizes, key), latent },
    ...(levels !== undefined && { levels }),
  });
  return {
    model,
    training: recipe.training,
    measure: async (test, { key }) => ({
      metrics: await qualityOf(model, { test, train: dataset.train }, key),
    }),
  };
}

/** The most examples, and samples, that are compared: the time grows with their square. */
const MOST_ROWS = 500;

/**
 * How samples lie among the test rows, and how as many training rows do, which a model that draws from the data would reach.
 */
export async function qualityOf(
  model: GenerativeModel,
  { test, train }: { readonly test: Examples; readonly train: Examples },
  key: Key,
): Promise<Readonly<Record<string, Metric>>> {
  const count = Math.min(MOST_ROWS, test.count, train.count);
  const rows = (examples: Examples): Tensor =>
    gatherExamples(examples, key.fold('rows').permutation(examples.count).subarray(0, count));
  const [examples, seen, samples] = [rows(test), rows(train), model.sample(key.fold('samples'), count)];
  try {
    const { ceiling, ...quality } = await sampleQuality(examples, samples, { train: seen });
    const bandwidth = await medianDistance(examples, seen);
    const discrepancy = (x: Tensor) => maximumMeanDiscrepancy(x, examples, { bandwidth });
    const higher = (value: number): Metric => ({ value, better: 'higher' });
    const lower = (value: number): Metric => ({ value, better: 'lower' });
    return {
      coverage: higher(quality.coverage),
      precision: higher(quality.precision),
      density: higher(quality.density),
      recall: higher(quality.recall),
      'MMD²': lower(await discrepancy(samples)),
      'coverage of training rows': higher(ceiling!.coverage),
      'precision of training rows': higher(ceiling!.precision),
      'MMD² of training rows': lower(await discrepancy(seen)),
    };
  } finally {
    tf.dispose([examples, seen, samples]);
  }
}

/** Between points of one set and of the other. */
async function medianDistance(x: Tensor, y: Tensor): Promise<number> {
  const distances = tf.tidy(() => {
    const gaps = tf.sub(tf.expandDims(x, 1), tf.expandDims(y, 0));
    return tf.reshape(tf.sqrt(tf.sum(tf.square(gaps), -1)), [-1]);
  });
  const values = (await distances.data()).slice().sort();
  distances.dispose();
  return values[values.length >> 1]!;
}

export const recipes: readonly Recipe[] = models.map((recipe) => ({
  name: recipe.name,
  source: recipe.source,
  isFlagship: recipe.isFlagship ?? false,
  accepts: (dataset) => isVectorsOfIntegers(dataset) || isVectorsOfReals(dataset),
  create: (task) => create(recipe, task),
}));
