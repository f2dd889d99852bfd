import {
  ArgumentError,
  checkInteger,
  checkMethods,
  checkNumber,
  checkOptions,
  formatShape,
  logSigmoid,
  logSumExp,
} from '@dgm/core';
import type { Distribution } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { record } from '../record';
import type { EnergyObjective } from './energy-objective';

export interface NoiseContrastiveOptions {
  /**
   * What the noise is drawn from: with the shape of an example, wide enough for all of the data but not much
   * wider.
   */
  readonly noise: Distribution;
  /** Draws of noise for each example, $\nu$. @defaultValue 1 */
  readonly ratio?: number;
}

/**
 * Noise-contrastive estimation: tells examples from noise by the log-odds $G(x) = -E(x) - c - \ln p_n(x) - \ln \nu$, in which c
 * is learned as well,
 *
 * $$\mathcal L = -\mathbb E_{data}[\ln \sigma(G(x))] - \nu\, \mathbb E_{noise}[\ln \sigma(-G(\tilde x))]$$
 *
 * At the minimum $c = \ln Z$: it is the parameter `logPartition` of the model.
 *
 * @throws {@link ArgumentError} for an option that is unknown or out of its range.
 * @see Noise-Contrastive Estimation of Unnormalized Statistical Models (Gutmann and Hyvärinen, 2012), Eq. 8
 *
 * @example
 * ```ts
 * const noise = new Independent(new Normal(0, 2, { shape: [2] }), 1);
 * const model = energyModel({
 *   network: mlp([2, 64, 64, 1], { key: key.fold('network'), activation: 'swish' }),
 *   shape: [2],
 *   range: [-4, 4],
 *   objective: noiseContrastiveEstimation({ noise, ratio: 4 }),
 *   key: key.fold('chains'),
 * });
 * ```
 */
export function noiseContrastiveEstimation(options: NoiseContrastiveOptions): EnergyObjective {
  const where = 'noiseContrastiveEstimation';
  checkOptions(where, options, ['noise', 'ratio']);
  const { noise, ratio = 1 } = options;
  const expected = 'to be one distribution of examples, such as standardNormal([2])';
  checkMethods(where, 'noise', noise, { methods: ['sample', 'logProb'], expected });
  if (noise.batchShape.length > 0) {
    const actual = `a batch ${formatShape(noise.batchShape)} of them`;
    throw new ArgumentError({ where, argument: 'noise', expected, actual, remedy: 'wrap it in Independent' });
  }
  checkInteger(where, 'ratio', ratio);
  const objective: EnergyObjective = {
    name: 'noise contrastive',
    data: 'reals',
    learnsPartition: true,
    loss: (model, x, key) =>
      tf.tidy(() => {
        const draws = noise.sample(key, [ratio * x.shape[0]!]);
        const logOdds = (each: Tensor): Tensor =>
          tf.sub(
            tf.neg(tf.add(model.energy(each), model.learnedPartition!)),
            tf.add(noise.logProb(each), Math.log(ratio)),
          );
        const data = tf.neg(tf.mean<Scalar>(logSigmoid(logOdds(x))));
        const other = tf.neg(tf.mean<Scalar>(logSigmoid(tf.neg(logOdds(draws)))));
        return { total: tf.add<Scalar>(data, tf.mul(ratio, other)), data, noise: other };
      }),
  };
  return record(objective, 'noiseContrastiveEstimation', arguments);
}

export interface EnergyDiscrepancyOptions {
  /** The standard deviation $\sigma$ of the noise: about the distance over which the energy changes. */
  readonly std: number;
  /** Negatives of each example, M. @defaultValue 16 */
  readonly negatives?: number;
  /** w, which bounds the loss from below where all negatives have high energies. @defaultValue 1 */
  readonly stabilization?: number;
}

/**
 * Energy discrepancy: contrasts each example with points around a noisy copy of it, without chains or scores,
 *
 * $$\mathcal L = \mathbb E \left[ \ln \left( \frac wM + \frac1M \sum_{j=1}^M e^{E(x) - E(x + \sigma (\xi + \xi_j))} \right)
 * \right], \quad \xi, \xi_j \sim \mathcal N(0, I)$$
 *
 * For a small $\sigma$ it is score matching, for a large one the likelihood.
 *
 * @throws {@link ArgumentError} for an option that is unknown or out of its range.
 * @see Energy Discrepancies: A Score-Independent Loss for Energy-Based Models (Schröder et al., 2023), Eq. 11
 *
 * @example
 * ```ts
 * const model = energyModel({
 *   network: mlp([2, 64, 64, 1], { key: key.fold('network'), activation: 'swish' }),
 *   shape: [2],
 *   range: [-4, 4],
 *   objective: energyDiscrepancy({ std: 0.5 }),
 *   key: key.fold('chains'),
 * });
 * ```
 */
export function energyDiscrepancy(options: EnergyDiscrepancyOptions): EnergyObjective {
  const where = 'energyDiscrepancy';
  checkOptions(where, options, ['std', 'negatives', 'stabilization']);
  const { std, negatives = 16, stabilization = 1 } = options;
  checkNumber(where, 'std', std, { above: 0 });
  checkInteger(where, 'negatives', negatives);
  checkNumber(where, 'stabilization', stabilization, { min: 0 });
  const objective: EnergyObjective = {
    name: 'energy discrepancy',
    data: 'reals',
    loss: (model, x, key) =>
      tf.tidy(() => {
        const [n, ...shape] = x.shape as [number, ...number[]];
        const common = key.fold('common').normal([n, 1, ...shape]);
        const own = key.fold('own').normal([n, negatives, ...shape]);
        const around = tf.add(tf.expandDims(x, 1), tf.mul(std, tf.add(common, own)));
        const energies = tf.reshape(model.energy(tf.reshape(around, [-1, ...shape])), [n, negatives]);
        const gaps = tf.sub(tf.expandDims(model.energy(x), 1), energies);
        const terms =
          stabilization > 0 ? tf.concat([gaps, tf.fill([n, 1], Math.log(stabilization))], 1) : gaps;
        return { total: tf.sub<Scalar>(tf.mean(logSumExp(terms, { axis: 1 })), Math.log(negatives)) };
      }),
  };
  return record(objective, 'energyDiscrepancy', arguments);
}
