import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { biasCorrection } from './bias-correction';
import type { OptimizerFactory } from './optimizer';
import type { Schedule } from './schedule';
import { optimizerFactory, type UpdateRule } from './slot-optimizer';

export interface AdamOptions {
  /** 1e-3 unless given. */
  readonly learningRate?: number | Schedule;
  /** Decay of the mean gradient, in (0, 1); 0.9 unless given. */
  readonly beta1?: number;
  /** Decay of the mean squared gradient, in (0, 1); 0.999 unless given. */
  readonly beta2?: number;
  /** Added to the denominator; 1e-8 unless given. */
  readonly epsilon?: number;
}

export interface AdamWOptions extends AdamOptions {
  /** Shrinks the weights by `learningRate * weightDecay` at each step; 1e-2 unless given. */
  readonly weightDecay?: number;
}

/**
 * Adam, $w \leftarrow w - \eta\, \hat m / (\sqrt{\hat v} + \epsilon)$, with PyTorch's conventions and defaults.
 * @see Adam: a method for stochastic optimization (Kingma and Ba, 2015), Algorithm 1
 */
export function adam({
  learningRate = 1e-3,
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
}: AdamOptions = {}): OptimizerFactory {
  return optimizerFactory('adam', learningRate, { beta1, beta2, epsilon }, adamRule(beta1, beta2, epsilon));
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
  const rule = adamRule(beta1, beta2, epsilon);
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
type AdamFactors = { readonly rate: Tensor; readonly floor: Tensor };

/**
 * The slots are decayed *sums* $M = m / (1 - \beta_1)$ and $V = v / (1 - \beta_2)$ and the constant factors move into
 * two scalars per step: the same step in ten passes over the weights where the textbook form takes thirteen.
 */
function adamRule(beta1: number, beta2: number, epsilon: number): UpdateRule<AdamSlot, AdamFactors> {
  return {
    slots: ['m', 'v'],
    factors({ learningRate, step }) {
      // sqrt(v / (1 - beta2^t)) = scale * sqrt(V)
      const scale = tf.sqrt(tf.div(1 - beta2, biasCorrection(beta2, step)));
      const rate = tf.div(tf.mul(learningRate, 1 - beta1), tf.mul(biasCorrection(beta1, step), scale));
      return { rate, floor: tf.div(epsilon, scale) };
    },
    update(w, g, slots, { rate, floor }) {
      const m = tf.add(tf.mul(slots.m, beta1), g);
      const v = tf.add(tf.mul(slots.v, beta2), tf.square(g));
      return { weight: tf.sub(w, tf.mul(rate, tf.div(m, tf.add(tf.sqrt(v), floor)))), m, v };
    },
  };
}
