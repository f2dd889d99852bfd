import {
  adamax,
  adamW,
  asLayer,
  classContext,
  cosineSchedule,
  Dense,
  Dropout,
  mlp,
  normalHead,
  Reshape,
  Sequential,
  sizeOf,
} from '@dgm/core';
import type { ConditionedBatch, Dataset, MakeBatch } from '@dgm/core';
import { gatedPixelCnn } from '@dgm/arm';
import { fourierEntries, gaussianDiffusion, learnedSchedule, mlpDenoiser } from '@dgm/diffusion';
import { dequantized, integerLogisticMixture, learnedBase, logitPreprocessing, realNvp } from '@dgm/flows';
import type { Flow } from '@dgm/flows';
import { densityWeight as ofDensity, generativeClassifier, hybrid, hybridIdf } from '@dgm/hybrid';
import { vae } from '@dgm/vae';
import * as tf from '@tensorflow/tfjs-core';
import { bookTraining, flatten, likelihoodFor } from '../shared/book';
import { classesOf, hasLabels, imageShape, isVectorsOfIntegers } from '../shared/datasets';
import type { Recipe, Training } from '../shared/recipe';
import { measureHybrid, pullsOf } from './measure';
import { convClassifier, convLayers, movedImages } from './networks';

const isOfGreyLevels = ({ train: { shape }, levels }: Dataset): boolean => {
  const [height = 0, width = 0, channels = 0] = imageShape(shape) ?? [];
  return levels !== undefined && channels === 1 && height * width <= 1024;
};

