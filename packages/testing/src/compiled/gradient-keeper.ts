import type { OptimizerFactory, StepOptions } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Where {@link gradientKeeper} keeps the gradients. */
const KEPT = 'gradient';

/** The optimizers with a slot that sums up past gradients: after the first step it is the gradient, to the bit. */
const SUMS: Readonly<Record<string, string>> = { adam: 'm', adamW: 'm', adamax: 'm', sgd: 'momentum' };

/** The slot in which an optimizer shows the gradients of its first step, if there is one. */
export function gradientSlot(optimizer: StepOptions['optimizer']): string | undefined {
  const { name, hyperparameters } = optimizer as OptimizerFactory;
  const hasSum = name !== 'sgd' || (hyperparameters['momentum'] ?? 0) !== 0;
  // A penalty joins the gradient.
  return hasSum && (hyperparameters['l2'] ?? 0) === 0 ? SUMS[name] : undefined;
}

/** Whether a path of a step's state is that of a gradient. */
export function isGradient(path: string, slot = KEPT): boolean {
  return path.split('/')[2] === slot;
}

/** Leaves the weights alone and keeps their gradients, where an optimizer keeps its slots. */
export const gradientKeeper: OptimizerFactory = {
  name: 'gradient-keeper',
  learningRate: () => 0,
  hyperparameters: {},
  create: (variables) => {
    const kept = new Map(
      [...variables].map(([path, { shape }]) => [
        `${KEPT}/${path}`,
        tf.tidy(() => tf.variable(tf.zeros(shape), false)),
      ]),
    );
    return {
      parameters: () => kept,
      apply: (gradients: ReadonlyMap<string, Tensor>) =>
        gradients.forEach((gradient, path) => kept.get(`${KEPT}/${path}`)!.assign(gradient)),
      dispose: () => tf.dispose([...kept.values()]),
    };
  },
};
