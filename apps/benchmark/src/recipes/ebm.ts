import {
  ActivationLayer,
  adam,
  auroc,
  classContext,
  classificationError,
  Conv2d,
  cosineSchedule,
  Dense,
  Dropout,
  exp,
  expectedCalibrationError,
  Flatten,
  gatherExamples,
  mlp,
  Reshape,
  sampleQuality,
  Sequential,
  sgd,
} from '@dgm/core';
import type { ConditionedBatch, Dataset, Examples, Key, Layer, MakeBatch } from '@dgm/core';
import { letters } from '@dgm/data';
import {
  bernoulliUnits,
  jointEnergyModel,
  maximumLikelihood,
  rbm,
  type JointEnergyModel,
  type RbmOptions,
} from '@dgm/ebm';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { imageShape } from './shared/datasets';
import type { Metric } from '../results/schema';
import { allRows, firstRows } from './shared/rows';
import type { Experiment, Recipe, RecipeTask } from './shared/recipe';

const BATCH_SIZE = 50;

interface RbmTraining extends Pick<RbmOptions, 'hidden' | 'steps' | 'weightDecay' | 'chains'> {
  readonly epochs: number;
}

/** An RBM on bits, trained by persistent contrastive divergence, or by that of the examples with 0 chains. */
function rbmExperiment(
  { dataset, key }: RecipeTask,
  { epochs, chains = 100, ...options }: RbmTraining,
): Experiment {
  const examples = firstRows(dataset.train);
  try {
    const model = rbm({
      visible: bernoulliUnits({ shape: dataset.train.shape }),
      key,
      examples,
      chains,
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

/** An RBM of few hidden units on bits, trained by the exact gradient of the likelihood: an epoch is one step with all rows. */
function exactRbmExperiment(
  { dataset: { train }, key }: RecipeTask,
  {
    hidden,
    weightDecay,
    steps,
  }: { readonly hidden: number; readonly weightDecay: number; readonly steps: number },
): Experiment {
  const examples = firstRows(train);
  try {
    const visible = bernoulliUnits({ shape: train.shape });
    return {
      model: rbm({ visible, hidden, key, examples, objective: maximumLikelihood(), weightDecay }),
      training: {
        // Weight decay was chosen by validation rows.
        optimizer: sgd({ learningRate: cosineSchedule(0.2, { steps, final: 0.01 }), momentum: 0.95 }),
        batchSize: train.count,
        epochs: steps,
        validateEvery: 50,
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

/** Images of integers as numbers from -1 to 1, with labels. In training they have noise and, with `shifts`, move by a pixel. */
function labelledBatch(
  levels: number,
  { shifts }: { readonly shifts: boolean },
): MakeBatch<ConditionedBatch> {
  const labelled = classContext({ classes: CLASSES });
  return (examples, rows, options) => {
    const moved = shifts && options.training;
    const { x, context } = moved
      ? labelled(
          shifted(examples, rows, options.key.fold('shift')),
          rows.map((_, index) => index),
          options,
        )
      : labelled(examples, rows, options);
    const scaled = tf.tidy(() => {
      const clean = toRange(x, levels);
      if (!options.training) return clean;
      return tf.add(clean, tf.mul(NOISE, options.key.fold('noise').normal(clean.shape)));
    });
    x.dispose();
    return { x: scaled, context };
  };
}

/** The images of these rows, each moved by up to a pixel along both axes. What comes in is 0. */
function shifted({ shape, values, labels }: Examples, rows: Int32Array, key: Key): Examples {
  const [height, width] = imageShape(shape)!;
  const size = height * width;
  const random = key.generator();
  const step = (): number => Math.floor(3 * random.uniform()) - 1;
  const moved = new Float32Array(rows.length * size);
  rows.forEach((row, index) => {
    const [down, right] = [step(), step()];
    for (let y = Math.max(0, down); y < Math.min(height, height + down); y++) {
      for (let x = Math.max(0, right); x < Math.min(width, width + right); x++) {
        moved[index * size + y * width + x] = values[row * size + (y - down) * width + (x - right)]!;
      }
    }
  });
  return { count: rows.length, shape, values: moved, labels: Int32Array.from(rows, (row) => labels![row]!) };
}

const toRange = (x: Tensor, levels: number): Tensor => tf.sub(tf.mul(x, 2 / (levels - 1)), 1);
const toLevels = (x: Tensor, levels: number): Tensor => {
  return tf.round(tf.mul(tf.add(x, 1), (levels - 1) / 2));
};

interface JointOptions {
  /** From `[n, pixels]` to a number for each class. */
  readonly network: (task: RecipeTask) => Layer;
  readonly epochs: number;
  /** Whether training images move by a pixel. */
  readonly shifts?: boolean;
  /** 0 for the plain classifier of the same network. */
  readonly generativeWeight?: number;
  /** Langevin steps of a training step. */
  readonly steps?: number;
}

/** A JEM on grey images, which keeps the weights of the epoch with the lowest cross-entropy of the validation rows. */
function jointExperiment(
  task: RecipeTask,
  { network, epochs, shifts = false, ...options }: JointOptions,
): Experiment<ConditionedBatch> {
  const { dataset, key, quick } = task;
  const { train, validation } = dataset;
  const levels = dataset.levels!;
  const model = jointEnergyModel({
    network: network(task),
    ...{ classes: CLASSES, shape: train.shape, range: [-1, 1], key },
    ...options,
  });
  return {
    model,
    training: {
      optimizer: adam({ learningRate: 2e-3 }),
      batch: labelledBatch(levels, { shifts }),
      batchSize: JOINT_BATCH_SIZE,
      epochs: quick ? 2 : epochs,
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

const JOINT_BATCH_SIZE = 64;

const denseTrunk = ({ dataset, key, quick, width }: RecipeTask): Layer => {
  const hidden = width ?? (quick ? 32 : 256);
  return mlp([dataset.train.shape[0]!, hidden, hidden, hidden, CLASSES], {
    key: key.fold('network'),
    activation: 'swish',
  });
};

/** Three convolutions, the second of which halves the image, and dropout before the classes. */
const convTrunk = ({ dataset, key, quick }: RecipeTask): Layer => {
  const [height, width] = imageShape(dataset.train.shape)!;
  const [few, many] = quick ? [4, 8] : [32, 64];
  const conv = (name: string, inputs: number, outputs: number, stride = 1): Layer =>
    new Conv2d({ inputs, outputs, kernelSize: 3, stride, padding: 'same', key: key.fold(name) });
  const swish = (): Layer => new ActivationLayer('swish');
  return new Sequential([
    new Reshape({ shape: [height, width, 1] }),
    ...[conv('first', 1, few), swish(), conv('second', few, many, 2), swish()],
    ...[conv('third', many, many), swish(), new Flatten(), new Dropout({ rate: 0.4 })],
    new Dense({
      inputs: Math.ceil(height / 2) * Math.ceil(width / 2) * many,
      outputs: CLASSES,
      key: key.fold('classes'),
    }),
  ]);
};

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

/** As many capital letters of a pen as there are images of 8 by 8 pixels. */
function lettersLike(x: Tensor, levels: number): Tensor {
  const { test } = letters({ train: 1, validation: 0, test: x.shape[0]! });
  return toRange(allRows(test), levels);
}

async function measureJoint(
  model: JointEnergyModel,
  examples: Examples,
  { levels, key }: { readonly levels: number; readonly key: Key },
): Promise<Record<string, Metric>> {
  const labels = examples.labels!;
  const [height, width] = imageShape(examples.shape)!;
  const isLikeGlyphs = height * width === 64 && levels === 17;
  const tensors = tf.tidy(() => {
    const integers = allRows(examples);
    const x = toRange(integers, levels);
    const turned = tf.reverse(tf.transpose(tf.reshape(x, [-1, height, width]), [0, 2, 1]), 2);
    return {
      integers,
      probabilities: exp(model.classLogProbs(x)),
      upright: tf.neg(model.energy(x)),
      rotated: tf.neg(model.energy(tf.reshape(turned, x.shape))),
      ...(isLikeGlyphs && { letters: tf.neg(model.energy(lettersLike(x, levels))) }),
      samples: toLevels(model.sample(key, examples.count), levels),
    };
  });
  try {
    const upright = await tensors.upright.data();
    const aurocOf = async (others: Tensor): Promise<Metric> => ({
      value: auroc(upright, await others.data()),
      better: 'higher',
    });
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
      'AUROC of rotated images': await aurocOf(tensors.rotated),
      ...(tensors.letters && { 'AUROC of letters': await aurocOf(tensors.letters) }),
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
    name: 'rbm-16-exact',
    source:
      'DGM §6.4, Eq. 6.33-6.41; the same by maximum likelihood, with sums over the states of the hidden units',
    accepts: isBits,
    create: (task) =>
      exactRbmExperiment(task, {
        hidden: task.quick ? 8 : 16,
        weightDecay: 1e-3,
        steps: task.quick ? 10 : 1200,
      }),
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
    name: 'rbm-cd25',
    source:
      'On the quantitative analysis of deep belief networks (2008), §5.1; for binarized MNIST, 500 hidden units, contrastive divergence of 25 steps',
    accepts: isBits,
    create: (task) =>
      rbmExperiment(task, {
        hidden: task.quick ? 32 : 500,
        chains: 0,
        steps: task.quick ? 2 : 25,
        weightDecay: 1e-4,
        epochs: task.quick ? 2 : 250,
      }),
  },
  {
    name: 'jem',
    source:
      'DGM §6.3, Eq. 6.5-6.31, with persistent chains; Your Classifier is Secretly an Energy Based Model (2020)',
    accepts: isLabelledGrey,
    create: (task) => jointExperiment(task, { network: denseTrunk, epochs: 90 }),
  },
  {
    name: 'jem-classifier',
    source: 'the network of jem, trained as a classifier alone',
    accepts: isLabelledGrey,
    create: (task) => jointExperiment(task, { network: denseTrunk, epochs: 90, generativeWeight: 0 }),
  },
  {
    name: 'jem-conv',
    source: 'DGM §6.3, Eq. 6.5-6.31, with convolutions and images that move by a pixel',
    accepts: isLabelledGrey,
    create: (task) =>
      jointExperiment(task, {
        network: convTrunk,
        epochs: 80,
        shifts: true,
        generativeWeight: 0.1,
        steps: 10,
      }),
  },
];
