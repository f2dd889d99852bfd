import {
  adam,
  classContext,
  evaluate,
  gatherExamples,
  gaussianKernel,
  mlp,
  normalHead,
  oneHot,
  sizeOf,
  spectralNorm,
} from '@dgm/core';
import type { Dataset, Examples, GenerativeModel, Key, Layer, MlpOptions } from '@dgm/core';
import {
  conditionalGan,
  densityNetwork,
  gan,
  infoGan,
  instanceNoise,
  mmd,
  momentMatching,
  prescribedGan,
  r1,
  r2,
  wganPenalty,
} from '@dgm/gan';
import type { GanOptions, InfoGan } from '@dgm/gan';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { nearestNeighbourLabels } from '../datasets/classifiers';
import type { Metric } from '../results/schema';
import { normalizedMutualInformation } from '../statistics/statistics';
import { importanceSampled, likelihoodFor } from './shared/book';
import { classesOf, hasLabels, isVectorsOfIntegers, isVectorsOfReals } from './shared/datasets';
import { qualityWithFeatures } from './shared/sample-quality';
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
  /** What the generator is given: latent variables, and what it is told beside them. */
  readonly latent: number;
  readonly size: number;
  readonly hidden: readonly number[];
  /** After the generator, for data of integers. */
  readonly outputActivation: Pick<MlpOptions, 'outputActivation'>;
}

const activation = { name: 'leakyRelu', slope: 0.2 } as const;

const generatorOf = ({ latent, size, hidden, outputActivation }: NetworkSizes, key: Key): Layer =>
  mlp([latent, ...hidden, size], { key: key.fold('generator'), activation, ...outputActivation });

const criticOf = (
  { size, hidden }: Pick<NetworkSizes, 'size' | 'hidden'>,
  key: Key,
  options: Partial<MlpOptions> = {},
): Layer => mlp([size, ...hidden, 1], { key: key.fold('critic'), activation, ...options });

const networks =
  (criticOptions: Partial<MlpOptions> = {}): GanRecipe['networks'] =>
  (sizes, key) => ({ generator: generatorOf(sizes, key), critic: criticOf(sizes, key, criticOptions) });

const training: Training = {
  optimizer: adam({ learningRate: 2e-4, beta1: 0, beta2: 0.99 }),
  batchSize: 64,
  epochs: 600,
  ema: { generator: { decay: 0.999 } },
};

const augment = instanceNoise({ std: 0.1 });

/** The number of latent variables. */
const LATENT = 16;

/** R3GAN's, which models that are told something share. */
const modern = { penalties: [r1({ gamma: 0.3 }), r2({ gamma: 0.3 })], augment };

/** The GAN of the book, as it is. */
const book: GanRecipe = {
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
};

