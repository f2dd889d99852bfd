import { ArgumentError, checkArray, checkInteger, checkNumber, checkOptions, expm1 } from '@dgm/core';
import type { Key, LoopTensors } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { noiseEstimate } from './parameterization';
import { record } from './record';
import type { NoiseLevel } from './schedule';

/** The noise levels at both ends of a step. */
export interface NoiseLevels {
  readonly from: NoiseLevel;
  readonly to: NoiseLevel;
}

/** One step of a sampler: from the noise level of one time to that of an earlier one. */
export interface SamplerStep extends NoiseLevels {
  /** `[n, ...event]` at `from` */
  readonly z: Tensor;
  /**
   * For a model with learned variances, in one pass of the network: the estimate of the data, and d of the variance
   * $e^d \tilde\beta$ of $p(z_s | z_t)$.
   */
  reverse?(z: Tensor, levels: NoiseLevels): { readonly xHat: Tensor; readonly excess: Tensor };
  /** The estimate $\hat x(z, t)$ of the data at a noise level. */
  denoise(z: Tensor, level: NoiseLevel): Tensor;
  /** What the step before left in it. */
  readonly memory: LoopTensors;
  readonly key: Key;
}

/**
 * A way from noise to data. It is given the two noise levels of each step and computes all coefficients from them, so no index
 * of a step exists that could be off by one.
 */
export interface DiffusionSampler {
  /** Decreasing, from 1 to 0. */
  readonly times: readonly number[];
  /** What it remembers before the first step, for z of the given shape. @defaultValue nothing */
  memory?(shape: readonly number[]): LoopTensors;
  /** z at the earlier time, and what it remembers, in the shapes of `memory`. Called inside `tf.tidy`. */
  step(step: SamplerStep): { readonly z: Tensor; readonly memory: LoopTensors };
}

/** Options that all samplers have. */
export interface SamplerOptions {
  /** The number of steps. @defaultValue 20, or 100 for `ancestral` */
  readonly steps?: number;
  /**
   * In place of equal steps of the time: decreasing times from 1 to 0.
   */
  readonly times?: readonly number[];
}

/**
 * DDIM: the data estimate with noise again, of which a share is new.
 *
 * $$z_s = \alpha_s \hat x + \sigma_s \big(\sqrt{1 - \eta^2 c}\, \hat\epsilon + \eta \sqrt{c}\, \epsilon\big), \quad
 *   c = 1 - e^{\gamma_s - \gamma_t}$$
 *
 * $\eta = 1$ is the ancestral sampler of DDPM, with the posterior's variance $\sigma_s^2 c$, or the one that the model has
 * learned; $\eta = 0$ draws nothing, and is an
 * Euler step of the probability-flow ODE of $z / \alpha$ in $\sigma / \alpha$.
 * @param given - `eta` in [0, 1] (`@defaultValue 0`), and those of every sampler
 * @throws ArgumentError for an option that is unknown or out of its range
 * @see Denoising Diffusion Implicit Models (Song et al., 2021), Eq. 12 and 16
 *
 * @example
 * ```ts
 * const network = convDenoiser({ shape: [64], outputs: 17, key });
 * const model = gaussianDiffusion({ shape: [64], levels: 17, network });
 * const images = model.sample(key, 16, { sampler: ddim({ steps: 10 }) }); // [16, 64]
 * ```
 */
export function ddim(given: SamplerOptions & { readonly eta?: number } = {}): DiffusionSampler {
  checkOptions('ddim', given, ['steps', 'times', 'eta']);
  const { eta = 0, ...options } = given;
  checkNumber('ddim', 'eta', eta, { min: 0, max: 1 });
  const sampler: DiffusionSampler = {
    times: timesOf('ddim', options, 20),
    step: ({ z, from, to, denoise, reverse, key }) => {
      const { xHat, excess = tf.scalar(0) } =
        eta === 1 && reverse ? reverse(z, { from, to }) : { xHat: denoise(z, from) };
      const c = tf.neg(expm1(tf.sub(to.gamma, from.gamma)));
      const kept = tf.sqrt(tf.sub(1, tf.mul(eta ** 2, c)));
      const old = tf.mul(kept, noiseEstimate(xHat, z, from));
      const spread = tf.mul(tf.mul(eta, tf.sqrt(c)), tf.exp(tf.div(excess, 2)));
      const noise = eta === 0 ? old : tf.add(old, tf.mul(spread, key.normal(z.shape)));
      return { z: tf.add(tf.mul(to.alpha, xHat), tf.mul(to.sigma, noise)), memory: {} };
    },
  };
  return record(sampler, 'ddim', arguments);
}

