import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { biasCorrection } from './bias-correction';
import type { OptimizerFactory } from './optimizer';
import type { Schedule } from './schedule';
import { optimizerFactory, type UpdateRule } from './slot-optimizer';

/** What Adam and its relatives share. */
export interface AdamFamilyOptions {
  /** 1e-3 unless given. */
  readonly learningRate?: number | Schedule;
  /** Decay of the mean gradient, in (0, 1); 0.9 unless given. */
  readonly beta1?: number;
  /** Decay of the mean squared gradient, in (0, 1); 0.999 unless given. */
  readonly beta2?: number;
  /** Added to the denominator; 1e-8 unless given. */
  readonly epsilon?: number;
}

export interface AdamOptions extends AdamFamilyOptions {
  /** Added to the mean squared gradient, under the root; 0 unless given. Programs that have it set `epsilon` to 0. */
  readonly rootEpsilon?: number;
  /**
   * $\lambda$ of a penalty $\tfrac{\lambda}{2} \lVert w \rVert^2$ on all weights, whose gradient $\lambda w$ joins that of the loss and
   * is scaled with it (PyTorch's `weight_decay`); 0 unless given. {@link adamW} shrinks the weights beside the step instead.
   */
  readonly l2?: number;
}

export interface AdamWOptions extends AdamFamilyOptions {
  /** Shrinks the weights by `learningRate * weightDecay` at each step; 1e-2 unless given. */
  readonly weightDecay?: number;
}

/**
 * Adam, $w \leftarrow w - \eta\, \hat m / (\sqrt{\hat v + \epsilon_r} + \epsilon)$, with PyTorch's conventions and defaults.
 * @see Adam: a method for stochastic optimization (Kingma and Ba, 2015), Algorithm 1
 */
export function adam({
  learningRate = 1e-3,
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
  rootEpsilon = 0,
  l2 = 0,
}: AdamOptions = {}): OptimizerFactory {
  const hyperparameters = { beta1, beta2, epsilon, rootEpsilon, l2 };
  const rule = adamRule(hyperparameters);
  const penalized: typeof rule = {
    ...rule,
    update: (w, g, slots, factors) => rule.update(w, tf.add(g, tf.mul(w, l2)), slots, factors),
  };
  return optimizerFactory('adam', learningRate, hyperparameters, l2 === 0 ? rule : penalized);
}

/**
 * Adam with decoupled weight decay, with PyTorch's conventions and defaults.
 * @see Decoupled weight decay regularization (Loshchilov and Hutter, 2019), Algorithm 2
 */
export function adamW({
  learningRate = 1e-3,
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
  weightDecay = 1e-2,
}: AdamWOptions = {}): OptimizerFactory {
  const rule = adamRule({ beta1, beta2, epsilon, rootEpsilon: 0 });
  return optimizerFactory<AdamSlot, AdamFactors & { readonly shrink: Tensor }>(
    'adamW',
    learningRate,
    { beta1, beta2, epsilon, weightDecay },
    {
      slots: rule.slots,
      factors: (context) => ({
        ...rule.factors(context),
        shrink: tf.sub(1, tf.mul(context.learningRate, weightDecay)),
      }),
      update: (w, g, slots, factors) => rule.update(tf.mul(w, factors.shrink), g, slots, factors),
    },
  );
}

type AdamSlot = 'm' | 'v';
type AdamFactors = { readonly rate: Tensor; readonly floor: Tensor; readonly rootFloor: Tensor };

/**
 * The slots are decayed *sums* $M = m / (1 - \beta_1)$ and $V = v / (1 - \beta_2)$ and the constant factors move into
 * scalars per step: the same step in ten passes over the weights where the textbook form takes thirteen.
 */
function adamRule({
  beta1,
  beta2,
  epsilon,
  rootEpsilon,
}: Readonly<Record<'beta1' | 'beta2' | 'epsilon' | 'rootEpsilon', number>>): UpdateRule<
  AdamSlot,
  AdamFactors
> {
  return {
    slots: ['m', 'v'],
    factors({ learningRate, step }) {
      // sqrt(v / (1 - beta2^t)) = scale * sqrt(V)
      const scale = tf.sqrt(tf.div(1 - beta2, biasCorrection(beta2, step)));
      const rate = tf.div(tf.mul(learningRate, 1 - beta1), tf.mul(biasCorrection(beta1, step), scale));
      return { rate, floor: tf.div(epsilon, scale), rootFloor: tf.div(rootEpsilon, tf.square(scale)) };
    },
    update(w, g, slots, { rate, floor, rootFloor }) {
      const m = tf.add(tf.mul(slots.m, beta1), g);
      const v = tf.add(tf.mul(slots.v, beta2), tf.square(g));
      const root = tf.sqrt(rootEpsilon === 0 ? v : tf.add(v, rootFloor));
      return { weight: tf.sub(w, tf.mul(rate, tf.div(m, tf.add(root, floor)))), m, v };
    },
  };
}
