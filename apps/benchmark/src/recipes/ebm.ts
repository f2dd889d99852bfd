import {
  adam,
  auroc,
  classContext,
  classificationError,
  cosineSchedule,
  exp,
  expectedCalibrationError,
  gatherExamples,
  mlp,
  sampleQuality,
  sgd,
} from '@dgm/core';
import type { ConditionedBatch, Dataset, Examples, Key, MakeBatch } from '@dgm/core';
import { bernoulliUnits, jointEnergyModel, rbm, type JointEnergyModel, type RbmOptions } from '@dgm/ebm';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { imageShape } from './shared/datasets';
import type { Metric } from '../results/schema';
import { allRows, firstRows } from './shared/rows';
import type { Experiment, Recipe, RecipeTask } from './shared/recipe';

const BATCH_SIZE = 50;

/** An RBM on bits, trained by persistent contrastive divergence. */
function rbmExperiment(
  { dataset, key }: RecipeTask,
  { epochs, ...options }: Pick<RbmOptions, 'hidden' | 'steps' | 'weightDecay'> & { readonly epochs: number },
): Experiment {
  const examples = firstRows(dataset.train);
  try {
    const model = rbm({
      visible: bernoulliUnits({ shape: dataset.train.shape }),
      key,
      examples,
      chains: 100,
      ...options,
    });
    return {
      model,
      training: {
        // The last weights stay: the rate falls to a fiftieth. Epochs and weight decay were chosen by validation rows.
        optimizer: sgd({
          learningRate: cosineSchedule(0.05, { steps: epochs * stepsPerEpoch(dataset.train), final: 0.001 }),
          momentum: 0.5,
        }),
        batchSize: BATCH_SIZE,
        epochs,
        ema: { decay: 0.999 },
      },
    };
  } finally {
    examples.dispose();
  }
}

const stepsPerEpoch = ({ count }: Examples): number => Math.ceil(count / BATCH_SIZE);

const CLASSES = 10;

/** The standard deviation of the noise on training examples of a joint model, in a range from -1 to 1. */
const NOISE = 0.03;

/** Images of integers as numbers from -1 to 1, with labels. */
function labelledBatch(levels: number): MakeBatch<ConditionedBatch> {
  const labelled = classContext({ classes: CLASSES });
  return (examples, rows, options) => {
    const { x, context } = labelled(examples, rows, options);
    const scaled = tf.tidy(() => {
      const clean = toRange(x, levels);
      if (!options.training) return clean;
      return tf.add(clean, tf.mul(NOISE, options.key.fold('noise').normal(clean.shape)));
    });
    x.dispose();
    return { x: scaled, context };
  };
}

const toRange = (x: Tensor, levels: number): Tensor => tf.sub(tf.mul(x, 2 / (levels - 1)), 1);
const toLevels = (x: Tensor, levels: number): Tensor => {
  return tf.round(tf.mul(tf.add(x, 1), (levels - 1) / 2));
};

/** A JEM on grey images, with early stopping by the cross-entropy of the validation rows. */
function jointExperiment({ dataset, key, quick }: RecipeTask): Experiment<ConditionedBatch> {
  const [pixels] = dataset.train.shape;
  const [levels, hidden] = [dataset.levels!, quick ? 32 : 256];
  const network = mlp([pixels!, hidden, hidden, hidden, CLASSES], {
    key: key.fold('network'),
    activation: 'swish',
  });
  const model = jointEnergyModel({ network, classes: CLASSES, shape: [pixels!], range: [-1, 1], key });
  const { validation } = dataset;
  return {
    model,
    training: {
      optimizer: adam({ learningRate: 1e-3 }),
      batch: labelledBatch(levels),
      batchSize: 64,
      epochs: quick ? 2 : 110,
      ema: { decay: 0.995 },
      clipNorm: 5,
      recover: { attempts: 5 },
      validate: () => crossEntropy(model, validation, levels),
    },
    measure: async (examples, { key: drawKey }) => ({
      metrics: await measureJoint(model, examples, { levels, key: drawKey }),
    }),
  };
}

async function crossEntropy(model: JointEnergyModel, examples: Examples, levels: number): Promise<number> {
  const rows = Int32Array.from({ length: examples.count }, (_, row) => row);
  const nats = tf.tidy(() => {
    const x = toRange(gatherExamples(examples, rows), levels);
    const context = tf.oneHot(tf.tensor1d(examples.labels!, 'int32'), CLASSES);
    return tf.neg(tf.mean(tf.sum(tf.mul(model.classLogProbs(x), context), 1)));
  });
  const [value] = await nats.data();
  nats.dispose();
  return value!;
}

async function measureJoint(
  model: JointEnergyModel,
  examples: Examples,
  { levels, key }: { readonly levels: number; readonly key: Key },
): Promise<Record<string, Metric>> {
  const labels = examples.labels!;
  const [height, width] = imageShape(examples.shape)!;
  const tensors = tf.tidy(() => {
    const integers = allRows(examples);
    const x = toRange(integers, levels);
    const turned = tf.reverse(tf.transpose(tf.reshape(x, [-1, height, width]), [0, 2, 1]), 2);
    return {
      integers,
      probabilities: exp(model.classLogProbs(x)),
      upright: tf.neg(model.energy(x)),
      rotated: tf.neg(model.energy(tf.reshape(turned, x.shape))),
      samples: toLevels(model.sample(key, examples.count), levels),
    };
  });
  try {
    const { coverage } = await sampleQuality(tensors.integers, tensors.samples);
    return {
      error: {
        value: 100 * (await classificationError(tensors.probabilities, labels)),
        unit: '%',
        better: 'lower',
      },
      'calibration error': {
        value: await expectedCalibrationError(tensors.probabilities, labels),
        better: 'lower',
      },
      'AUROC of rotated images': {
        value: auroc(await tensors.upright.data(), await tensors.rotated.data()),
        better: 'higher',
      },
      'coverage of samples': { value: coverage, better: 'higher' },
    };
  } finally {
    tf.dispose(tensors);
  }
}

const isLabelledGrey = ({ levels, train }: Dataset): boolean =>
  levels !== undefined &&
  levels > 2 &&
  train.shape.length === 1 &&
  imageShape(train.shape) !== undefined &&
  train.labels !== undefined;

const isBits = ({ levels }: Dataset): boolean => levels === 2;

export const recipes: readonly Recipe[] = [
  {
    name: 'rbm-16',
    source: 'DGM §6.4, Eq. 6.33-6.43; 16 hidden units, persistent contrastive divergence',
    accepts: isBits,
    create: (task) =>
      rbmExperiment(task, { hidden: 16, steps: 5, weightDecay: 1e-3, epochs: task.quick ? 10 : 1500 }),
  },
  {
    name: 'rbm',
    source: 'DGM §6.4, Eq. 6.33-6.43; 200 hidden units, persistent contrastive divergence',
    isFlagship: true,
    accepts: isBits,
    create: (task) =>
      rbmExperiment(task, {
        hidden: task.width ?? (task.quick ? 32 : 200),
        steps: task.quick ? 2 : 10,
        weightDecay: 1e-4,
        epochs: task.quick ? 10 : 500,
      }),
  },
  {
    name: 'jem',
    source:
      'DGM §6.3, Eq. 6.5-6.31, with persistent chains; Your Classifier is Secretly an Energy Based Model (2020)',
    accepts: isLabelledGrey,
    create: jointExperiment,
  },
];
