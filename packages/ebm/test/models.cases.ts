import { Key, sgd } from '@dgm/core';
import type { GenerativeModel } from '@dgm/core';
import type { CompiledCase, ModelCase } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { bernoulliUnits, categoricalUnits, gaussianUnits, rbm } from '../src/index';
import type { Rbm, RbmOptions, VisibleUnits } from '../src/index';

type Case = ModelCase & CompiledCase;

const DIMS = 6;

/** Minus the exact mean log-likelihood of the batch. */
function exactNats(model: GenerativeModel, data: Tensor): number {
  const { energy, logPartition } = model as Rbm;
  return tf.tidy(() => tf.add(tf.mean(energy.call(model, data)), logPartition.call(model)).dataSync()[0]!);
}

/** Two patterns of which each entry is now and then another value. */
const patterns = (levels: number) => () =>
  tf.tidy(() => {
    const pattern = Key.of(1).bernoulli([48, 1], 0.5);
    const noise = Key.of(2).bernoulli([48, DIMS], 0.1);
    return tf.mul(tf.abs(tf.sub(tf.tile(pattern, [1, DIMS]), noise)), levels - 1);
  });

const small = (visible: VisibleUnits, options: Partial<RbmOptions> = {}) => ({
  make: (key: Key) => rbm({ visible, hidden: 4, key, steps: 2, sampleSteps: 10, ...options }),
  measure: exactNats,
  fall: 0.1,
  learningRate: 0.05,
  // As RBMs are trained. Adam divides by gradients of hidden biases that are all but rounding at first.
  training: { optimizer: sgd({ learningRate: 0.1, momentum: 0.5 }) },
});

const bits = (options?: Partial<RbmOptions>): Case => ({
  ...small(bernoulliUnits({ shape: [DIMS] }), options),
  data: patterns(2),
  range: [0, 1],
});

/** The models with small weights and data: every check of the contract kit runs over each. */
export const models: Readonly<Record<string, () => Case>> = {
  rbm: () => bits(),
  'rbm (persistent chains, weight decay)': () => bits({ chains: 16, weightDecay: 1e-3 }),
  'rbm (categorical)': () => ({
    ...small(categoricalUnits({ shape: [DIMS], levels: 3 })),
    data: patterns(3),
    range: [0, 2],
  }),
  'rbm (Gaussian)': () => ({
    ...small(gaussianUnits({ shape: [DIMS] }), { chains: 16 }),
    data: () => tf.tidy(() => tf.add(patterns(3)(), tf.mul(0.5, Key.of(3).normal([48, DIMS])))),
    steps: 100,
    learningRate: 0.02,
  }),
};
