import * as tf from '@tensorflow/tfjs-core';
import type { OptimizerFactory } from './optimizer';
import type { Schedule } from './schedule';
import { optimizerFactory } from './slot-optimizer';

export interface SgdOptions {
  /** 1e-3 unless given. */
  readonly learningRate?: number | Schedule;
  /** How much of the last direction is kept, in [0, 1); 0 unless given. */
  readonly momentum?: number;
  /** Looks ahead by one momentum step. */
  readonly nesterov?: boolean;
}

/**
 * Stochastic gradient descent, $b \leftarrow \mu b + g,\; w \leftarrow w - \eta b$
 * (Nesterov: $w \leftarrow w - \eta (g + \mu b)$), with PyTorch's conventions.
 */
export function sgd({
  learningRate = 1e-3,
  momentum = 0,
  nesterov = false,
}: SgdOptions = {}): OptimizerFactory {
  if (momentum === 0) {
    return optimizerFactory<never, Record<string, never>>(
      'sgd',
      learningRate,
      { momentum, nesterov },
      {
        slots: [],
        factors: () => ({}),
        update: (w, g, _slots, { learningRate: rate }) => ({ weight: tf.sub(w, tf.mul(rate, g)) }),
      },
    );
  }
  return optimizerFactory<'momentum', Record<string, never>>(
    'sgd',
    learningRate,
    { momentum, nesterov },
    {
      slots: ['momentum'],
      factors: () => ({}),
      update(w, g, slots, { learningRate: rate }) {
        const b = tf.add(tf.mul(slots.momentum, momentum), g);
        const direction = nesterov ? tf.add(g, tf.mul(b, momentum)) : b;
        return { weight: tf.sub(w, tf.mul(rate, direction)), momentum: b };
      },
    },
  );
}
