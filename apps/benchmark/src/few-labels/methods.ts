import {
  adam,
  asLayer,
  classContext,
  classificationError,
  conditional,
  cosineSchedule,
  fit,
  hideLabels,
  mlp,
  normalHead,
  Sequential,
  sizeOf,
  UNKNOWN_LABEL,
} from '@dgm/core';
import type { Dataset, DistributionHead, Engine, Examples, Key, Layer, Shape } from '@dgm/core';
import { standardization, standardize, subset } from '@dgm/data';
import { flow } from '@dgm/flows';
import type { Flow } from '@dgm/flows';
import { entropyScore, generativeClassifier, highestScores } from '@dgm/hybrid';
import type { ExactHybrid } from '@dgm/hybrid';
import { fullCovariance, latentExamples, ppcaMaximumLikelihood, semiSupervisedVae, vae } from '@dgm/vae';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { convClassifier } from '../recipes/hybrid/networks';
import { likelihoodFor } from '../recipes/shared/book';
import { allRows } from '../recipes/shared/rows';
import { trainedClassifier as classifierOf } from '../recipes/shared/trained-classifier';
import type { ClassifierTraining } from '../recipes/shared/trained-classifier';

/*
 * What a classifier of ten classes reaches with few labels: alone, with the examples that have none, and with labels that it asks for.
 */

const CLASSES = 10;

/** Principal components that the models of latents see. */
const LATENT = 24;

/** The labels that a method may see. */
export interface FewLabels {
  /** How many examples have a label; as many of each class, or all of them. */
  readonly labelled: number;
  /** Chooses them, and the initial weights. */
  readonly key: Key;
  readonly engine?: Engine;
  /** Of a VAE or M2. @defaultValue as many as 3000 steps make */
  readonly epochs?: number;
}

/** A way to learn from few labels of vectors of integers: its error on the test rows. */
export type Method = (dataset: Dataset, labels: FewLabels) => Promise<number>;

/** The error of a network that sees the labelled rows alone. */
export const supervisedError: Method = async ({ train, test, levels = 2 }, { labelled, key, engine }) => {
  const model = await trainedClassifier(
    networkOfImages(train.shape, { levels, key: key.fold('supervised') }),
    knownRows(train, { labelled, key }),
    { key: key.fold('supervised'), learningRate: 1e-3, ...(engine && { engine }) },
  );
  return errorAndDispose(model, test);
};

/** The error of the convolutional network of `hybrid-conv`, which sees the labelled rows alone. */
export const convolutionalError: Method = async (dataset, { labelled, key, engine }) => {
  const { train, test, levels = 2 } = dataset;
  const own = key.fold('convolutional');
  const model = await trainedClassifier(
    new Sequential([scaledLevels(levels), convClassifier({ dataset, key: own, quick: false })]),
    knownRows(train, { labelled, key }),
    { key: own, learningRate: 3e-3, ...(engine && { engine }) },
  );
  return errorAndDispose(model, test);
};

/** Rounds of pseudo-labels. */
const ROUNDS = 3;

/**
 * The error of a network that is trained on the labelled rows, and then, a few times, on all rows with the classes that it predicts
 * for the others.
 * @see Pseudo-Label (Lee, 2013)
 */
export const pseudoLabelError: Method = async ({ train, test, levels = 2 }, { labelled, key, engine }) => {
  const known = hideLabels(train, { labelled, key });
  const own = key.fold('pseudo-labels');
  const trained = (examples: Examples, round: number) => {
    const network = networkOfImages(train.shape, { levels, key: own });
    return trainedClassifier(network, examples, {
      ...{ key: own.fold(round), learningRate: 1e-3, ...(engine && { engine }) },
    });
  };
  let model = await trained(labelledRows(known), 0);
  for (let round = 1; round <= ROUNDS; round++) {
    const predicted = tf.tidy(() => tf.argMax(model.classify(allRows(train)), 1).dataSync());
    model.dispose();
    const labels = known.labels!.map((label, row) => (label === UNKNOWN_LABEL ? predicted[row]! : label));
    model = await trained({ ...train, labels }, round);
  }
  return errorAndDispose(model, test);
};

/**
 * M1: the error of a network on the latents of a VAE of all rows, trained on the labelled ones. The paper has a transductive SVM in
 * its place.
 * @see Semi-Supervised Learning with Deep Generative Models (Kingma et al., 2014), §2.1
 */
export const m1Error: Method = async (dataset, { labelled, ...rest }) => {
  const { train, test } = await vaeLatents(dataset, rest);
  const { key, engine } = rest;
  const network = mlp([sizeOf(train.shape), 64, CLASSES], { activation: 'elu', key: key.fold('m1') });
  const model = await trainedClassifier(network, labelledRows(hideLabels(train, { labelled, key })), {
    ...{ key: key.fold('m1'), learningRate: 1e-2, ...(engine && { engine }) },
  });
  return errorAndDispose(model, test);
};