export const recipes: readonly Recipe[] = [
  {
    name: 'generative-classifier',
    source: 'DGM §5.5; van den Oord et al., 2016',
    isFlagship: true,
    accepts: (dataset) => hasLabels(dataset) && isOfGreyLevels(dataset),
    create: ({ dataset, key, quick }) => {
      const classes = classesOf(dataset);
      const [height, width] = imageShape(dataset.train.shape)!;
      const conditional = gatedPixelCnn({
        shape: dataset.train.shape,
        likelihood: likelihoodFor([], dataset.levels!),
        ...{ plane: [height, width], positions: true, contextSize: classes, key },
        ...{ hidden: quick ? 8 : 40, blocks: quick ? 1 : 4, dropout: 0.2 },
      });
      const model = generativeClassifier({ classes, conditional });
      return {
        model,
        training: {
          optimizer: adamax({ learningRate: 6e-3 }),
          ...{ batchSize: 64, epochs: 70, earlyStopping: { patience: 20 }, ema: { decay: 0.99 } },
          batch: classContext({ classes }),
        },
        measure: measureHybrid(model, dataset),
      };
    },
  },
  {
    name: 'diffusion-classifier',
    source: 'Li et al., 2023; Kingma et al., 2021',
    accepts: (dataset) => hasLabels(dataset) && isVectorsOfIntegers(dataset) && isOfGreyLevels(dataset),
    create: ({ dataset, key, quick }) => {
      const [classes, levels, { shape }] = [classesOf(dataset), dataset.levels!, dataset.train];
      const network = mlpDenoiser({
        ...{ shape, outputs: levels, contextSize: classes, key },
        entries: fourierEntries({ frequencies: [(levels - 1) / 4] }),
        ...{ features: quick ? 32 : 256, dropout: 0.3 },
      });
      const schedule = learnedSchedule();
      const conditional = gaussianDiffusion({ shape, levels, schedule, network, contextSize: classes });
      const model = generativeClassifier({ classes, conditional });
      return {
        model,
        training: {
          optimizer: adamW({ learningRate: 1e-3, weightDecay: 0.01, beta2: 0.99 }),
          ...{ batchSize: 125, epochs: quick ? 1 : 250, clipNorm: 10, ema: { decay: 0.995 } },
          batch: classContext({ classes }),
        },
        // Each draw is one of every class, twice.
        numSamples: quick ? 1 : 8,
        measure: measureHybrid(model, dataset, { numSamples: quick ? 2 : 32 }),
      };
    },
  },
  {
    name: 'hybrid-trunk',
    source: 'DGM §5.1.2, Eq. 5.5',
    accepts: (dataset) => hasLabels(dataset) && isVectorsOfIntegers(dataset) && isOfGreyLevels(dataset),
    create: async ({ dataset, key, quick, densityWeight = 0.1 }) => {
      const [classes, levels, { shape }] = [classesOf(dataset), dataset.levels!, dataset.train];
      const [height, width] = imageShape(shape)!;
      const [latent, hidden] = [16, quick ? 32 : 256];
      const likelihood = likelihoodFor(shape, levels);
      const { layers, outputs } = convLayers({ dataset, key: key.fold('trunk'), quick });
      const trunk = new Sequential(layers);
      const scaled = () => asLayer((x) => tf.tidy(() => tf.sub(tf.mul(x, 2 / (levels - 1)), 1)));
      const network = (name: string, sizes: readonly number[]) =>
        mlp(sizes, { activation: 'leakyRelu', key: key.fold(name) });
      const model = hybrid({
        density: vae({
          encoder: new Sequential([
            ...[scaled(), new Reshape({ shape: [height, width, 1] }), trunk],
            network('encoder', [outputs, hidden, 2 * latent]),
          ]),
          decoder: network('decoder', [latent, hidden, hidden, likelihood.numParameters]),
          posterior: normalHead({ shape: [latent] }),
          likelihood,
        }),
        // The images that the classifier sees move, those of the density stay.
        features: new Sequential([scaled(), ...movedImages(dataset), trunk]),
        classifier: new Sequential([
          new Dropout({ rate: 0.4 }),
          new Dense({ inputs: outputs, outputs: classes, key: key.fold('logits') }),
        ]),
        classes,
        weights: ofDensity(densityWeight),
      });
      const pulls = await pullsOf(model, dataset, key);
      return {
        model,
        training: decaying(dataset, { epochs: 60, learningRate: 2e-3 }),
        measure: measureHybrid(model, dataset, { pulls }),
      };
    },
  },
  {
    name: 'hybrid-conv',
    source: 'DGM §5.1.1',
    accepts: (dataset) => hasLabels(dataset) && isOfGreyLevels(dataset),
    create: ({ dataset, key, quick }) => {
      const classes = classesOf(dataset);
      const [height, width] = imageShape(dataset.train.shape)!;
      const density = gatedPixelCnn({
        shape: dataset.train.shape,
        likelihood: likelihoodFor([], dataset.levels!),
        ...{ plane: [height, width], positions: true, key: key.fold('density') },
        ...{ hidden: quick ? 8 : 24, blocks: quick ? 1 : 2, dropout: 0.1 },
      });
      const [middle, classifier] = [(dataset.levels! - 1) / 2, convClassifier({ dataset, key, quick })];
      const model = hybrid({
        density,
        features: (x) => tf.tidy(() => tf.sub(tf.div(x, middle), 1)),
        classifier,
        classes,
      });
      return {
        model,
        training: decaying(dataset, { epochs: 36, learningRate: 3e-3 }),
        // What is likely and yet not typical: draws that stay close to the mode.
        measure: measureHybrid(model, dataset, {
          draws: { cold: (key, n) => density.sample(key, n, { temperature: 0.5 }) },
        }),
      };
    },
  },
  {
    name: 'hybrid-flow',
    source: 'DGM §5.2, Fig. 5.3; Nalisnick et al., 2019',
    accepts: (dataset) => hasLabels(dataset) && isVectorsOfIntegers(dataset) && isOfGreyLevels(dataset),
    create: async ({ dataset, key, quick, densityWeight = 1 }) => {
      const [classes, levels] = [classesOf(dataset), dataset.levels!];
      const dims = dataset.train.shape[0]!;
      const flow = realNvp({
        ...{ dims, couplings: 4, hidden: quick ? [32] : [128, 128], rezero: true },
        ...{ preprocessing: logitPreprocessing({ levels }), key: key.fold('density') },
      });
      const model = hybrid({
        density: dequantized({ flow, levels }),
        // The middles of the cells that the noise fills.
        features: (x) => tf.tidy(() => flow.encode(tf.add(x, 0.5))),
        classifier: mlp([dims, 128, classes], { activation: 'leakyRelu', key: key.fold('classifier') }),
        classes,
        weights: ofDensity(densityWeight),
      });
      const pulls = await pullsOf(model, dataset, key);
      return {
        model,
        training: decaying(dataset, { epochs: 40, learningRate: 2e-3 }),
        measure: measureHybrid(model, dataset, { pulls }),
      };
    },
  },
  {
    name: 'hybrid-vae',
    source: 'DGM §5.4, Eq. 5.14',
    accepts: (dataset) => hasLabels(dataset) && isOfGreyLevels(dataset),
    create: async ({ dataset, key, quick, densityWeight = 1 }) => {
      const { shape } = dataset.train;
      const [latent, hidden, size] = [16, quick ? 32 : 256, sizeOf(shape)];
      const likelihood = likelihoodFor(shape, dataset.levels!);
      const network = (name: string, sizes: readonly number[]) =>
        mlp(sizes, { activation: 'leakyRelu', key: key.fold(name) });
      const classes = classesOf(dataset);
      const model = hybrid({
        density: vae({
          encoder: new Sequential([
            flatten(dataset.levels!),
            network('encoder', [size, hidden, hidden, 2 * latent]),
          ]),
          decoder: network('decoder', [latent, hidden, hidden, likelihood.numParameters]),
          posterior: normalHead({ shape: [latent] }),
          likelihood,
        }),
        features: 'encode',
        classifier: network('classifier', [latent, 64, classes]),
        classes,
        weights: ofDensity(densityWeight),
      });
      const pulls = await pullsOf(model, dataset, key);
      return {
        model,
        training: decaying(dataset, { epochs: 60, learningRate: 2e-3 }),
        measure: measureHybrid(model, dataset, { pulls }),
      };
    },
  },
  {
    name: 'hybrid-book',
    source: 'DGM §5.4, Listings 5.1-5.2',
    accepts: (dataset) => hasLabels(dataset) && isVectorsOfIntegers(dataset) && isOfGreyLevels(dataset),
    create: ({ dataset, key, quick, densityWeight = 1 / dataset.train.shape[0]! }) => {
      const [classes, levels] = [classesOf(dataset), dataset.levels!];
      const [dims, hidden] = [dataset.train.shape[0]!, quick ? 32 : 256];
      const model = hybridIdf({
        ...{ dims, classes, levels, couplings: 2, hidden: [hidden, hidden], key },
        classifier: mlp([dims, hidden, hidden, classes], {
          activation: 'leakyRelu',
          key: key.fold('classifier'),
        }),
        weights: ofDensity(densityWeight),
      });
      return {
        model,
        training: { ...bookTraining, batch: classContext({ classes }) },
        measure: measureHybrid(model, dataset, { integerFlow: model.density as Flow }),
      };
    },
  },
  {
    name: 'hybrid-idf',
    source: 'DGM §5.3, Listings 5.1-5.2',
    accepts: (dataset) => hasLabels(dataset) && isVectorsOfIntegers(dataset) && isOfGreyLevels(dataset),
    create: async ({ dataset, key, quick, densityWeight = 1 }) => {
      const [classes, levels] = [classesOf(dataset), dataset.levels!];
      const { shape } = dataset.train;
      // One component for each second level, as wide as their distance.
      const mixture = { components: Math.ceil(levels / 2), center: (levels - 1) / 2, spread: 2, scale: 0.5 };
      const background = { share: 0.01, scale: levels / 4 };
      const model = hybridIdf({
        ...{ dims: shape[0]!, classes, levels, key },
        hidden: quick ? [32] : [256, 256],
        base: learnedBase(integerLogisticMixture({ shape, ...mixture, background })),
        // The couplings start as the identity, so the latents are images as well.
        classifier: convClassifier({ dataset, key: key.fold('classifier'), quick }),
        weights: ofDensity(densityWeight),
      });
      const pulls = await pullsOf(model, dataset, key);
      return {
        model,
        training: decaying(dataset, { epochs: 30, learningRate: 4e-3 }),
        measure: measureHybrid(model, dataset, { pulls, integerFlow: model.density as Flow }),
      };
    },
  },
];

