import * as tf from '@tensorflow/tfjs-core';
import {
  checkOptimizerOptions,
  DECAY,
  NOT_NEGATIVE,
  type OptimizerFactory,
  optimizerFactory,
  type UpdateRule,
} from './optimizer';
import type { Schedule } from './schedule';

export interface RmspropOptions {
  /** @defaultValue 1e-2 */
  readonly learningRate?: number | Schedule;
  /**
   * Decay of the mean squared gradient, in [0, 1).
   * @defaultValue 0.99
   */
  readonly decay?: number;
  /**
   * The momentum: the fraction of the last direction that is kept, in [0, 1).
   * @defaultValue 0
   */
  readonly momentum?: number;
  /**
   * Added to the denominator.
   * @defaultValue 1e-8
   */
  readonly epsilon?: number;
}

/**
 * RMSprop, $v \leftarrow \alpha v + (1 - \alpha) g^2,\; w \leftarrow w - \eta\, g / (\sqrt{v} + \epsilon)$,
 * with PyTorch's conventions and defaults; not centered.
 * @throws ArgumentError for an option that is unknown or out of its range
 * @see Lecture 6.5 of Neural networks for machine learning (Tieleman and Hinton, 2012)
 *
 * @example
 * ```ts
 * const model = realNvp({ dims: 2, key });
 * const optimizer = rmsprop({ learningRate: 1e-3 });
 * await fit(model, planeDataset(twoMoons(), { key }), { key, optimizer, batchSize: 100, epochs: 100 });
 * ```
 */
export function rmsprop(options: RmspropOptions = {}): OptimizerFactory {
  checkOptimizerOptions('rmsprop', options, { decay: DECAY, momentum: DECAY, epsilon: NOT_NEGATIVE });
  const { learningRate = 1e-2, decay = 0.99, momentum = 0, epsilon = 1e-8 } = options;
  type None = Record<string, never>;
  const plain: UpdateRule<'v', None> = {
    slots: ['v'],
    factors: () => ({}),
    update(w, g, slots, { learningRate: rate }) {
      const v = tf.add(tf.mul(slots.v, decay), tf.mul(tf.square(g), 1 - decay));
      return { weight: tf.sub(w, tf.mul(rate, tf.div(g, tf.add(tf.sqrt(v), epsilon)))), v };
    },
  };
  const heavy: UpdateRule<'v' | 'momentum', None> = {
    slots: ['v', 'momentum'],
    factors: () => ({}),
    update(w, g, slots, { learningRate: rate }) {
      const v = tf.add(tf.mul(slots.v, decay), tf.mul(tf.square(g), 1 - decay));
      const b = tf.add(tf.mul(slots.momentum, momentum), tf.div(g, tf.add(tf.sqrt(v), epsilon)));
      return { weight: tf.sub(w, tf.mul(rate, b)), v, momentum: b };
    },
  };
  const hyperparameters = { decay, momentum, epsilon };
  return momentum === 0
    ? optimizerFactory('rmsprop', learningRate, hyperparameters, plain)
    : optimizerFactory('rmsprop', learningRate, hyperparameters, heavy);
}