/**
 * M2: the error of the classifier $q(y|x)$ of a latent-variable model of images and their classes.
 * @see Semi-Supervised Learning with Deep Generative Models (Kingma et al., 2014), §2.2, §4.1
 */
export const m2Error: Method = ({ train, test, levels = 2 }, few) =>
  latentClassError(
    { train, test },
    { ...few, likelihood: likelihoodFor(train.shape, levels), unit: levels - 1 },
  );

/** M1 + M2: M2 of the latents of M1, standardized. */
export const m1m2Error: Method = async (dataset, few) => {
  const latents = await vaeLatents(dataset, few);
  const scale = standardization(latents.train);
  const [train, test] = [standardize(latents.train, scale), standardize(latents.test, scale)];
  return latentClassError(
    { train, test },
    { ...few, likelihood: normalHead({ shape: train.shape }), unit: 1 },
  );
};

/** Units of a hidden layer, and latents, for images of a number of pixels: the paper's for those of MNIST. */
const sizesFor = (pixels: number) =>
  pixels >= 784
    ? { latent: 50, hidden: { m1: [600, 600], m2: [500] } }
    : { latent: 16, hidden: { m1: [256, 256], m2: [128] } };

const [STEPS, BATCH_SIZE] = [3000, 100];

/** The training of a VAE or of M2, on all rows. */
function vaeTraining(count: number, { epochs, engine }: FewLabelsTraining) {
  const stepsOfEpoch = Math.ceil(count / BATCH_SIZE);
  const all = epochs ?? Math.ceil(STEPS / stepsOfEpoch);
  return {
    ...{ epochs: all, batchSize: BATCH_SIZE, ...(engine && { engine }) },
    optimizer: adam({ learningRate: cosineSchedule(1e-3, { steps: all * stepsOfEpoch }) }),
  };
}

type FewLabelsTraining = Pick<FewLabels, 'epochs' | 'engine'>;

/** The means of the posterior of a VAE that is trained on all rows, without labels. */
async function vaeLatents(
  { train, test, levels = 2 }: Dataset,
  { key, ...training }: Omit<FewLabels, 'labelled'>,
): Promise<Pick<Dataset, 'train' | 'test'>> {
  const pixels = sizeOf(train.shape);
  const { latent, hidden } = sizesFor(pixels);
  const likelihood = likelihoodFor(train.shape, levels);
  const network = (name: string, sizes: readonly number[]) =>
    mlp(sizes, { activation: 'softplus', key: key.fold(name) });
  const model = vae({
    encoder: new Sequential([
      asLayer((x) => tf.div(x, levels - 1)),
      network('encoder', [pixels, ...hidden.m1, 2 * latent]),
    ]),
    decoder: network('decoder', [latent, ...hidden.m1, likelihood.numParameters]),
    posterior: normalHead({ shape: [latent] }),
    likelihood,
  });
  await fit(model, { train }, { key: key.fold('vae'), ...vaeTraining(train.count, training) });
  const latents = { train: await latentExamples(model, train), test: await latentExamples(model, test) };
  model.dispose();
  return latents;
}

interface LatentClass extends FewLabels {
  /** Of an example, given its class and its latents. */
  readonly likelihood: DistributionHead;
  /** What the entries of an example are divided by where a network sees them. */
  readonly unit: number;
}

/** The error of M2 on images or latents, from the labels of some rows and without those of the others. */
async function latentClassError(
  { train, test }: Pick<Dataset, 'train' | 'test'>,
  { labelled, key, likelihood, unit, ...training }: LatentClass,
): Promise<number> {
  const dims = sizeOf(train.shape);
  const { latent, hidden } = sizesFor(dims);
  const own = key.fold('m2');
  const network = (name: string, sizes: readonly number[]) =>
    mlp(sizes, { activation: 'softplus', key: own.fold(name) });
  /** Of an example, and of its class behind it. */
  const scaled = (classes: number) => {
    const units = [...Array<number>(dims).fill(unit), ...Array<number>(classes).fill(1)];
    return asLayer((x) => tf.tidy(() => tf.div(x, tf.tensor1d(units))));
  };
  const model = semiSupervisedVae({
    classes: CLASSES,
    classifier: new Sequential([scaled(0), network('classifier', [dims, ...hidden.m2, CLASSES])]),
    encoder: new Sequential([
      scaled(CLASSES),
      network('encoder', [dims + CLASSES, ...hidden.m2, 2 * latent]),
    ]),
    decoder: network('decoder', [latent + CLASSES, ...hidden.m2, likelihood.numParameters]),
    posterior: normalHead({ shape: [latent] }),
    likelihood,
    classification: (0.1 * train.count) / labelled,
  });
  await fit(
    model,
    { train: hideLabels(train, { labelled, key }) },
    {
      ...{ key: own.fold('training'), ...vaeTraining(train.count, training) },
      batch: classContext({ classes: CLASSES, unknown: 'zeros' }),
    },
  );
  return errorAndDispose(model, test);
}

/** Levels from 0 as numbers in [-1, 1]. */
const scaledLevels = (levels: number): Layer =>
  asLayer((x) => tf.tidy(() => tf.sub(tf.mul(x, 2 / (levels - 1)), 1)));

