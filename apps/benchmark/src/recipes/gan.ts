import { adam, gaussianKernel, leakyRelu, mlp, sizeOf, spectralNorm } from '@dgm/core';
import type { Dataset, GenerativeModel, Key, Layer, MlpOptions } from '@dgm/core';
import { gan, instanceNoise, mmd, momentMatching, r1, r2, wganPenalty } from '@dgm/gan';
import type { GanOptions } from '@dgm/gan';
import type { Tensor } from '@tensorflow/tfjs-core';
import { isVectorsOfIntegers, isVectorsOfReals } from './shared/datasets';
import { qualityOf } from './shared/sample-quality';
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

/** The number of latent variables. */
const LATENT = 16;

function sizesFor({ dataset, quick, width = quick ? 64 : 256 }: RecipeTask): NetworkSizes {
  return {
    ...{ latent: LATENT, size: sizeOf(dataset.train.shape), hidden: [width, width] },
    outputActivation: dataset.levels === undefined ? {} : { outputActivation: 'tanh' },
  };
}

const levelsOf = ({ levels }: Dataset): { readonly levels?: number } =>
  levels === undefined ? {} : { levels };

function experiment(model: GenerativeModel, training: Training, { train }: Dataset): Experiment {
  return {
    model,
    training,
    measure: async (test, { key }) => ({
      metrics: await qualityOf((count) => model.sample(key.fold('samples'), count), { test, train }, key),
    }),
  };
}

const adversarial = models.map(({ options, networks, training, ...recipe }): RecipeOfVectors => ({
  ...recipe,
  create: (task) => {
    const all = {
      ...options,
      ...networks(sizesFor(task), task.key),
      ...levelsOf(task.dataset),
      latent: LATENT,
    };
    return experiment(gan(all), training, task.dataset);
  },
}));

/** The widths of the kernel, for events whose entries have a size of about 1. */
const WIDTHS = [0.125, 0.25, 0.5, 1];

const matching: RecipeOfVectors = {
  name: 'gmmn',
  source: 'Li et al., 2015',
  create: (task) => {
    const { latent, size, hidden, outputActivation } = sizesFor(task);
    const model = momentMatching({
      latent,
      generator: mlp([latent, ...hidden, size], { key: task.key, activation, ...outputActivation }),
      discrepancy: mmd({ kernel: gaussianKernel(WIDTHS.map((width) => width * Math.sqrt(size))) }),
      ...levelsOf(task.dataset),
    });
    const training = {
      ...{ optimizer: adam({ learningRate: 1e-3 }), batchSize: 250, epochs: 300 },
      ema: { decay: 0.99 },
    };
    return experiment(model, training, task.dataset);
  },
};

type RecipeOfVectors = Pick<Recipe, 'name' | 'source' | 'create'> & { readonly isFlagship?: boolean };

export const recipes: readonly Recipe[] = [...adversarial, matching].map((recipe) => ({
  isFlagship: false,
  ...recipe,
  accepts: (dataset) => isVectorsOfIntegers(dataset) || isVectorsOfReals(dataset),
}));