/**
 * The reverse process itself, one draw of $p(z_s | z_t) = q(z_s | z_t, x = \hat x)$ per step: {@link ddim} with $\eta = 1$.
 * @throws ArgumentError for an option that is unknown or out of its range
 * @see DGM Eq. 4.99-4.101; Variational Diffusion Models (Kingma et al., 2021), Eq. 33 and 34
 *
 * @example
 * ```ts
 * const network = convDenoiser({ shape: [64], outputs: 17, key });
 * const model = gaussianDiffusion({ shape: [64], levels: 17, network });
 * const images = model.sample(key, 16, { sampler: ancestral({ steps: 50 }) }); // [16, 64]
 * ```
 */
export function ancestral(options: SamplerOptions = {}): DiffusionSampler {
  const times = timesOf('ancestral', options, 100);
  return record(ddim({ eta: 1, times }), 'ancestral', arguments);
}

/**
 * DPM-Solver++ of order 2 with the estimate of the step before, one evaluation of the network per step:
 *
 * $$z_s = \frac{\sigma_s}{\sigma_t} z_t - \alpha_s (e^{-h} - 1) D, \quad
 *   D = \hat x_t + \frac{h}{2 h'} (\hat x_t - \hat x_{t'})$$
 *
 * with $h = (\gamma_t - \gamma_s) / 2$ and $h'$ of the step before, from t'. Its first step is one of DDIM.
 * @throws ArgumentError for an option that is unknown or out of its range
 * @see DPM-Solver++ (Lu et al., 2022), Algorithm 2
 *
 * @example
 * ```ts
 * const network = convDenoiser({ shape: [64], outputs: 17, key });
 * const model = gaussianDiffusion({ shape: [64], levels: 17, network });
 * const images = model.sample(key, 16, { sampler: dpmSolver({ steps: 10 }) }); // [16, 64]
 * ```
 */
export function dpmSolver(options: SamplerOptions = {}): DiffusionSampler {
  const sampler: DiffusionSampler = {
    times: timesOf('dpmSolver', options, 20),
    // An infinite step before the first leaves nothing of the estimate that there was not.
    memory: (shape) => ({ xHat: tf.zeros([...shape]), h: tf.scalar(Infinity) }),
    step: ({ z, from, to, denoise, memory }) => {
      const xHat = denoise(z, from);
      const h = tf.div(tf.sub(from.gamma, to.gamma), 2);
      const ahead = tf.mul(tf.div(h, tf.mul(2, memory['h']!)), tf.sub(xHat, memory['xHat']!));
      const d = tf.add(xHat, ahead);
      const kept = tf.mul(tf.div(to.sigma, from.sigma), z);
      return { z: tf.sub(kept, tf.mul(tf.mul(to.alpha, expm1(tf.neg(h))), d)), memory: { xHat, h } };
    },
  };
  return record(sampler, 'dpmSolver', arguments);
}

/**
 * Heun's method for the probability-flow ODE of $y = z / \alpha$ in $s = \sigma / \alpha$, $dy/ds = (y - \hat x) / s$: a step of
 * Euler, and then the mean of the slopes at both ends. Two evaluations of the network per step.
 * @param given - `churn` adds noise before each step that raises s by this factor minus 1 (`@defaultValue 0`), and those of
 * every sampler
 * @throws ArgumentError for an option that is unknown or out of its range
 * @see Elucidating the Design Space of Diffusion-Based Generative Models (Karras et al., 2022), Algorithms 1 and 2
 *
 * @example
 * ```ts
 * const network = convDenoiser({ shape: [64], outputs: 17, key });
 * const model = gaussianDiffusion({ shape: [64], levels: 17, network });
 * const images = model.sample(key, 16, { sampler: heun({ steps: 10 }) }); // [16, 64], by 20 evaluations
 * ```
 */