/** A network on images of integers, scaled to [-1, 1]. */
function networkOfImages(
  shape: Shape,
  { levels, key }: { readonly levels: number; readonly key: Key },
): Layer {
  return new Sequential([
    scaledLevels(levels),
    mlp([sizeOf(shape), 256, 256, CLASSES], { activation: 'elu', key }),
  ]);
}

/** The rows whose labels a method may see: all of them, or as many of each class. */
const knownRows = (train: Examples, { labelled, key }: Pick<FewLabels, 'labelled' | 'key'>): Examples =>
  labelled >= train.count ? train : labelledRows(hideLabels(train, { labelled, key }));

/** The rows that have a label. */
function labelledRows(examples: Examples): Examples {
  const { labels } = examples;
  return subset(
    examples,
    [...labels!.keys()].filter((row) => labels![row] !== UNKNOWN_LABEL),
  );
}

/**
 * The error on the test rows of M1 + M2: a generative classifier of latents, with the labels of some rows and without those of the
 * others. The latents are those of probabilistic PCA, which needs no label; each class is a normal distribution of them.
 * @see Semi-Supervised Learning with Deep Generative Models (Kingma et al., 2014), §2
 */
export const semiSupervisedError: Method = async (dataset, { labelled, key, engine }) => {
  const { train, test } = await latentsOf(dataset);
  const own = key.fold('semi-supervised');
  const model = generativeClassifier({
    classes: CLASSES,
    conditional: normalOfClass(LATENT),
    unlabelled: true,
    classification: 5,
  });
  const [epochs, batchSize] = [40, 100];
  const learningRate = cosineSchedule(3e-3, { steps: (epochs * train.count) / batchSize });
  await fit(
    model,
    { train: hideLabels(train, { labelled, key }) },
    {
      ...{ key: own, batchSize, epochs, ...(engine && { engine }) },
      optimizer: adam({ learningRate }),
      batch: classContext({ classes: CLASSES, unknown: 'zeros' }),
    },
  );
  return errorAndDispose(model, test);
};

/**
 * The errors on the test rows of a network whose labels are chosen at random, and of one that asks, in rounds of 20, for those of the
 * examples that it is least sure of.
 */
export async function activeLearningErrors(
  dataset: Dataset,
  { labelled, key, engine }: FewLabels,
): Promise<{ readonly random: number; readonly active: number }> {
  const { train, test } = await latentsOf(dataset);
  const order = key.permutation(train.count);
  const trained = (rows: Int32Array) =>
    trainedClassifier(
      mlp([LATENT, 64, CLASSES], { activation: 'elu', key: key.fold('weights') }),
      subset(train, [...rows]),
      { key: key.fold('training'), learningRate: 1e-2, ...(engine && { engine }) },
    );
  const errorWith = async (rows: Int32Array): Promise<number> => errorAndDispose(await trained(rows), test);
  let chosen = order.slice(0, ROUND);
  while (chosen.length < labelled) {
    const model = await trained(chosen);
    const entropies = tf.tidy(() => entropyScore(model.classify(allRows(train))).dataSync());
    model.dispose();
    chosen = Int32Array.of(...chosen, ...highestScores(entropies, { count: ROUND, chosen }));
  }
  return { random: await errorWith(order.slice(0, labelled)), active: await errorWith(chosen) };
}

const ROUND = 20;

/** The latents of probabilistic PCA, fitted to the training rows. */
async function latentsOf({ train, test }: Dataset): Promise<Pick<Dataset, 'train' | 'test'>> {
  const encoder = ppcaMaximumLikelihood(train, { latent: LATENT });
  const latents = { train: await latentExamples(encoder, train), test: await latentExamples(encoder, test) };
  encoder.dispose();
  return latents;
}

/** A normal distribution with a full covariance for each class: a flow without layers. */
function normalOfClass(dims: number): Flow {
  const family = fullCovariance({ shape: [dims] });
  // All classes start as standard normal distributions.
  const parameters = tf.variable(tf.zeros([CLASSES, family.numParameters]));
  const ofClass = asLayer((y) => tf.matMul(y, parameters), { parameters: { ofClass: parameters } });
  return flow({
    layers: [],
    base: conditional(ofClass, family),
    eventShape: [dims],
    contextSize: CLASSES,
  });
}

/** A trained classifier of the ten classes. */
const trainedClassifier = (
  classifier: Layer,
  train: Examples,
  options: Omit<ClassifierTraining, 'classes' | 'epochs'>,
): Promise<ExactHybrid> => classifierOf(classifier, train, { ...options, classes: CLASSES, epochs: 100 });

interface Classifying {
  classify(x: Tensor): Tensor;
  dispose(): void;
}

/** The error of a model, which is freed. */
async function errorAndDispose(model: Classifying, examples: Examples): Promise<number> {
  const logits = tf.tidy(() => model.classify(allRows(examples)));
  model.dispose();
  const error = await classificationError(logits, examples.labels!);
  logits.dispose();
  return error;
}
