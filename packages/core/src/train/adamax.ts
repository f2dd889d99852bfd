import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { AdamFamilyOptions } from './adam';
import { biasCorrection } from './bias-correction';
import type { OptimizerFactory } from './optimizer';
import { optimizerFactory } from './slot-optimizer';

/**
 * Adamax, Adam under the infinity norm:
 * $u \leftarrow \max(\beta_2 u, |g| + \epsilon),\; w \leftarrow w - \frac{\eta}{1 - \beta_1^t}\, m / u$,
 * with PyTorch's conventions and defaults. The slot `m` is the decayed sum $m / (1 - \beta_1)$, which saves a pass.
 * @see Adam: a method for stochastic optimization (Kingma and Ba, 2015), Algorithm 2
 */
export function adamax({
  learningRate = 1e-3,
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
}: AdamFamilyOptions = {}): OptimizerFactory {
  return optimizerFactory<'m' | 'u', { readonly rate: Tensor }>(
    'adamax',
    learningRate,
    { beta1, beta2, epsilon },
    {
      slots: ['m', 'u'],
      factors: (context) => ({
        rate: tf.div(tf.mul(context.learningRate, 1 - beta1), biasCorrection(beta1, context.step)),
      }),
      update(w, g, slots, { rate }) {
        const m = tf.add(tf.mul(slots.m, beta1), g);
        const u = tf.maximum(tf.mul(slots.u, beta2), tf.add(tf.abs(g), epsilon));
        return { weight: tf.sub(w, tf.mul(rate, tf.div(m, u))), m, u };
      },
    },
  );
}
