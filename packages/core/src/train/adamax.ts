import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { ADAM_RANGES, type AdamFamilyOptions } from './adam';
import { biasCorrection } from './bias-correction';
import type { OptimizerFactory } from './optimizer';
import { checkOptimizerOptions, optimizerFactory, type UpdateRule } from './slot-optimizer';

/**
 * Adamax, Adam under the infinity norm:
 * $u \leftarrow \max(\beta_2 u, |g| + \epsilon),\; w \leftarrow w - \frac{\eta}{1 - \beta_1^t}\, m / u$,
 * with PyTorch's conventions and defaults. The slot `m` is the decayed sum $m / (1 - \beta_1)$, which saves a pass.
 * @throws ArgumentError for an option that is unknown or out of its range
 * @see Adam: a method for stochastic optimization (Kingma and Ba, 2015), Algorithm 2
 */
export function adamax(options: AdamFamilyOptions = {}): OptimizerFactory {
  checkOptimizerOptions('adamax', options, ADAM_RANGES);
  const { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options;
  const hyperparameters = { beta1, beta2, epsilon };
  return optimizerFactory('adamax', learningRate, hyperparameters, adamaxRule(hyperparameters));
}

export function adamaxRule({
  beta1,
  beta2,
  epsilon,
}: Readonly<Record<'beta1' | 'beta2' | 'epsilon', number>>): UpdateRule<
  'm' | 'u',
  { readonly rate: Tensor }
> {
  return {
    slots: ['m', 'u'],
    factors: ({ learningRate, step }) => ({
      rate: tf.div(tf.mul(learningRate, 1 - beta1), biasCorrection(beta1, step)),
    }),
    update(w, g, slots, { rate }) {
      const m = tf.add(tf.mul(slots.m, beta1), g);
      const u = tf.maximum(tf.mul(slots.u, beta2), tf.add(tf.abs(g), epsilon));
      return { weight: tf.sub(w, tf.mul(rate, tf.div(m, u))), m, u };
    },
    pass(before, after, { rate }) {
      const { fround, abs, max } = Math;
      const decay1 = fround(beta1);
      const decay2 = fround(beta2);
      const least = fround(epsilon);
      // Bound to names, arrays are not looked up again for each number: that takes as long as the arithmetic.
      const { weight, gradient, m, u } = before;
      const { weight: newWeight, m: newM, u: newU } = after;
      for (let i = 0; i < weight.length; i++) {
        const g = gradient[i]!;
        const mean = fround(fround(m[i]! * decay1) + g);
        const bound = max(fround(u[i]! * decay2), fround(abs(g) + least));
        newM[i] = mean;
        newU[i] = bound;
        newWeight[i] = fround(weight[i]! - fround(rate * fround(mean / bound)));
      }
    },
  };
}
