import { ArgumentError, BaseModule, checkNumber, checkOptions, exp, expm1, softplus } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { record } from './record';

/**
 * How much noise there is at a time from 0 (data) to 1 (noise), as minus the logarithm of the signal-to-noise ratio:
 *
 * $$\gamma(t) = -\ln \mathrm{SNR}(t) = \ln(\sigma_t^2 / \alpha_t^2), \quad z_t = \alpha_t x + \sigma_t \epsilon$$
 *
 * It increases with t and is finite at both ends. A schedule with learned ends is a module as well.
 * @see Variational Diffusion Models (Kingma et al., 2021), §3.2
 */
export interface NoiseSchedule {
  /** $\gamma(t)$, the shape of `t`; the caller owns it. */
  gamma(t: Tensor): Tensor;
  /** $\gamma'(t)$, the shape of `t`; the caller owns it. */
  slope(t: Tensor): Tensor;
}

/** The factors of signal and noise at one or many times: $\alpha^2 + \sigma^2 = 1$. */
export interface NoiseLevel {
  readonly gamma: Tensor;
  readonly alpha: Tensor;
  readonly sigma: Tensor;
}

/**
 * $\alpha = \sqrt{\mathrm{sigmoid}(-\gamma)}$ and $\sigma = \sqrt{\mathrm{sigmoid}(\gamma)}$, each with full relative accuracy at
 * any $\gamma$.
 * @param gamma - any shape; the tensors that are returned have it too, and the caller owns them
 */
export function noiseLevel(gamma: Tensor): NoiseLevel {
  const root = (x: Tensor): Tensor => exp(tf.mul(-0.5, softplus(x)));
  return { gamma, alpha: root(gamma), sigma: root(tf.neg(gamma)) };
}

/**
 * A draw of $q(z_t | z_s)$ for a later time t: $\frac{\alpha_t}{\alpha_s} z_s + \sigma_t \sqrt{1 - e^{\gamma_s - \gamma_t}}\, \epsilon$.
 * @param noise - $\epsilon$, the shape of `z`
 */
export function noisier(
  z: Tensor,
  { from, to }: { readonly from: NoiseLevel; readonly to: NoiseLevel },
  noise: Tensor,
): Tensor {
  const share = tf.neg(expm1(tf.sub(from.gamma, to.gamma)));
  return tf.add(tf.mul(tf.div(to.alpha, from.alpha), z), tf.mul(tf.mul(to.sigma, tf.sqrt(share)), noise));
}

/** The ends of a schedule. */
export interface ScheduleEnds {
  /** $\gamma(0)$; the data have noise of standard deviation $e^{\gamma(0)/2}$ there. */
  readonly start?: number;
  /** $\gamma(1)$; the signal that is left has a variance of $e^{-\gamma(1)}$. */
  readonly end?: number;
}

/**
 * $\gamma(t) = \gamma_0 + (\gamma_1 - \gamma_0) t$: equal steps of the log-SNR.
 * @param ends - `start` (`@defaultValue -13.3`) and `end` (`@defaultValue 5`)
 * @throws ArgumentError if an end is not finite or `start` is not below `end`
 *
 * @example
 * ```ts
 * const schedule = logSnrSchedule({ start: -8, end: 5 });
 * const network = convDenoiser({ shape: [64], outputs: 17, key });
 * const model = gaussianDiffusion({ shape: [64], levels: 17, network, schedule });
 * ```
 */
export function logSnrSchedule(ends: ScheduleEnds = {}): NoiseSchedule {
  const { start, end } = checkedEnds('logSnrSchedule', ends);
  const schedule: NoiseSchedule = {
    gamma: (t) => tf.tidy(() => tf.add(start, tf.mul(end - start, t))),
    slope: (t) => tf.fill(t.shape, end - start),
  };
  return record(schedule, 'logSnrSchedule', arguments);
}

/** Made by {@link learnedSchedule}. */
class LearnedSchedule extends BaseModule implements NoiseSchedule {
  /** $\gamma_0$ and $\ln(\gamma_1 - \gamma_0)$, so that the end stays above the start. */
  readonly start: Variable;
  readonly logRange: Variable;

  constructor({ start, end }: Required<ScheduleEnds>) {
    super();
    this.start = this.parameter('start', tf.scalar(start));
    this.logRange = this.parameter('logRange', tf.scalar(Math.log(end - start)));
  }

  gamma(t: Tensor): Tensor {
    return tf.tidy(() => tf.add(this.start, tf.mul(exp(this.logRange), t)));
  }

