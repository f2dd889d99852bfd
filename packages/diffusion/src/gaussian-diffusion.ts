import {
  ArgumentError,
  BaseModule,
  checkInteger,
  checkMethods,
  checkOneOf,
  checkOptions,
  checkShape,
  disposeOnThrow,
  exp,
  expm1,
  isModule,
  runSamplingLoop,
  singleObjective,
  softplus,
} from '@dgm/core';
import type {
  BoundModel,
  CallOptions,
  ConditionedBatch,
  Key,
  Layer,
  LoopSampledModel,
  Objective,
  SamplingLoop,
  Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { checkedBatch, checkLevels, checkModel, outputAs } from './checks';
import { withTimes } from './condition';
import { Observation } from './observation';
import {
  checkParameterization,
  dataEstimate,
  noiseEstimate,
  type Parameterization,
} from './parameterization';
import { record } from './record';
import { meanOver, perExample, sumOverEvent } from './rows';
import {
  excessOf,
  reverseLoop,
  reverseVariances,
  type DiffusionSampleOptions,
  type Estimate,
  type ReverseVariance,
} from './reverse-process';
import { logSnrSchedule, noiseLevel, type NoiseLevel, type NoiseSchedule } from './schedule';
import { stratifiedTimes } from './stratified-times';

export interface GaussianDiffusionOptions {
  /** The shape of one example. */
  readonly shape: Shape;
  /**
   * How many values an entry can take, for integers from 0 to `levels` - 1, which are scaled to [-1, 1].
   * @defaultValue real numbers, whose spread should be about 1
   */
  readonly levels?: number;
  /**
   * Maps z, `[n, ...shape]`, with the context `[n, 1 + contextSize]`, whose first column is $(\gamma + 13) / 20$, to as many
   * numbers as z has, or `levels` times as many for the parameterization `levels`; for example {@link convDenoiser}. For a
   * learned `variance` it gives one more number for each entry, the last. The model owns it.
   */
  readonly network: Layer;
  /** What the output of the network means. @defaultValue 'levels' for discrete data, 'velocity' for real numbers */
  readonly parameterization?: Parameterization;
  /** The model owns one that is learned. @defaultValue `logSnrSchedule()` */
  readonly schedule?: NoiseSchedule;
  /**
   * The number T of steps of the model, each with a Gaussian $p(z_s | z_t)$ (DDPM).
   * @defaultValue infinitely many: continuous time (VDM)
   */
  readonly steps?: number;
  /**
   * The variance of $p(z_s | z_t)$: that of the `posterior` $q(z_s | z_t, x)$, $\tilde\beta$; or `learned`, for few steps: the
   * network's last number v for each entry interpolates to that of $q(z_t | z_s)$,
   * $\ln \sigma_\theta^2 = v \ln \beta + (1 - v) \ln \tilde\beta$.
   * @defaultValue 'posterior', which is right for infinitely many steps
   */
  readonly variance?: ReverseVariance;
  /**
   * What is minimized: `bound`, minus the bound in nats, or `noise`, $\|\epsilon - \hat\epsilon\|^2$ at a random time
   * ($L_{simple}$), which draws better samples and bounds worse.
   * @defaultValue 'bound'
   */
  readonly objective?: 'bound' | 'noise';
  /** The width of the condition. @defaultValue 0 */
  readonly contextSize?: number;
}

/** The parts of minus the bound, nats for each example, `[n]`. */
export interface BoundTerms {
  /** $-\ln p(x | z_0)$ */
  readonly reconstruction: Tensor;
  /** $KL[q(z_1 | x) \,\|\, p(z_1)]$ */
  readonly prior: Tensor;
  /** The sum or integral of $KL[q(z_s | z_t, x) \,\|\, p(z_s | z_t)]$, estimated at one time. */
  readonly diffusion: Tensor;
}

/**
 * A diffusion model: $q(z_t | x) = \mathcal N(\alpha_t x, \sigma_t^2 I)$ adds noise, and a network that estimates x from
 * $z_t$ takes it away. It is trained and measured by a bound that holds for discrete data themselves:
 *
 * $$-\ln p(x) \le \mathbb E[-\ln p(x | z_0)] + KL[q(z_1 | x) \| p(z_1)]
 *   + \tfrac12\, \mathbb E_{t, \epsilon}[\gamma'(t)\, e^{-\gamma(t)}\, \|x - \hat x(z_t, t)\|^2]$$
 *
 * with T steps, $T (e^{\gamma(t) - \gamma(s)} - 1)$ stands in place of $\gamma'(t)$, for $s = t - 1/T$. A learned variance
 * $e^d \tilde\beta$ divides the error by $e^d$ and adds $\tfrac T2 (d + e^{-d} - 1)$ for each entry.
 *
 * @throws ArgumentError for an option that is unknown or does not fit the others
 * @see DGM §4.5.3, Eq. 4.89-4.102; Variational Diffusion Models (Kingma et al., 2021), Eq. 11-18; Improved Denoising Diffusion
 * Probabilistic Models (Nichol and Dhariwal, 2021), Eq. 15, for the learned variance
 * @example
 * ```ts
 * const model = gaussianDiffusion({
 *   shape: [64],
 *   levels: 17,
 *   network: convDenoiser({ shape: [64], outputs: 17, key }),
 *   schedule: learnedSchedule(),
 * });
 * ```
 */
export function gaussianDiffusion(options: GaussianDiffusionOptions): GaussianDiffusion {
  return record(
    disposeOnThrow(() => new GaussianDiffusion(options)),
    'gaussianDiffusion',
    arguments,
  );
}

/** Made by {@link gaussianDiffusion}. */
export class GaussianDiffusion
  extends BaseModule
  implements BoundModel<Tensor | ConditionedBatch, Tensor | ConditionedBatch>, LoopSampledModel
{
  readonly likelihoodKind = 'lower-bound';
  readonly eventShape: Shape;
  readonly levels: number | undefined;
  readonly contextSize: number;
  readonly schedule: NoiseSchedule;
  readonly #network: Layer;
  readonly #parameterization: Parameterization;
  readonly #steps: number | undefined;
  readonly #variance: ReverseVariance;
  readonly #objective: 'bound' | 'noise';
  readonly #observation: Observation;

  constructor(options: GaussianDiffusionOptions) {
    super();
    checkOptions('gaussianDiffusion', options, OPTIONS);
    const { shape, levels, network, schedule = logSnrSchedule(), steps, contextSize = 0 } = options;
    const { parameterization = levels === undefined ? 'velocity' : 'levels', objective = 'bound' } = options;
    const { variance = 'posterior' } = options;
    check(options, { parameterization, variance, objective, schedule });
    this.eventShape = shape;
    this.levels = levels;
    this.contextSize = contextSize;
    this.schedule = schedule;
    this.#parameterization = parameterization;
    this.#steps = steps;
    this.#variance = variance;
    this.#objective = objective;
    this.#observation = new Observation(levels);
    this.#network = this.child('network', network);
    if (isModule(schedule)) this.child('schedule', schedule);
  }

  /**
   * One draw of the bound for each example in nats, `[n]`. The times are spread evenly over the batch, which lowers the variance
   * of its mean.
   * @param batch - `[n, ...shape]`, or `{ x, context }` for a conditional model
   */
  elbo(batch: Tensor | ConditionedBatch, key: Key): Tensor {
    return tf.tidy(() => {
      const { reconstruction, prior, diffusion } = this.boundTerms(batch, key);
      return tf.neg(tf.addN([reconstruction, prior, diffusion]));
    });
  }

  /** The parts of minus the bound, one draw of each; the caller owns them. */
  boundTerms(
    batch: Tensor | ConditionedBatch,
    key: Key,
    { training = false }: { readonly training?: boolean } = {},
  ): BoundTerms {
    const { x, context } = checkedBatch('GaussianDiffusion.elbo', batch, this);
    if (!training) checkLevels('GaussianDiffusion.elbo', x, this.levels, key);
    return tf.tidy(() => {
      const data = this.#observation.scaled(x);
      const t = stratifiedTimes(key.fold('t'), x.shape[0]!);
      const call = { training, key: key.fold('network'), ...(context && { context }) };
      const [level, noise] = [this.#firstLevel(), key.fold('z0').normal(x.shape)];
      const z = this.#observation.noised(x, level, noise);
      return {
        reconstruction: this.#observation.negativeLogProb(x, { z, noise, level }),
        prior: this.#prior(data),
        diffusion: this.diffusionTerm(data, { t, noise: key.fold('z').normal(x.shape), call }),
      };
    });
  }

  /**
   * The third part of minus the bound at given times with given noise.
   * @param data - `[n, ...shape]`, scaled to [-1, 1] if they are discrete
   * @param at - times `t` in [0, 1), `[n]`, the noise $\epsilon$, `[n, ...shape]`, and what the network is called with
   * @returns nats, `[n]`; its mean over t uniform and $\epsilon$ normal is the term of the bound
   */
  diffusionTerm(
    data: Tensor,
    { t, noise, call = {} }: { readonly t: Tensor; readonly noise: Tensor; readonly call?: CallOptions },
  ): Tensor {
    const where = 'GaussianDiffusion.diffusionTerm';
    checkShape(where, 'data', data, ['n', ...this.eventShape]);
    checkShape(where, 't', t, [data.shape[0]!]);
    checkShape(where, 'noise', noise, data.shape);
    return tf.tidy(() => {
      const { earlier, later, rate } = this.#ratesAt(perExample(t, data.rank));
      const level = noiseLevel(this.schedule.gamma(later));
      const z = tf.add(tf.mul(level.alpha, data), tf.mul(level.sigma, noise));
      const { xHat, share } = this.#estimate(z, level, call);
      const weight = tf.mul(tf.mul(0.5, rate), exp(tf.neg(level.gamma)));
      const error = tf.mul(weight, tf.squaredDifference(data, xHat));
      if (share === undefined) return sumOverEvent(error);
      const excess = excessOf(share, { from: level, to: noiseLevel(this.schedule.gamma(earlier)) });
      const kept = exp(tf.neg(excess));
      const ofVariance = tf.mul(this.#steps! / 2, tf.sub(tf.add(excess, kept), 1));
      return sumOverEvent(tf.add(tf.mul(kept, error), ofVariance));
    });
  }

  /**
   * The estimate $\hat x(z, t)$ of the data, `[n, ...shape]`, scaled to [-1, 1] if they are discrete.
   * @param z - `[n, ...shape]`
   * @param t - times in [0, 1], `[n]`
   */
  denoise(z: Tensor, t: Tensor, call: CallOptions = {}): Tensor {
    checkShape('GaussianDiffusion.denoise', 'z', z, ['n', ...this.eventShape]);
    checkShape('GaussianDiffusion.denoise', 't', t, [z.shape[0]!]);
    return tf.tidy(() => this.#denoise(z, noiseLevel(this.schedule.gamma(perExample(t, z.rank))), call));
  }

  /**
   * $z_t = \alpha_t x + \sigma_t \epsilon$, a draw of $q(z_t | x)$ for normal noise.
   * @param x - `[n, ...shape]`, as the data are
   * @param t - times in [0, 1], `[n]`
   * @param noise - $\epsilon$, `[n, ...shape]`
   */
  diffuse(x: Tensor, t: Tensor, noise: Tensor): Tensor {
    checkShape('GaussianDiffusion.diffuse', 'x', x, ['n', ...this.eventShape]);
    checkShape('GaussianDiffusion.diffuse', 't', t, [x.shape[0]!]);
    checkShape('GaussianDiffusion.diffuse', 'noise', noise, x.shape);
    return tf.tidy(() =>
      this.#observation.noised(x, noiseLevel(this.schedule.gamma(perExample(t, x.rank))), noise),
    );
  }

  /**
   * $\ln p(x | z_0)$ in nats, `[n]`, with $p(x | z_0) \propto q(z_0 | x)$ for each entry.
   * @param x - `[n, ...shape]`, as the data are
   * @param z - $z_0$, `[n, ...shape]`
   */
  logLikelihood(x: Tensor, z: Tensor): Tensor {
    checkShape('GaussianDiffusion.logLikelihood', 'x', x, ['n', ...this.eventShape]);
    checkShape('GaussianDiffusion.logLikelihood', 'z', z, x.shape);
    return tf.tidy(() => {
      const level = this.#firstLevel();
      const noise = noiseEstimate(this.#observation.scaled(x), z, level);
      return tf.neg(this.#observation.negativeLogProb(x, { z, noise, level }));
    });
  }

  /**
   * A draw of $p(x | z_0)$, `[n, ...shape]`: integers if the data are discrete.
   * @param z - $z_0$, `[n, ...shape]`
   */
  decode(z: Tensor, key: Key): Tensor {
    checkShape('GaussianDiffusion.decode', 'z', z, ['n', ...this.eventShape]);
    return tf.tidy(() =>
      this.#observation.draw(z, this.#observation.decisions(z.shape, key), this.#firstLevel()),
    );
  }

  /** Draws `[n, ...shape]`: integers if the data are discrete. */
  sample(key: Key, n: number, options: DiffusionSampleOptions = {}): Tensor {
    return runSamplingLoop(this.samplingLoop(n, options), key);
  }

  /** Sampling as a loop, for an engine that compiles one; each step of the sampler is one of the loop. */
  samplingLoop(n: number, options: DiffusionSampleOptions = {}): SamplingLoop {
    const { eventShape, levels, contextSize, schedule } = this;
    const process = {
      ...{ eventShape, levels, contextSize, schedule, observation: this.#observation },
      ...{ steps: this.#steps, variance: this.#variance },
      estimate: (z: Tensor, level: NoiseLevel, call?: CallOptions) => this.#estimate(z, level, call),
    };
    return reverseLoop(process, n, options);
  }

  /** One objective, over everything that is learned. */
  objectives(): readonly Objective<Tensor | ConditionedBatch>[] {
    if (this.#objective === 'noise') {
      return singleObjective<Tensor | ConditionedBatch>(this, {
        name: 'noise',
        loss: (batch, key, { training }) => ({
          total: meanOver(this.#noiseError(batch, key, training)),
        }),
      });
    }
    return singleObjective<Tensor | ConditionedBatch>(this, {
      name: 'bound',
      loss: (batch, key, { training }) => {
        const terms = this.boundTerms(batch, key, { training });
        const [reconstruction, prior, diffusion] = [terms.reconstruction, terms.prior, terms.diffusion].map(
          meanOver,
        ) as [Scalar, Scalar, Scalar];
        const total: Scalar = tf.addN([reconstruction, prior, diffusion]);
        return { total, reconstruction, prior, diffusion };
      },
    });
  }

  /** $\|\epsilon - \hat\epsilon(z_t, t)\|^2$ at a random time, `[n]`. */
  #noiseError(batch: Tensor | ConditionedBatch, key: Key, training: boolean): Tensor {
    const { x, context } = checkedBatch('GaussianDiffusion.loss', batch, this);
    const data = this.#observation.scaled(x);
    const t = perExample(stratifiedTimes(key.fold('t'), x.shape[0]!), x.rank);
    const level = noiseLevel(this.schedule.gamma(this.#ratesAt(t).later));
    const noise = key.fold('z').normal(x.shape);
    const z = tf.add(tf.mul(level.alpha, data), tf.mul(level.sigma, noise));
    const call = { training, key: key.fold('network'), ...(context && { context }) };
    const estimate = noiseEstimate(this.#denoise(z, level, call), z, level);
    return sumOverEvent(tf.squaredDifference(noise, estimate));
  }

  /**
   * The time at which the network is asked, that of the step after it, and what multiplies
   * $\tfrac12 e^{-\gamma} \|x - \hat x\|^2$ there.
   */
  #ratesAt(t: Tensor): { readonly earlier: Tensor; readonly later: Tensor; readonly rate: Tensor } {
    const { schedule } = this;
    const steps = this.#steps;
    if (steps === undefined) return { earlier: t, later: t, rate: schedule.slope(t) };
    const step = tf.floor(tf.mul(t, steps));
    const [earlier, later] = [tf.div(step, steps), tf.div(tf.add(step, 1), steps)];
    const rate = tf.mul(steps, expm1(tf.sub(schedule.gamma(later), schedule.gamma(earlier))));
    return { earlier, later, rate };
  }

  #denoise(z: Tensor, level: NoiseLevel, call?: CallOptions): Tensor {
    return this.#estimate(z, level, call).xHat;
  }

  /** $\hat x$, and for a learned variance v. */
  #estimate(z: Tensor, level: NoiseLevel, { context, ...call }: CallOptions = {}): Estimate {
    const time = tf.div(tf.add(level.gamma, 13), 20);
    const output = this.#network.apply(z, { ...call, context: withTimes(z.shape[0]!, [time], context) });
    const ofLevels = this.#parameterization === 'levels';
    const numbers = ofLevels ? this.levels! : 1;
    const given = { z, level, values: this.#observation.values };
    const estimated = (numbers: Tensor): Tensor =>
      dataEstimate(this.#parameterization, {
        output: ofLevels ? numbers : tf.reshape(numbers, z.shape),
        ...given,
      });
    if (this.#variance === 'posterior')
      return { xHat: estimated(outputAs('GaussianDiffusion', output, [...z.shape, numbers])) };
    const all = outputAs('GaussianDiffusion', output, [...z.shape, numbers + 1]);
    const [first, share] = tf.split(all, [numbers, 1], -1) as [Tensor, Tensor];
    return { xHat: estimated(first), share: tf.reshape(share, z.shape) };
  }

  /** $KL[\mathcal N(\alpha_1 x, \sigma_1^2) \| \mathcal N(0, 1)] = \tfrac12 \sum (\alpha_1^2 x^2 - \alpha_1^2 - \ln \sigma_1^2)$ */
  #prior(data: Tensor): Tensor {
    const gamma = this.schedule.gamma(tf.scalar(1));
    const signal = tf.square(noiseLevel(gamma).alpha);
    const spread = tf.sub(softplus(tf.neg(gamma)), signal);
    return tf.mul(0.5, sumOverEvent(tf.add(tf.mul(signal, tf.square(data)), spread)));
  }

  #firstLevel(): NoiseLevel {
    return noiseLevel(this.schedule.gamma(tf.scalar(0)));
  }
}

const OPTIONS = [
  'shape',
  'levels',
  'network',
  'parameterization',
  'schedule',
  'steps',
  'variance',
  'objective',
  'contextSize',
] as const satisfies readonly (keyof GaussianDiffusionOptions)[];

function check(
  options: GaussianDiffusionOptions,
  {
    parameterization,
    variance,
    objective,
    schedule,
  }: { parameterization: string; variance: string; objective: string; schedule: NoiseSchedule },
): void {
  const where = 'gaussianDiffusion';
  const { shape, levels, network, steps, contextSize = 0 } = options;
  checkModel(where, { shape, levels, network, contextSize });
  checkParameterization(where, parameterization);
  checkMethods(where, 'schedule', schedule, {
    methods: ['gamma', 'slope'],
    expected: 'to be a schedule such as learnedSchedule()',
  });
  checkOneOf(where, 'objective', objective, ['bound', 'noise']);
  checkOneOf(where, 'variance', variance, reverseVariances);
  if (steps !== undefined) checkInteger(where, 'steps', steps);
  if (variance === 'learned' && (steps === undefined || objective === 'noise')) {
    throw new ArgumentError({
      where,
      argument: 'variance',
      expected: 'to be "posterior" without `steps`, or with the objective "noise"',
      actual: '"learned"',
    });
  }
  if (parameterization === 'levels' && levels === undefined) {
    throw new ArgumentError({
      where,
      argument: 'parameterization',
      expected: 'to be one for real numbers, because `levels` is not given',
      actual: '"levels"',
    });
  }
  if (objective === 'noise' && isModule(schedule)) {
    throw new ArgumentError({
      where,
      argument: 'schedule',
      expected: 'to be fixed, because the objective "noise" is smallest where nothing can be learned',
      actual: 'one that is learned',
      remedy: 'train by the bound',
    });
  }
}
