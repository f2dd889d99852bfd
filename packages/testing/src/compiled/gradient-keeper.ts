import type { OptimizerFactory } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Leaves the weights alone and keeps their gradients, where an optimizer keeps its slots. */
export const gradientKeeper: OptimizerFactory = {
  name: 'gradient-keeper',
  learningRate: () => 0,
  hyperparameters: {},
  create: (variables) => {
    const kept = new Map(
      [...variables].map(([path, { shape }]) => [path, tf.tidy(() => tf.variable(tf.zeros(shape), false))]),
    );
    return {
      parameters: () => kept,
      apply: (gradients: ReadonlyMap<string, Tensor>) =>
        gradients.forEach((gradient, path) => kept.get(path)!.assign(gradient)),
      dispose: () => tf.dispose([...kept.values()]),
    };
  },
};