  slope(t: Tensor): Tensor {
    return tf.tidy(() => tf.mul(exp(this.logRange), tf.onesLike(t)));
  }
}

/**
 * {@link logSnrSchedule} with ends that are learned with the bound. In continuous time the bound depends on the schedule
 * through its ends alone; between them it changes the variance of the estimate only.
 * @param ends - where they start: `start` (`@defaultValue -7`) and `end` (`@defaultValue 5`)
 * @throws ArgumentError if an end is not finite or `start` is not below `end`
 * @see Variational Diffusion Models (Kingma et al., 2021), §5.1
 *
 * @example
 * ```ts
 * const schedule = learnedSchedule({ start: -8 });
 * const network = convDenoiser({ shape: [64], outputs: 17, key });
 * const model = gaussianDiffusion({ shape: [64], levels: 17, network, schedule });
 * ```
 */
export function learnedSchedule(ends: ScheduleEnds = {}): NoiseSchedule & BaseModule {
  const schedule = new LearnedSchedule(checkedEnds('learnedSchedule', ends, { start: -7 }));
  return record(schedule, 'learnedSchedule', arguments);
}

/**
 * The cosine schedule $\alpha_t = \cos(\pi s / 2)$, $\gamma = 2 \ln \tan(\pi s / 2)$, for s that runs linearly between the
 * values that give the ends.
 * @param ends - `start` (`@defaultValue -13.3`) and `end` (`@defaultValue 5`)
 * @throws ArgumentError if an end is not finite or `start` is not below `end`
 * @see Improved Denoising Diffusion Probabilistic Models (Nichol and Dhariwal, 2021), Eq. 17; with ends as in simple
 * diffusion (Hoogeboom et al., 2023), Eq. 7
 *
 * @example
 * ```ts
 * const network = convDenoiser({ shape: [64], outputs: 17, key });
 * const model = gaussianDiffusion({ shape: [64], levels: 17, network, schedule: cosineNoiseSchedule() });
 * ```
 */
export function cosineNoiseSchedule(ends: ScheduleEnds = {}): NoiseSchedule {
  const { start, end } = checkedEnds('cosineNoiseSchedule', ends);
  const [from, to] = [start, end].map((gamma) => Math.atan(Math.exp(gamma / 2))) as [number, number];
  const angle = (t: Tensor): Tensor => tf.add(from, tf.mul(to - from, t));
  const schedule: NoiseSchedule = {
    gamma: (t) => tf.tidy(() => tf.mul(2, tf.log(tf.tan(angle(t))))),
    // d/da 2 ln tan a = 4 / sin 2a
    slope: (t) => tf.tidy(() => tf.div(4 * (to - from), tf.sin(tf.mul(2, angle(t))))),
  };
  return record(schedule, 'cosineNoiseSchedule', arguments);
}

/**
 * The schedule of DDPM in continuous time: a rate of noise $\beta(t) = \beta_0 + (\beta_1 - \beta_0) t$, for which
 * $\alpha_t^2 = e^{-\int_0^t \beta}$. Its defaults are 1000 times the rates 1e-4 and 0.02 of 1000 steps. Time starts at the
 * first of those steps, where the data have a little noise.
 * @param options - `from` $\beta_0$ (`@defaultValue 0.1`), `to` $\beta_1$ (`@defaultValue 20`), and `first`, the time within
 * the integral at t = 0 (`@defaultValue 1e-3`)
 * @throws ArgumentError if a rate is not positive or `first` is not in (0, 1)
 * @see DGM Eq. 4.90; Denoising Diffusion Probabilistic Models (Ho et al., 2020), §4; Score-Based Generative Modeling through
 * Stochastic Differential Equations (Song et al., 2021), Eq. 32
 *
 * @example
 * ```ts
 * const network = convDenoiser({ shape: [64], outputs: 17, key });
 * const model = gaussianDiffusion({ shape: [64], levels: 17, network, schedule: linearBetaSchedule() });
 * ```
 */
export function linearBetaSchedule(options: LinearBetas = {}): NoiseSchedule {
  const { integral, rate } = linearBetas('linearBetaSchedule', options);
  const schedule: NoiseSchedule = {
    // sigma^2 / alpha^2 = e^B - 1 for B, the integral: ln(e^B - 1) = B + ln(1 - e^-B)
    gamma: (t) =>
      tf.tidy(() => {
        const b = integral(t);
        return tf.add(b, tf.log(tf.neg(tf.expm1(tf.neg(b)))));
      }),
    slope: (t) => tf.tidy(() => tf.div(rate(t), tf.neg(tf.expm1(tf.neg(integral(t)))))),
  };
  return record(schedule, 'linearBetaSchedule', arguments);
}