/** AdamW with a learning rate that falls to 0, and an average of the weights. */
function decaying(
  dataset: Dataset,
  { epochs, learningRate }: { readonly epochs: number; readonly learningRate: number },
): Training<ConditionedBatch> {
  const batchSize = 50;
  const steps = epochs * Math.ceil(dataset.train.count / batchSize);
  return {
    optimizer: adamW({ learningRate: cosineSchedule(learningRate, { steps }), weightDecay: 0.01 }),
    ...{ batchSize, epochs, ema: { decay: 0.99 } },
    batch: smoothed(classContext({ classes: classesOf(dataset) })),
  };
}

/** The share of a label that goes to all classes. */
const SMOOTHING = 0.05;

/**
 * Training with labels that leave a little to the other classes.
 * @see Rethinking the Inception Architecture for Computer Vision (Szegedy et al., 2016), §7
 */
function smoothed(batch: MakeBatch<ConditionedBatch>): MakeBatch<ConditionedBatch> {
  return (examples, rows, options) => {
    const { x, context: labels } = batch(examples, rows, options);
    if (!options.training) return { x, context: labels };
    const context = tf.tidy(() => tf.add(tf.mul(1 - SMOOTHING, labels), SMOOTHING / labels.shape[1]!));
    labels.dispose();
    return { x, context };
  };
}