const models: readonly GanRecipe[] = [
  {
    name: 'gan-r3',
    source: 'Huang et al., 2024',
    isFlagship: true,
    training,
    options: modern,
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
  book,
  {
    ...book,
    name: 'gan-book-averaged',
    training: { ...book.training, ema: { generator: { decay: 0.999 } } },
  },
];

function sizesFor({ dataset, quick, width = quick ? 64 : 256 }: RecipeTask): NetworkSizes {
  return {
    ...{ latent: LATENT, size: sizeOf(dataset.train.shape), hidden: [width, width] },
    outputActivation: dataset.levels === undefined ? {} : { outputActivation: 'tanh' },
  };
}

const levelsOf = ({ levels }: Dataset): { readonly levels?: number } =>
  levels === undefined ? {} : { levels };

function experiment(
  model: GenerativeModel,
  training: Training,
  { dataset, quick }: Pick<RecipeTask, 'dataset' | 'quick'>,
): Experiment {
  return {
    model,
    training,
    measure: (test, { key, engine }) =>
      qualityWithFeatures(
        (count) => model.sample(key.fold('samples'), count),
        { test, dataset },
        { key, engine, quick },
      ),
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
    return experiment(gan(all), training, task);
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
    return experiment(model, training, task);
  },
};

/** Draws whose class is read. */
const READ = 500;

/** The classes in turn, `[count, classes]`. */
const inTurn = (count: number, classes: number): Tensor =>
  oneHot(tf.tensor1d(Array.from({ length: count }, (_, row) => row % classes)), { depth: classes });

const conditional: RecipeOfVectors = {
  name: 'gan-conditional',
  source: 'Mirza and Osindero, 2014; Huang et al., 2024',
  accepts: (dataset) => hasLabels(dataset),
  create: (task) => {
    const { dataset, key, quick } = task;
    const classes = classesOf(dataset);
    const sizes = sizesFor(task);
    const model = conditionalGan({
      ...{ ...modern, ...levelsOf(dataset), latent: LATENT, contextSize: classes },
      generator: generatorOf({ ...sizes, latent: LATENT + classes }, key),
      critic: criticOf({ ...sizes, size: sizes.size + classes }, key),
    });
    const draw = (count: number, key: Key): Tensor =>
      tf.tidy(() => model.sample(key, count, { context: inTurn(count, classes) }));
    return {
      model,
      training: { ...training, batch: classContext({ classes }) },
      sample: (key, n) => draw(n, key),
      measure: async (test, { key, engine }) => {
        const { metrics, ...others } = await qualityWithFeatures(
          (count) => draw(count, key.fold('samples')),
          { test, dataset },
          { key, engine, quick },
        );
        const samples = draw(READ, key.fold('read'));
        const values = (await samples.data()) as Float32Array;
        samples.dispose();
        // Five neighbours among the training rows read the class.
        const read = nearestNeighbourLabels(dataset.train, { count: READ, values }, 5);
        const right = read.filter((label, row) => label === row % classes).length / READ;
        return { metrics: { ...metrics, 'class accuracy': { value: right, better: 'higher' } }, ...others };
      },
    };
  },
};

const informed: RecipeOfVectors = {
  name: 'infogan',
  source: 'Chen et al., 2016; Huang et al., 2024',
  accepts: (dataset) => hasLabels(dataset),
  create: (task) => {
    const { dataset, key } = task;
    const classes = classesOf(dataset);
    const sizes = sizesFor(task);
    const model = infoGan({
      ...{ ...modern, ...levelsOf(dataset), latent: LATENT, code: { classes } },
      generator: generatorOf({ ...sizes, latent: LATENT + classes }, key),
      critic: criticOf(sizes, key),
      recognition: mlp([sizes.size, ...sizes.hidden.slice(1), classes], {
        ...{ key: key.fold('recognition'), activation },
      }),
    });
    const { measure, ...rest } = experiment(model, training, task);
    return {
      ...rest,
      measure: async (test, options) => {
        const { metrics, ...others } = await measure!(test, options);
        return { metrics: { ...metrics, 'NMI of code and class': agreement(model, test) }, ...others };
      },
    };
  },
};

/** How much the codes that are read from examples say about their classes, which the model has not seen. */
function agreement(model: InfoGan, examples: Examples): Metric {
  const codes = tf.tidy(() => {
    const rows = Int32Array.from({ length: examples.count }, (_, row) => row);
    return tf.argMax(model.recognize(gatherExamples(examples, rows)).classes!, 1).dataSync();
  });
  return { value: normalizedMutualInformation(codes, examples.labels!), better: 'higher' };
}

const densityTraining: Training = {
  ...{ optimizer: adam({ learningRate: 3e-3 }), batchSize: 64, epochs: 60 },
  earlyStopping: { patience: 10 },
};

/** Draws of the bound of a density network. */
const DRAWS = 4096;

const density: RecipeOfVectors = {
  name: 'density-network',
  source: 'MacKay, 1995; DGM §7.1',
  create: (task) => {
    const { dataset, key, quick, width = 64 } = task;
    const { train, levels } = dataset;
    const likelihood =
      levels === undefined ? normalHead({ shape: train.shape }) : likelihoodFor(train.shape, levels);
    const model = densityNetwork({
      latent: 2,
      decoder: mlp([2, width, width, likelihood.numParameters], { key, activation }),
      likelihood,
      numSamples: quick ? 4 : 32,
    });
    return {
      ...experiment(model, densityTraining, task),
      evaluate: async (examples, options) => ({
        bound: await evaluate(model, examples, { importanceSamples: quick ? 16 : DRAWS, ...options }),
      }),
    };
  },
};

/** The players learn at one pace, the encoder that draws for the bound at its own. */
const prescribedTraining: Training = {
  ...training,
  optimizer: {
    critic: adam({ learningRate: 5e-4, beta1: 0, beta2: 0.99 }),
    generator: adam({ learningRate: 5e-4, beta1: 0, beta2: 0.99 }),
    proposal: adam({ learningRate: 1e-3 }),
  },
  epochs: 100,
};

const prescribed: RecipeOfVectors = {
  name: 'presgan',
  source: 'Dieng et al., 2019; Huang et al., 2024',
  create: (task) => {
    const { dataset, key, quick } = task;
    const sizes = sizesFor(task);
    const model = prescribedGan({
      ...{ ...modern, ...levelsOf(dataset), latent: LATENT, entropyWeight: 0.01, stdRange: [0.05, 0.8] },
      generator: generatorOf(sizes, key),
      critic: criticOf(sizes, key),
      encoder: mlp([sizes.size, ...sizes.hidden, 2 * LATENT], { key: key.fold('encoder'), activation }),
    });
    return {
      ...experiment(model, prescribedTraining, task),
      evaluate: importanceSampled(model, { quick }),
    };
  },
};

type RecipeOfVectors = Pick<Recipe, 'name' | 'source' | 'create' | 'accepts'> & {
  readonly isFlagship?: boolean;
};

export const recipes: readonly Recipe[] = [
  ...adversarial,
  ...[matching, conditional, informed, prescribed, density],
].map(({ accepts = () => true, ...recipe }) => ({
  isFlagship: false,
  ...recipe,
  accepts: (dataset) => (isVectorsOfIntegers(dataset) || isVectorsOfReals(dataset)) && accepts(dataset),
}));
