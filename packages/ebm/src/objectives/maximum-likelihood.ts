import * as tf from '@tensorflow/tfjs-core';
import type { Scalar } from '@tensorflow/tfjs-core';
import { record } from '../record';
import type { EnergyObjective } from './energy-objective';

/**
 * Maximum likelihood, for models whose normalizer is a sum over at most 2^20 states,
 *
 * $$\mathcal L = \mathbb E_{data}[E(x)] + \ln Z$$
 *
 * The gradient is exact, without chains: the mean over the model is a sum over all states. Each step visits them all, so large
 * batches cost little more than small ones.
 *
 * @see DGM Eq. 6.20-6.23, 6.41
 *
 * @example
 * ```ts
 * const visible = bernoulliUnits({ shape: [64] });
 * const model = rbm({ visible, hidden: 10, key, objective: maximumLikelihood() }); // sums over 2^10 hidden states
 * ```
 */
export function maximumLikelihood(): EnergyObjective {
  const objective: EnergyObjective = {
    name: 'nll',
    data: 'any',
    sumsStates: true,
    loss: (model, x) =>
      tf.tidy(() => {
        const [data, logPartition] = [tf.mean<Scalar>(model.energy(x)), model.logPartition!()];
        return { total: tf.add<Scalar>(data, logPartition), data, logPartition };
      }),
  };
  return record(objective, 'maximumLikelihood', arguments);
}