export function heun(given: SamplerOptions & { readonly churn?: number } = {}): DiffusionSampler {
  checkOptions('heun', given, ['steps', 'times', 'churn']);
  const { churn = 0, ...options } = given;
  checkNumber('heun', 'churn', churn, { min: 0 });
  const sampler: DiffusionSampler = {
    times: timesOf('heun', options, 10),
    step: ({ z, from, to, denoise, key }) => {
      const s = tf.div(from.sigma, from.alpha);
      const raised = churn === 0 ? s : tf.mul(1 + churn, s);
      const y0 = tf.div(z, from.alpha);
      const more = tf.sqrt(tf.sub(tf.square(raised), tf.square(s)));
      const y = churn === 0 ? y0 : tf.add(y0, tf.mul(more, key.normal(z.shape)));
      const slope = (y: Tensor, s: Tensor): Tensor => {
        const level = levelOfRatio(s);
        return tf.div(tf.sub(y, denoise(tf.mul(level.alpha, y), level)), s);
      };
      const end = tf.div(to.sigma, to.alpha);
      const first = slope(y, raised);
      const step = tf.sub(end, raised);
      const second = slope(tf.add(y, tf.mul(step, first)), end);
      const next = tf.add(y, tf.mul(tf.mul(step, 0.5), tf.add(first, second)));
      return { z: tf.mul(to.alpha, next), memory: {} };
    },
  };
  return record(sampler, 'heun', arguments);
}

export interface CorrectorOptions extends SamplerOptions {
  /** Steps of Langevin dynamics at each noise level. */
  readonly corrections?: number;
  /**
   * r: a step $\epsilon = 2 (r \sigma)^2$ of these. The score is about as long as noise over $\sigma$, so r is the ratio of the
   * lengths of drift and noise.
   * @defaultValue 0.16
   */
  readonly signalToNoise?: number;
}

const CORRECTOR_OPTIONS = [
  'steps',
  'times',
  'corrections',
  'signalToNoise',
] as const satisfies readonly (keyof CorrectorOptions)[];

/**
 * A step of {@link ancestral}, and then Langevin dynamics at the noise level that was reached, which corrects the errors of the
 * step:
 *
 * $$z \leftarrow z + \epsilon\, \hat s(z) + \sqrt{2 \epsilon}\, \eta, \quad \hat s(z) = (\alpha \hat x - z) / \sigma^2$$
 *
 * @param options - `corrections` (`@defaultValue 1`), `signalToNoise`, and those of every sampler
 * @throws ArgumentError for an option that is unknown or out of its range
 * @see Score-Based Generative Modeling through Stochastic Differential Equations (Song et al., 2021), Algorithms 1, 3 and 5; there
 * the step size is computed from the lengths of drawn noise and score
 *
 * @example
 * ```ts
 * const network = convDenoiser({ shape: [64], outputs: 17, key });
 * const model = gaussianDiffusion({ shape: [64], levels: 17, network });
 * const sampler = predictorCorrector({ steps: 20, corrections: 2 });
 * const images = model.sample(key, 16, { sampler }); // [16, 64]
 * ```
 */
export function predictorCorrector(options: CorrectorOptions = {}): DiffusionSampler {
  checkOptions('predictorCorrector', options, CORRECTOR_OPTIONS);
  const { corrections = 1, signalToNoise = 0.16, ...rest } = options;
  const { times, step } = ancestral(rest);
  const correct = corrector('predictorCorrector', { corrections, signalToNoise });
  const sampler: DiffusionSampler = {
    times,
    step: (at) => ({ z: correct({ ...at, z: step(at).z }), memory: {} }),
  };
  return record(sampler, 'predictorCorrector', arguments);
}

