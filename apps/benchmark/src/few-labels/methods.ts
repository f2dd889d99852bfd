import {
  adam,
  asLayer,
  classContext,
  classificationError,
  conditional,
  cosineSchedule,
  fit,
  gatherExamples,
  hideLabels,
  mlp,
  Sequential,
  sizeOf,
  UNKNOWN_LABEL,
} from '@dgm/core';
import type { Dataset, Engine, Examples, Key, Layer } from '@dgm/core';
import { subset } from '@dgm/data';
import { flow, realNvp } from '@dgm/flows';
import type { Flow } from '@dgm/flows';
import { entropyScore, generativeClassifier, highestScores, hybrid } from '@dgm/hybrid';
import type { ExactHybrid } from '@dgm/hybrid';
import { fullCovariance, latentExamples, ppcaMaximumLikelihood } from '@dgm/vae';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/*
 * What a classifier of ten classes reaches with few labels: alone, with the examples that have none, and with labels that it asks for.
 */

const CLASSES = 10;

/** Principal components that the models of latents see. */
const LATENT = 24;

interface Options {
  /** How many examples have a label; as many of each class. */
  readonly labelled: number;
  /** Chooses them, and the initial weights. */
  readonly key: Key;
  readonly engine?: Engine;
}

/** The error on the test rows of a network that sees the labelled rows alone. */
export async function supervisedError(
  { train, test, levels = 2 }: Dataset,
  { labelled, key, engine }: Options,
): Promise<number> {
  const { labels } = hideLabels(train, { labelled, key });
  const rows = [...labels!.keys()].filter((row) => labels![row] !== UNKNOWN_LABEL);
  const dims = sizeOf(train.shape);
  const scaled = asLayer((x) => tf.sub(tf.mul(x, 2 / (levels - 1)), 1));
  const network = mlp([dims, 256, 256, CLASSES], { activation: 'elu', key: key.fold('supervised') });
  const model = await trainedClassifier(new Sequential([scaled, network]), subset(train, rows), {
    ...{ key: key.fold('supervised'), learningRate: 1e-3 },
    ...(engine && { engine }),
  });
  const error = await errorOf(model, test);
  model.dispose();
  return error;
}

/**
 * The error on the test rows of M1 + M2: a generative classifier of latents, with the labels of some rows and without those of the
 * others. The latents are those of probabilistic PCA, which needs no label; each class is a normal distribution of them.
 * @see Semi-Supervised Learning with Deep Generative Models (Kingma et al., 2014), §2
 */
export async function semiSupervisedError(
  dataset: Dataset,
  { labelled, key, engine }: Options,
): Promise<number> {
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
  const error = await errorOf(model, test);
  model.dispose();
  return error;
}

/**
 * The errors on the test rows of a network whose labels are chosen at random, and of one that asks, in rounds of 20, for those of the
 * examples that it is least sure of.
 */
export async function activeLearningErrors(
  dataset: Dataset,
  { labelled, key, engine }: Options,
): Promise<{ readonly random: number; readonly active: number }> {
  const { train, test } = await latentsOf(dataset);
  const order = key.permutation(train.count);
  const trained = (rows: Int32Array) =>
    trainedClassifier(
      mlp([LATENT, 64, CLASSES], { activation: 'elu', key: key.fold('weights') }),
      subset(train, [...rows]),
      { key: key.fold('training'), learningRate: 1e-2, ...(engine && { engine }) },
    );
  const errorWith = async (rows: Int32Array): Promise<number> => {
    const model = await trained(rows);
    const error = await errorOf(model, test);
    model.dispose();
    return error;
  };
  let chosen = order.slice(0, ROUND);
  while (chosen.length < labelled) {
    const model = await trained(chosen);
    const entropies = tf.tidy(() => entropyScore(model.classify(allOf(train))).dataSync());
    model.dispose();
    chosen = Int32Array.of(...chosen, ...highestScores(entropies, { count: ROUND, chosen }));
  }
  return { random: await errorWith(order.slice(0, labelled)), active: await errorWith(chosen) };
}

const ROUND = 20;

/** The latents of probabilistic PCA, fitted to the training rows. */
async function latentsOf({ train, test }: Dataset): Promise<Pick<Dataset, 'train' | 'test'>> {
  const encoder = ppcaMaximumLikelihood(train, { latent: LATENT });
  const codes = { latentShape: encoder.latentShape, encode: (x: Tensor) => encoder.posterior(x) };
  const latents = { train: await latentExamples(codes, train), test: await latentExamples(codes, test) };
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

/** A trained classifier: a hybrid whose density has the weight 0. */
async function trainedClassifier(
  classifier: Layer,
  train: Examples,
  { key, engine, learningRate }: Pick<Options, 'key' | 'engine'> & { readonly learningRate: number },
): Promise<ExactHybrid> {
  const model = hybrid({
    density: realNvp({ dims: sizeOf(train.shape), couplings: 1, hidden: [1], key }),
    classifier,
    classes: CLASSES,
    weights: { classification: 1, density: 0 },
  });
  const [epochs, batchSize] = [100, 50];
  const steps = epochs * Math.ceil(train.count / batchSize);
  await fit(
    model,
    { train },
    {
      ...{ key, batchSize, epochs, ...(engine && { engine }) },
      optimizer: adam({ learningRate: cosineSchedule(learningRate, { steps }) }),
      batch: classContext({ classes: CLASSES }),
    },
  );
  return model;
}

const allOf = (examples: Examples): Tensor =>
  gatherExamples(
    examples,
    Int32Array.from({ length: examples.count }, (_, row) => row),
  );

/** The error on the examples. */
async function errorOf(model: { classify(x: Tensor): Tensor }, examples: Examples): Promise<number> {
  const logits = tf.tidy(() => model.classify(allOf(examples)));
  const error = await classificationError(logits, examples.labels!);
  logits.dispose();
  return error;
}
