import * as tf from '@tensorflow/tfjs-core';
import { checkOptimizerOptions, DECAY, type OptimizerFactory, optimizerFactory } from './optimizer';
import type { Schedule } from './schedule';

export interface SgdOptions {
  /** @defaultValue 1e-3 */
  readonly learningRate?: number | Schedule;
  /**
   * The momentum: the fraction of the last direction that is kept, in [0, 1).
   * @defaultValue 0
   */
  readonly momentum?: number;
  /**
   * Whether to use Nesterov momentum, which looks ahead by one step.
   * @defaultValue false
   */
  readonly nesterov?: boolean;
}

/**
 * Stochastic gradient descent, $b \leftarrow \mu b + g,\; w \leftarrow w - \eta b$
 * (Nesterov: $w \leftarrow w - \eta (g + \mu b)$), with PyTorch's conventions.
 * @throws ArgumentError for an option that is unknown or out of its range
 *
 * @example
 * ```ts
 * const model = realNvp({ dims: 2, key });
 * const optimizer = sgd({ learningRate: 0.01, momentum: 0.9, nesterov: true });
 * await fit(model, planeDataset(twoMoons(), { key }), { key, optimizer, batchSize: 100, epochs: 100 });
 * ```
 */
export function sgd(options: SgdOptions = {}): OptimizerFactory {
  checkOptimizerOptions('sgd', options, { momentum: DECAY, nesterov: {} });
  const { learningRate = 1e-3, momentum = 0, nesterov = false } = options;
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
