import { checkMethods, checkNumber, checkOptions, exactTrace, jacobianProductOf } from '@dgm/core';
import type { Trace } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { record } from '../record';
import type { EnergyFunction, EnergyObjective } from './energy-objective';

export interface ImplicitScoreMatchingOptions {
  /**
   * How the trace of the Jacobian is computed: exactly, by a backward pass for each entry of an example, or by
   * `hutchinsonTrace()`, with one for each random direction (sliced score matching).
   * @defaultValue `exactTrace()`
   */
  readonly trace?: Trace;
}

/**
 * Score matching, in the form that needs no score of the data: with the score $s(x) = -\nabla E(x)$,
 *
 * $$\mathcal L = \mathbb E\left[ \mathrm{tr}\, \nabla s(x) + \tfrac12 \|s(x)\|^2 \right]$$
 *
 * is $\frac12 \mathbb E \|s(x) - \nabla \ln p(x)\|^2$ but for a constant, for a density that vanishes at the ends of its range.
 * It takes the third derivative of the network: use smooth activations.
 *
 * @throws {@link ArgumentError} for an unknown option.
 * @see Estimation of Non-Normalized Statistical Models by Score Matching (Hyvärinen, 2005), Eq. 4; Sliced Score Matching (Song et
 * al., 2019), Eq. 8
 *
 * @example
 * ```ts
 * const model = energyModel({
 *   network: mlp([2, 64, 64, 1], { key: key.fold('network'), activation: 'swish' }),
 *   shape: [2],
 *   range: [-4, 4],
 *   objective: implicitScoreMatching({ trace: hutchinsonTrace() }),
 *   key: key.fold('chains'),
 * });
 * ```
 */
export function implicitScoreMatching(options: ImplicitScoreMatchingOptions = {}): EnergyObjective {
  checkOptions('implicitScoreMatching', options, ['trace']);
  const { trace = exactTrace() } = options;
  checkMethods('implicitScoreMatching', 'trace', trace, {
    methods: ['directions', 'of'],
    expected: 'to be exactTrace() or hutchinsonTrace()',
  });
  const objective: EnergyObjective = {
    name: 'score matching',
    data: 'reals',
    usesScore: true,
    loss: (model, x, key) =>
      tf.tidy(() => {
        const rows = flat(x);
        const score = (each: Tensor): Tensor => flat(scoreOf(model, tf.reshape(each, x.shape)));
        const divergence = trace.of(trace.directions(rows, key), jacobianProductOf(score, rows));
        const norm = tf.mul(0.5, tf.sum(tf.square(score(rows)), 1));
        const means = { divergence: tf.mean<Scalar>(divergence), norm: tf.mean<Scalar>(norm) };
        return { total: tf.add<Scalar>(means.divergence, means.norm), ...means };
      }),
  };
  return record(objective, 'implicitScoreMatching', arguments);
}

export interface DenoisingScoreMatchingOptions {
  /** The standard deviation $\sigma$ of the noise. */
  readonly std: number;
}

/**
 * Denoising score matching: for $\tilde x = x + \sigma \epsilon$ with $\epsilon \sim \mathcal N(0, I)$,
 *
 * $$\mathcal L = \tfrac12 \mathbb E \| \sigma s(\tilde x) + \epsilon \|^2$$
 *
 * has its minimum at the score of $\tilde x$. The energy that it learns is that of the data with the noise: little noise for a
 * small bias, more noise for a small variance.
 *
 * @throws {@link ArgumentError} for an option that is unknown or out of its range.
 * @see A Connection Between Score Matching and Denoising Autoencoders (Vincent, 2011), Eq. 9, times $\sigma^2$
 *
 * @example
 * ```ts
 * const model = energyModel({
 *   network: mlp([2, 64, 64, 1], { key: key.fold('network'), activation: 'swish' }),
 *   shape: [2],
 *   range: [-4, 4],
 *   objective: denoisingScoreMatching({ std: 0.1 }),
 *   key: key.fold('chains'),
 * });
 * ```
 */
export function denoisingScoreMatching(options: DenoisingScoreMatchingOptions): EnergyObjective {
  const where = 'denoisingScoreMatching';
  checkOptions(where, options, ['std']);
  const { std } = options;
  checkNumber(where, 'std', std, { above: 0 });
  const objective: EnergyObjective = {
    name: 'denoising score matching',
    data: 'reals',
    usesScore: true,
    loss: (model, x, key) =>
      tf.tidy(() => {
        const noise = key.normal(x.shape);
        const score = scoreOf(model, tf.add(x, tf.mul(std, noise)));
        const errors = tf.sum(tf.square(flat(tf.add(tf.mul(std, score), noise))), 1);
        return { total: tf.mul<Scalar>(0.5, tf.mean(errors)) };
      }),
  };
  return record(objective, 'denoisingScoreMatching', arguments);
}

/** $-\nabla E(x)$. */
function scoreOf(model: EnergyFunction, x: Tensor): Tensor {
  // The gradient of a vector is that of its sum: rows do not depend on each other.
  return tf.grad((each: Tensor) => tf.neg(model.energy(each)))(x);
}

const flat = (x: Tensor): Tensor => tf.reshape(x, [x.shape[0]!, -1]);
