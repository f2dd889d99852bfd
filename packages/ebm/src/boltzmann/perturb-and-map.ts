import { checkInteger, checkKey, checkMethods, checkOptions, sizeOf } from '@dgm/core';
import type { Key, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkEliminates, eliminationOf, largestByElimination, type LogPotentials } from './elimination';

/** A machine of units that interact in pairs: `boltzmannMachine`, `hopfieldNetwork` or `pottsModel`. */
export interface PairwiseModel {
  readonly eventShape: Shape;
  logPotentials(): Promise<LogPotentials>;
}

export interface PerturbAndMapOptions {
  readonly key: Key;
  /** How often the energy is perturbed, at least 2. @defaultValue 100 */
  readonly draws?: number;
}

/** An expectation, estimated by a mean. */
export interface MeanEstimate {
  readonly mean: number;
  readonly standardError: number;
}

/** What {@link perturbAndMap} finds. */
export interface PerturbedModes {
  /** The modes of the perturbed energies, which are samples of about the law of the model, `[draws, ...shape]`. The caller owns them. */
  readonly samples: Tensor;
  /** Of which the expectation is at most $\ln Z$, nats. */
  readonly lower: MeanEstimate;
  /** Of which the expectation is at least $\ln Z$, nats. */
  readonly upper: MeanEstimate;
}

/** The mean of the standard Gumbel distribution. */
const EULER = 0.5772156649015329;

/**
 * Perturb-and-MAP: noise $\gamma_i(k)$ of the Gumbel distribution, with a mean of 0, is added to $-E$ for each value of each unit, and the
 * best state is found. With D units
 *
 * $$\mathbb E \max_x \Big( -E(x) + \frac1D \sum_i \gamma_i(x_i) \Big) \le \ln Z \le
 * \mathbb E \max_x \Big( -E(x) + \sum_i \gamma_i(x_i) \Big)$$
 *
 * and the states of the right-hand side are samples of about the law of the model, independent of each other. Where nothing interacts
 * they are exact, and so is the upper bound; both get worse as weights grow.
 *
 * @param model - whose edges have few units open at a time, such as a tree, or a grid of about 12 by 12 bits: the best state
 *   is exact, by maxima over one unit after the other, which on a tree is max-product belief propagation
 * @throws {@link ArgumentError} for an option that is unknown or out of its range, or another model.
 * @throws {@link UnsupportedError} where the best state takes more than 2^23 sums.
 * @throws {@link NumericalError} if a weight is not a number.
 * @see Perturb-and-MAP Random Fields (Papandreou and Yuille, 2011); On the Partition Function and Random Maximum A-Posteriori
 * Perturbations (Hazan and Jaakkola, 2012), Corollary 1, for the upper bound; On Sampling from the Gibbs Distribution with Random Maximum
 * A-Posteriori Perturbations (Hazan, Maji and Jaakkola, 2013) for the lower
 *
 * @example
 * ```ts
 * const potts = pottsModel({ shape: [8, 8], levels: 3, edges: gridEdges([8, 8]), key });
 * const { samples, lower, upper } = await perturbAndMap(potts, { key, draws: 50 });
 * console.log(samples.shape, lower.mean < upper.mean); // [50, 8, 8] true
 * ```
 */
export async function perturbAndMap(
  model: PairwiseModel,
  options: PerturbAndMapOptions,
): Promise<PerturbedModes> {
  const where = 'perturbAndMap';
  checkMethods(where, 'model', model, {
    methods: ['logPotentials'],
    expected: 'to be a Boltzmann machine without hidden units, or a Potts model',
  });
  checkOptions(where, options, ['key', 'draws']);
  const { key, draws = 100 } = options;
  checkKey(where, key);
  checkInteger(where, 'draws', draws, { min: 2 });
  const potentials = await model.logPotentials();
  const { levels, edges } = potentials;
  const size = sizeOf(model.eventShape);
  const elimination = eliminationOf(size, edges, levels);
  checkEliminates(where, elimination, 'bound ln Z with logPartitionBounds, and sample');
  const random = key.generator();
  const samples = new Float32Array(draws * size);
  const [lower, upper] = [new Float64Array(draws), new Float64Array(draws)];
  for (let draw = 0; draw < draws; draw++) {
    const noise = Float64Array.from(potentials.units, () => random.gumbel() - EULER);
    const perturbed = (scale: number) =>
      largestByElimination(where, elimination, {
        ...potentials,
        units: potentials.units.map((value, index) => value + scale * noise[index]!),
      });
    const { values, sum } = perturbed(1);
    samples.set(values, draw * size);
    upper[draw] = sum;
    lower[draw] = perturbed(1 / size).sum;
  }
  return {
    samples: tf.tensor(samples, [draws, ...model.eventShape]),
    lower: meanOf(lower),
    upper: meanOf(upper),
  };
}

function meanOf(values: Float64Array): MeanEstimate {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { mean, standardError: Math.sqrt(variance / values.length) };
}