/**
 * Annealed Langevin dynamics: Langevin dynamics at one noise level after the other, without a prediction from one to the next.
 * @param options - `corrections` (`@defaultValue 10`), `signalToNoise`, and those of every sampler
 * @throws ArgumentError for an option that is unknown or out of its range
 * @see Generative Modeling by Estimating Gradients of the Data Distribution (Song and Ermon, 2019), Algorithm 1, whose states are
 * $z / \alpha$ here; the noise has the deviation $\sqrt{2 \epsilon}$ that Langevin dynamics needs
 *
 * @example
 * ```ts
 * const network = mlpDenoiser({ shape: [2], key });
 * const model = gaussianDiffusion({ shape: [2], network, schedule: varianceExplodingSchedule() });
 * const sampler = annealedLangevin({ steps: 20, corrections: 10 });
 * const points = model.sample(key, 100, { sampler }); // [100, 2]
 * ```
 */
export function annealedLangevin(options: CorrectorOptions = {}): DiffusionSampler {
  checkOptions('annealedLangevin', options, CORRECTOR_OPTIONS);
  const { corrections = 10, signalToNoise = 0.16, ...rest } = options;
  const correct = corrector('annealedLangevin', { corrections, signalToNoise });
  const sampler: DiffusionSampler = {
    times: timesOf('annealedLangevin', rest, 100),
    step: (at) => {
      // The same z / alpha at the next level.
      const z = tf.mul(tf.div(at.to.alpha, at.from.alpha), at.z);
      return { z: correct({ ...at, z }), memory: {} };
    },
  };
  return record(sampler, 'annealedLangevin', arguments);
}

/** Langevin dynamics at the noise level `to`. */
function corrector(
  where: string,
  { corrections, signalToNoise }: { readonly corrections: number; readonly signalToNoise: number },
): (at: SamplerStep) => Tensor {
  checkInteger(where, 'corrections', corrections);
  checkNumber(where, 'signalToNoise', signalToNoise, { above: 0 });
  return ({ z, to, denoise, key }) => {
    const deviation = tf.mul(2 * signalToNoise, to.sigma);
    let corrected = z;
    for (let index = 0; index < corrections; index++) {
      // epsilon s = 2 r^2 (alpha x - z), and sqrt(2 epsilon) = 2 r sigma.
      const score = tf.sub(tf.mul(to.alpha, denoise(corrected, to)), corrected);
      const drifted = tf.add(corrected, tf.mul(2 * signalToNoise ** 2, score));
      corrected = tf.add(drifted, tf.mul(deviation, key.fold('correct').fold(index).normal(z.shape)));
    }
    return corrected;
  };
}

/** The noise level of $s = \sigma / \alpha$. */
function levelOfRatio(s: Tensor): NoiseLevel {
  const gamma = tf.mul(2, tf.log(s));
  const alpha = tf.rsqrt(tf.add(1, tf.square(s)));
  return { gamma, alpha, sigma: tf.mul(s, alpha) };
}

function timesOf(where: string, options: SamplerOptions, ofSampler: number): number[] {
  checkOptions(where, options, ['steps', 'times']);
  const { steps, times } = options;
  if (steps !== undefined && times !== undefined) {
    throw new ArgumentError({
      where,
      argument: 'steps',
      expected: 'to be left out where `times` is given',
      actual: String(steps),
    });
  }
  if (times === undefined) {
    const count = steps ?? ofSampler;
    checkInteger(where, 'steps', count);
    return Array.from({ length: count + 1 }, (_, index) => 1 - index / count);
  }
  checkArray(where, 'times', times, 'to be decreasing times from 1 to 0');
  checkInteger(where, 'number of times', times.length, { min: 2 });
  times.forEach((time, index) =>
    checkNumber(
      where,
      'times',
      time,
      index === 0 ? { min: 1, max: 1 } : { min: 0, below: times[index - 1]! },
    ),
  );
  checkNumber(where, 'last of the times', times.at(-1), { min: 0, max: 0 });
  return [...times];
}
