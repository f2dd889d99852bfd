import { exp, softplus } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { record } from '../record';
import type { EnergyFunction, EnergyObjective } from './energy-objective';

/**
 * Pseudo-likelihood of bits: the probability of each given all others,
 *
 * $$\mathcal L = -\mathbb E \sum_d \ln p(x_d \mid x_{-d}) = \mathbb E \sum_d \ln(1 + e^{E(x) - E(x^{(d)})})$$
 *
 * where $x^{(d)}$ is x with entry d flipped. $\ln Z$ cancels. It takes D energies of each example, but of a Boltzmann machine or a
 * Potts model, whose conditionals come from one product.
 *
 * @see Statistical Analysis of Non-Lattice Data (Besag, 1975)
 *
 * @example
 * ```ts
 * const visible = bernoulliUnits({ shape: [64] });
 * const model = rbm({ visible, hidden: 100, key, objective: pseudoLikelihood() });
 * ```
 */
export function pseudoLikelihood(): EnergyObjective {
  const objective: EnergyObjective = {
    name: 'pseudo-likelihood',
    data: 'bits',
    takesConditionals: true,
    loss: (model, x) =>
      tf.tidy(() => {
        const nats = model.conditionals ? tf.neg(model.conditionals(x)) : softplus(energyDrops(model, x));
        return { total: tf.mean<Scalar>(tf.sum(nats, 1)) };
      }),
  };
  return record(objective, 'pseudoLikelihood', arguments);
}

/**
 * Minimum probability flow of bits: how fast probability leaves the examples under dynamics that flip a bit at a time,
 *
 * $$\mathcal L = \mathbb E \sum_d e^{(E(x) - E(x^{(d)})) / 2}$$
 *
 * where $x^{(d)}$ is x with entry d flipped.
 *
 * @see Minimum Probability Flow Learning (Sohl-Dickstein, Battaglino and DeWeese, 2011), Eq. 10
 *
 * @example
 * ```ts
 * const visible = bernoulliUnits({ shape: [64] });
 * const model = rbm({ visible, hidden: 100, key, objective: minimumProbabilityFlow() });
 * ```
 */
export function minimumProbabilityFlow(): EnergyObjective {
  const objective: EnergyObjective = {
    name: 'probability flow',
    data: 'bits',
    loss: (model, x) =>
      tf.tidy(() => ({ total: tf.mean<Scalar>(tf.sum(exp(tf.mul(0.5, energyDrops(model, x))), 1)) })),
  };
  return record(objective, 'minimumProbabilityFlow', arguments);
}

/** $E(x) - E(x^{(d)})$, by how much the energy falls where entry d of x is flipped: `[n, D]`. */
function energyDrops(model: EnergyFunction, x: Tensor): Tensor {
  const energy = tf.expandDims(model.energy(x), 1);
  const n = x.shape[0]!;
  const rows = tf.reshape(x, [n, 1, -1]);
  const size = rows.shape[2]!;
  // |x - e_d|
  const flipped = tf.abs(tf.sub(rows, tf.expandDims(tf.eye(size), 0)));
  const energies = tf.reshape(model.energy(tf.reshape(flipped, [n * size, ...x.shape.slice(1)])), [n, size]);
  return tf.sub(energy, energies);
}
