import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkNumber, checkOptions } from '../check/check';
import type { SamplingLoop } from '../model/sampling-loop';
import { clipToRange } from '../ops/clip';
import {
  chainInputs,
  checkGradientChain,
  INITIAL,
  pointAt,
  sumEvent,
  type GradientChainOptions,
  type Point,
} from './chain';
import { metropolis, type MetropolisLoop, type MetropolisOptions } from './metropolis';

export interface LangevinOptions extends GradientChainOptions {
  /**
   * T: the chain samples $p^{1/T}$. Below 1, as in the training of energy-based models, it stays nearer to the modes.
   * @defaultValue 1
   */
  readonly temperature?: number;
  /** Clamps each state from below. @defaultValue no bound */
  readonly min?: number;
  /** Clamps each state from above. @defaultValue no bound */
  readonly max?: number;
}

/**
 * Unadjusted Langevin dynamics: n chains that follow the gradient of a log-density, with noise,
 *
 * $$x_{t+1} = x_t + \epsilon\, \nabla \log p(x_t) + \sqrt{2 \epsilon T}\; z_t, \quad z_t \sim \mathcal N(0, I)$$
 *
 * for a step size $\epsilon$. Its stationary law is $p^{1/T}$ but for an error that vanishes with $\epsilon$; {@link mala}
 * has none. The noise has to have the standard deviation $\sqrt{2 \epsilon T}$: with less, chains gather at the modes.
 *
 * @returns a loop for `runSamplingLoop`, `compileSampler` or {@link drawsAlong}, in which no value is read
 * @throws {@link ArgumentError} for an option out of its range.
 * @see Bayesian Learning via Stochastic Gradient Langevin Dynamics (Welling and Teh, 2011), Eq. 3, with step $2 \epsilon$
 *
 * @example
 * ```ts
 * const target = new Independent(new Normal(0.5, 0.1, { shape: [2] }), 1);
 * const initial = key.fold('start').uniform([100, 2]);
 * const logProb = (x: tf.Tensor): tf.Tensor => target.logProb(x);
 * const loop = langevin({ logProb, initial, steps: 60, stepSize: 0.001, min: 0, max: 1 });
 * const draws = runSamplingLoop(loop, Key.of(0)); // [100, 2]
 * ```
 */
export function langevin(options: LangevinOptions): SamplingLoop {
  const where = 'langevin';
  const { logProb, steps, stepSize, temperature = 1, min, max } = options;
  checkOptions(where, options, [...COMMON, 'temperature', 'min', 'max']);
  checkGradientChain(where, options);
  checkNumber(where, 'temperature', temperature, { min: 0 });
  const range = { ...(min !== undefined && { min }), ...(max !== undefined && { max }) };
  const clamp = (x: Tensor): Tensor => (min === undefined && max === undefined ? x : clipToRange(x, range));
  const noiseStd = Math.sqrt(2 * stepSize * temperature);
  return {
    steps,
    inputs: chainInputs(options),
    start: (inputs) => ({ x: tf.clone(inputs[INITIAL]!) }),
    next: ({ x }, inputs, key) =>
      tf.tidy(() => {
        const { gradient } = pointAt(logProb, x!, inputs);
        const drift = tf.add(x!, tf.mul(stepSize, gradient));
        return { x: clamp(tf.add(drift, tf.mul(noiseStd, key.normal(x!.shape)))) };
      }),
    finish: ({ x }) => tf.clone(x!),
  };
}

/**
 * The Metropolis-adjusted Langevin algorithm: a Langevin step as a proposal, accepted with probability
 * $\min\!\left(1, \frac{p(x')\, q(x \mid x')}{p(x)\, q(x' \mid x)}\right)$ for
 * $q(x' \mid x) = \mathcal N(x + \epsilon\, \nabla \log p(x),\; 2 \epsilon I)$, so that its stationary law is p exactly.
 *
 * @param options - `targetAcceptance` is 0.574 by default, the best rate in many dimensions
 * @returns a loop whose state also has `acceptance` and `meanAcceptance`, `[n]`
 * @throws {@link ArgumentError} for an option out of its range.
 * @see Exponential convergence of Langevin distributions and their discrete approximations (Roberts and Tweedie, 1996), §1.4.1
 *
 * @example
 * ```ts
 * const target = new Independent(new Normal(0, 2, { shape: [2] }), 1);
 * const initial = key.fold('start').normal([100, 2]);
 * const loop = mala({ logProb: (x) => target.logProb(x), initial, steps: 200, warmUp: 100, stepSize: 0.1 });
 * const draws = runSamplingLoop(loop, key); // [100, 2]
 * ```
 */
export function mala(options: MetropolisOptions): MetropolisLoop {
  checkOptions('mala', options, [...COMMON, 'warmUp', 'targetAcceptance']);
  return metropolis(
    'mala',
    { targetAcceptance: 0.574, ...options },
    (current, { stepSize, key, evaluate }) => {
      const noise = tf.mul(tf.sqrt(tf.mul(2, stepSize)), key.normal(current.x.shape));
      const point = evaluate(tf.add(drift(current, stepSize), noise));
      // log q(x | x') - log q(x' | x), up to constants that cancel
      const back = sumEvent(tf.square(tf.sub(current.x, drift(point, stepSize))));
      const there = sumEvent(tf.square(noise));
      const logProposals = tf.div(tf.sub(there, back), tf.mul(4, stepSize));
      return { point, logRatio: tf.add(tf.sub(point.logProb, current.logProb), logProposals) };
    },
  );
}

/** The mean of a Langevin step, $x + \epsilon\, \nabla \log p(x)$. */
function drift({ x, gradient }: Point, stepSize: Tensor | number): Tensor {
  return tf.add(x, tf.mul(stepSize, gradient));
}

const COMMON = ['logProb', 'initial', 'steps', 'stepSize', 'inputs'];