/**
 * The sub-variance-preserving process, whose noise grows more slowly than that of {@link linearBetaSchedule}:
 * $\sigma_t = 1 - e^{-\int_0^t \beta}$ beside $e^{-\frac12 \int_0^t \beta}$ of signal. Here both are divided by the root of their sum of
 * squares, which changes neither the model nor its bound: a process is its log-SNR.
 * @param options - those of {@link linearBetaSchedule}
 * @throws ArgumentError if a rate is not positive or `first` is not in (0, 1)
 * @see Score-Based Generative Modeling through Stochastic Differential Equations (Song et al., 2021), Eq. 12 and 29
 *
 * @example
 * ```ts
 * const schedule = subVariancePreservingSchedule();
 * const network = convDenoiser({ shape: [64], outputs: 17, key });
 * const model = gaussianDiffusion({ shape: [64], levels: 17, network, schedule });
 * ```
 */
export function subVariancePreservingSchedule(options: LinearBetas = {}): NoiseSchedule {
  const { integral, rate } = linearBetas('subVariancePreservingSchedule', options);
  const schedule: NoiseSchedule = {
    // sigma^2 / alpha^2 = (1 - e^-B)^2 / e^-B
    gamma: (t) =>
      tf.tidy(() => {
        const b = integral(t);
        return tf.add(b, tf.mul(2, tf.log(tf.neg(tf.expm1(tf.neg(b))))));
      }),
    // beta (1 + e^-B) / (1 - e^-B) = beta / tanh(B / 2)
    slope: (t) => tf.tidy(() => tf.div(rate(t), tf.tanh(tf.div(integral(t), 2)))),
  };
  return record(schedule, 'subVariancePreservingSchedule', arguments);
}

/**
 * The variance-exploding process, which adds noise of a standard deviation from `smallest` to `largest`, in equal factors, and
 * leaves the signal as it is: $\gamma(t) = 2 \ln \sigma_t$. Here $z_t$ is divided by the root of $1 + \sigma_t^2$, which changes neither the
 * model nor its bound.
 * @param options - `smallest` (`@defaultValue 0.01`) and `largest` (`@defaultValue 50`)
 * @throws ArgumentError if an option is not positive or `smallest` is not below `largest`
 * @see Score-Based Generative Modeling through Stochastic Differential Equations (Song et al., 2021), Eq. 9 and 30
 *
 * @example
 * ```ts
 * const schedule = varianceExplodingSchedule({ largest: 20 });
 * const network = convDenoiser({ shape: [64], outputs: 17, key });
 * const model = gaussianDiffusion({ shape: [64], levels: 17, network, schedule });
 * ```
 */
export function varianceExplodingSchedule(
  options: { readonly smallest?: number; readonly largest?: number } = {},
): NoiseSchedule {
  const where = 'varianceExplodingSchedule';
  checkOptions(where, options, ['smallest', 'largest']);
  const { smallest = 0.01, largest = 50 } = options;
  checkNumber(where, 'largest', largest, { above: 0 });
  checkNumber(where, 'smallest', smallest, { above: 0, below: largest });
  const schedule = logSnrSchedule({ start: 2 * Math.log(smallest), end: 2 * Math.log(largest) });
  return record(schedule, 'varianceExplodingSchedule', arguments);
}

interface LinearBetas {
  readonly from?: number;
  readonly to?: number;
  readonly first?: number;
}

/** The integral of $\beta$ up to a time, and $\beta$ itself there. */
function linearBetas(
  where: string,
  options: LinearBetas,
): { integral(t: Tensor): Tensor; rate(t: Tensor): Tensor } {
  checkOptions(where, options, ['from', 'to', 'first']);
  const { from = 0.1, to = 20, first = 1e-3 } = options;
  checkNumber(where, 'from', from, { above: 0 });
  checkNumber(where, 'to', to, { above: 0 });
  checkNumber(where, 'first', first, { above: 0, below: 1 });
  const within = (t: Tensor): Tensor => tf.add(first, tf.mul(1 - first, t));
  return {
    integral: (t) => {
      const s = within(t);
      return tf.mul(s, tf.add(from, tf.mul((to - from) / 2, s)));
    },
    rate: (t) => tf.mul(1 - first, tf.add(from, tf.mul(to - from, within(t)))),
  };
}

/**
 * $\alpha_t^2 = \mathrm{sigmoid}(-\gamma(t))$ with $\gamma$ between its ends as a logit, steeper at both: equal steps of
 * $\mathrm{logit}$ between `softness` and 1 - `softness`.
 * @param options - the ends, and `softness` (`@defaultValue 0.05`), the smaller the steeper
 * @throws ArgumentError for ends as in {@link logSnrSchedule}, or a softness that is not in (0, 0.5)
 *
 * @example
 * ```ts
 * const schedule = sigmoidNoiseSchedule({ softness: 0.1 });
 * const network = convDenoiser({ shape: [64], outputs: 17, key });
 * const model = gaussianDiffusion({ shape: [64], levels: 17, network, schedule });
 * ```
 */
export function sigmoidNoiseSchedule(
  options: ScheduleEnds & { readonly softness?: number } = {},
): NoiseSchedule {
  const where = 'sigmoidNoiseSchedule';
  checkOptions(where, options, ['start', 'end', 'softness']);
  const { softness = 0.05, ...ends } = options;
  checkNumber(where, 'softness', softness, { above: 0, below: 0.5 });
  const { start, end } = checkedEnds(where, ends);
  const edge = Math.log((1 - softness) / softness);
  const inner = (t: Tensor): Tensor => tf.add(softness, tf.mul(1 - 2 * softness, t));
  const scale = (end - start) / (2 * edge);
  const schedule: NoiseSchedule = {
    gamma: (t) =>
      tf.tidy(() => {
        const s = inner(t);
        return tf.add((start + end) / 2, tf.mul(scale, tf.sub(tf.log(s), tf.log(tf.sub(1, s)))));
      }),
    slope: (t) =>
      tf.tidy(() => {
        const s = inner(t);
        return tf.div(scale * (1 - 2 * softness), tf.mul(s, tf.sub(1, s)));
      }),
  };
  return record(schedule, 'sigmoidNoiseSchedule', arguments);
}

/**
 * The noise levels of EDM: $\sigma_t / \alpha_t = (s_0^{1/\rho} + t (s_1^{1/\rho} - s_0^{1/\rho}))^\rho$, with most steps
 * of a sampler where there is little noise.
 * @param options - `smallest` $s_0$ (`@defaultValue 0.002`), `largest` $s_1$ (`@defaultValue 80`), `rho` (`@defaultValue 7`)
 * @throws ArgumentError if an option is not positive or `smallest` is not below `largest`
 * @see Elucidating the Design Space of Diffusion-Based Generative Models (Karras et al., 2022), Eq. 5
 *
 * @example
 * ```ts
 * const schedule = edmSchedule({ largest: 20 });
 * const model = gaussianDiffusion({ shape: [2], network: mlpDenoiser({ shape: [2], key }), schedule });
 * const points = model.sample(key, 100, { sampler: heun({ steps: 18 }) }); // [100, 2]
 * ```
 */
export function edmSchedule(
  options: { readonly smallest?: number; readonly largest?: number; readonly rho?: number } = {},
): NoiseSchedule {
  const where = 'edmSchedule';
  checkOptions(where, options, ['smallest', 'largest', 'rho']);
  const { smallest = 0.002, largest = 80, rho = 7 } = options;
  checkNumber(where, 'largest', largest, { above: 0 });
  checkNumber(where, 'smallest', smallest, { above: 0, below: largest });
  checkNumber(where, 'rho', rho, { above: 0 });
  const [from, to] = [smallest ** (1 / rho), largest ** (1 / rho)];
  const root = (t: Tensor): Tensor => tf.add(from, tf.mul(to - from, t));
  const schedule: NoiseSchedule = {
    gamma: (t) => tf.tidy(() => tf.mul(2 * rho, tf.log(root(t)))),
    slope: (t) => tf.tidy(() => tf.div(2 * rho * (to - from), root(t))),
  };
  return record(schedule, 'edmSchedule', arguments);
}

function checkedEnds(
  where: string,
  ends: ScheduleEnds,
  defaults: { readonly start: number } = { start: -13.3 },
): Required<ScheduleEnds> {
  checkOptions(where, ends, ['start', 'end']);
  const { start = defaults.start, end = 5 } = ends;
  checkNumber(where, 'start', start);
  checkNumber(where, 'end', end);
  if (start < end) return { start, end };
  throw new ArgumentError({
    where,
    argument: 'start',
    expected: `to be below the end, ${end}, because noise increases with time`,
    actual: String(start),
  });
}
