import {
  ArgumentError,
  BaseModule,
  checkContext,
  checkGiven,
  checkInteger,
  checkNumber,
  checkOneOf,
  checkOptions,
  disposeOnThrow,
  exp,
  expm1,
  isModule,
  leadingShape,
  oneHot,
  runSamplingLoop,
  singleObjective,
  softplus,
  splitBatch,
} from '@dgm/core';
import type {
  BoundModel,
  CallOptions,
  ConditionedBatch,
  Key,
  Layer,
  LoopSampledModel,
  LoopTensors,
  Objective,
  SamplingLoop,
  Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { keepGiven, maskOf, type GivenEntries } from './given-entries';
import {
  checkParameterization,
  dataEstimate,
  levelLogLikelihoods,
  noiseEstimate,
  type Parameterization,
} from './parameterization';
import { record } from './record';
import { ancestral, type DiffusionSampler } from './samplers';
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
   * numbers as z has, or `levels` times as many for the parameterization `levels`; for example {@link convDenoiser}. The
   * model owns it.
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
   * What is minimized: `bound`, minus the bound in nats, or `noise`, $\|\epsilon - \hat\epsilon\|^2$ at a random time
   * ($L_{simple}$), which draws better samples and bounds worse.
   * @defaultValue 'bound'
   */
  readonly objective?: 'bound' | 'noise';
  /** The width of the condition. @defaultValue 0 */
  readonly contextSize?: number;
}

/** Options of `sample`. */
export interface DiffusionSampleOptions {
  /** @defaultValue `ancestral()`, with the steps of the model if it has them */
  readonly sampler?: DiffusionSampler;
  /** The condition of each draw, `[n, contextSize]`, for a conditional model. */
  readonly context?: Tensor;
  /**
   * Classifier-free guidance w: $\hat x = \hat x_\varnothing + w (\hat x_c - \hat x_\varnothing)$, where a row of zeros is no
   * condition; train with `classContext({ classes, dropout: 0.1 })`.
   * @defaultValue 1, without guidance
   */
  readonly guidance?: number;
  /** Multiplies the noise of the start. @defaultValue 1 */
  readonly temperature?: number;
  /** In-painting: entries that stay as they are, while the others are drawn to go with them. */
  readonly given?: GivenEntries;
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
 * with T steps, $T (e^{\gamma(t) - \gamma(s)} - 1)$ stands in place of $\gamma'(t)$, for $s = t - 1/T$.
 *
 * @throws ArgumentError for an option that is unknown or does not fit the others
 * @see DGM §4.5.3, Eq. 4.89-4.102; Variational Diffusion Models (Kingma et al., 2021), Eq. 11-18
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
  readonly #objective: 'bound' | 'noise';

  constructor(options: GaussianDiffusionOptions) {
    super();
    const { shape, levels, network, schedule = logSnrSchedule(), steps, contextSize = 0 } = options;
    const { parameterization = levels === undefined ? 'velocity' : 'levels', objective = 'bound' } = options;
    check(options, { parameterization, objective, schedule });
    this.eventShape = shape;
    this.levels = levels;
    this.contextSize = contextSize;
    this.schedule = schedule;
    this.#parameterization = parameterization;
    this.#steps = steps;
    this.#objective = objective;
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
    const { x, context } = this.#checkBatch(batch, 'boundTerms');
    return tf.tidy(() => {
      const data = this.#scaled(x);
      const t = stratifiedTimes(key.fold('t'), x.shape[0]!);
      const call = { training, key: key.fold('network'), ...(context && { context }) };
      const first = key.fold('z0').normal(x.shape);
      return {
        reconstruction: this.#reconstruction(x, this.#noised(x, this.#firstLevel(), first), first),
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
    return tf.tidy(() => {
      const { later, rate } = this.#ratesAt(perExample(t, data.rank));
      const level = noiseLevel(this.schedule.gamma(later));
      const z = tf.add(tf.mul(level.alpha, data), tf.mul(level.sigma, noise));
      const error = tf.squaredDifference(data, this.#denoise(z, level, call));
      const weight = tf.mul(tf.mul(0.5, rate), exp(tf.neg(level.gamma)));
      return sumOverEvent(tf.mul(weight, error));
    });
  }

  /**
   * The estimate $\hat x(z, t)$ of the data, `[n, ...shape]`, scaled to [-1, 1] if they are discrete.
   * @param z - `[n, ...shape]`
   * @param t - times in [0, 1], `[n]`
   */
  denoise(z: Tensor, t: Tensor, call: CallOptions = {}): Tensor {
    leadingShape(z.shape, this.eventShape, 'GaussianDiffusion.denoise', 'z');
    return tf.tidy(() => this.#denoise(z, noiseLevel(this.schedule.gamma(perExample(t, z.rank))), call));
  }

  /**
   * $z_t = \alpha_t x + \sigma_t \epsilon$, a draw of $q(z_t | x)$ for normal noise.
   * @param x - `[n, ...shape]`, as the data are
   * @param t - times in [0, 1], `[n]`
   * @param noise - $\epsilon$, `[n, ...shape]`
   */
  diffuse(x: Tensor, t: Tensor, noise: Tensor): Tensor {
    leadingShape(x.shape, this.eventShape, 'GaussianDiffusion.diffuse', 'x');
    return tf.tidy(() => this.#noised(x, noiseLevel(this.schedule.gamma(perExample(t, x.rank))), noise));
  }

  /**
   * $\ln p(x | z_0)$ in nats, `[n]`, with $p(x | z_0) \propto q(z_0 | x)$ for each entry.
   * @param x - `[n, ...shape]`, as the data are
   * @param z - $z_0$, `[n, ...shape]`
   */
  logLikelihood(x: Tensor, z: Tensor): Tensor {
    leadingShape(x.shape, this.eventShape, 'GaussianDiffusion.logLikelihood', 'x');
    return tf.tidy(() => {
      const { alpha, sigma } = this.#firstLevel();
      const noise = tf.div(tf.sub(z, tf.mul(alpha, this.#scaled(x))), sigma);
      return tf.neg(this.#reconstruction(x, z, noise));
    });
  }

  /**
   * A draw of $p(x | z_0)$, `[n, ...shape]`: integers if the data are discrete.
   * @param z - $z_0$, `[n, ...shape]`
   */
  decode(z: Tensor, key: Key): Tensor {
    leadingShape(z.shape, this.eventShape, 'GaussianDiffusion.decode', 'z');
    return tf.tidy(() => this.#decode(z, this.#decisions(z.shape, key)));
  }

  /** Draws `[n, ...shape]`: integers if the data are discrete. */
  sample(key: Key, n: number, options: DiffusionSampleOptions = {}): Tensor {
    return runSamplingLoop(this.samplingLoop(n, options), key);
  }

  /** Sampling as a loop, for an engine that compiles one; each step of the sampler is one of the loop. */
  samplingLoop(n: number, options: DiffusionSampleOptions = {}): SamplingLoop {
    const where = 'GaussianDiffusion.sample';
    checkOptions(where, options, ['sampler', 'context', 'guidance', 'temperature', 'given']);
    const { sampler = ancestral(this.#steps === undefined ? {} : { steps: this.#steps }) } = options;
    const { context, guidance = 1, temperature = 1, given } = options;
    checkInteger(where, 'n', n, { min: 0 });
    checkNumber(where, 'guidance', guidance);
    checkNumber(where, 'temperature', temperature, { min: 0 });
    checkContext(where, context, { rows: n, contextSize: this.contextSize });
    const shape = [n, ...this.eventShape];
    const isGiven = given && maskOf(where, given, { n, eventShape: this.eventShape });
    const timeAt = (step: Tensor): Scalar => tf.reshape(tf.gather(tf.tensor1d([...sampler.times]), step), []);
    return {
      steps: sampler.times.length - 1,
      inputs: { ...(context && { context }), ...(given && { given: given.values }) },
      start: (_, key) =>
        tf.tidy(() => ({
          z: tf.mul(temperature, key.fold('z').normal(shape)),
          // What decides the last draw, p(x | z_0), which comes after the last step.
          last: this.#decisions(shape, key.fold('x')),
          step: tf.tensor1d([0], 'int32'),
          ...sampler.memory?.(shape),
        })),
      next: ({ z, last, step, ...memory }, inputs, key) =>
        tf.tidy(() => {
          const following = tf.add(step!, tf.scalar(1, 'int32'));
          const [from, to] = [step!, following].map((at) => noiseLevel(this.schedule.gamma(timeAt(at))));
          const made = sampler.step({
            ...{ z: z!, from: from!, to: to!, memory, key },
            denoise: (z, level) => this.#guided(z, level, inputs, guidance),
          });
          const kept =
            isGiven === undefined
              ? made.z
              : keepGiven(
                  isGiven,
                  this.#noised(inputs['given']!, to!, key.fold('given').normal(shape)),
                  made.z,
                );
          return { z: kept, last: tf.clone(last!), step: following, ...made.memory };
        }),
      finish: ({ z, last }) =>
        tf.tidy(() => {
          const drawn = this.#decode(z!, last!);
          return isGiven === undefined ? drawn : keepGiven(isGiven, given!.values, drawn);
        }),
    };
  }

  /** One objective, over everything that is learned. */
  objectives(): readonly Objective<Tensor | ConditionedBatch>[] {
    if (this.#objective === 'noise') {
      return singleObjective<Tensor | ConditionedBatch>(this, {
        name: 'noise',
        loss: (batch, key, { training }) => ({
          total: tf.mean<Scalar>(this.#noiseError(batch, key, training)),
        }),
      });
    }
    return singleObjective<Tensor | ConditionedBatch>(this, {
      name: 'bound',
      loss: (batch, key, { training }) => {
        const terms = this.boundTerms(batch, key, { training });
        const [reconstruction, prior, diffusion] = [terms.reconstruction, terms.prior, terms.diffusion].map(
          (term) => tf.mean<Scalar>(term),
        ) as [Scalar, Scalar, Scalar];
        const total: Scalar = tf.addN([reconstruction, prior, diffusion]);
        return { total, reconstruction, prior, diffusion };
      },
    });
  }

  /** $\|\epsilon - \hat\epsilon(z_t, t)\|^2$ at a random time, `[n]`. */
  #noiseError(batch: Tensor | ConditionedBatch, key: Key, training: boolean): Tensor {
    const { x, context } = this.#checkBatch(batch, 'loss');
    const data = this.#scaled(x);
    const t = perExample(stratifiedTimes(key.fold('t'), x.shape[0]!), x.rank);
    const level = noiseLevel(this.schedule.gamma(this.#ratesAt(t).later));
    const noise = key.fold('z').normal(x.shape);
    const z = tf.add(tf.mul(level.alpha, data), tf.mul(level.sigma, noise));
    const call = { training, key: key.fold('network'), ...(context && { context }) };
    const estimate = noiseEstimate(this.#denoise(z, level, call), z, level);
    return sumOverEvent(tf.squaredDifference(noise, estimate));
  }

  /** The time at which the network is asked, and what multiplies $\tfrac12 e^{-\gamma} \|x - \hat x\|^2$ there. */
  #ratesAt(t: Tensor): { readonly later: Tensor; readonly rate: Tensor } {
    const { schedule } = this;
    const steps = this.#steps;
    if (steps === undefined) return { later: t, rate: schedule.slope(t) };
    const step = tf.floor(tf.mul(t, steps));
    const [earlier, later] = [tf.div(step, steps), tf.div(tf.add(step, 1), steps)];
    return { later, rate: tf.mul(steps, expm1(tf.sub(schedule.gamma(later), schedule.gamma(earlier)))) };
  }

  #denoise(z: Tensor, level: NoiseLevel, { context, ...call }: CallOptions): Tensor {
    const n = z.shape[0]!;
    const time = tf.div(tf.add(level.gamma, 13), 20);
    const column = time.rank === 0 ? tf.mul(tf.ones([n, 1]), time) : tf.reshape(time, [n, 1]);
    const output = this.#network.apply(z, {
      ...call,
      context: context === undefined ? column : tf.concat([column, context], 1),
    });
    const perEntry = this.#parameterization === 'levels' ? [this.levels!] : [];
    return dataEstimate(this.#parameterization, {
      output: tf.reshape(output, [...z.shape, ...perEntry]),
      z,
      level,
      values: this.levels === undefined ? undefined : levelValues(this.levels),
    });
  }

  /** The estimate with guidance: both estimates in one pass of the network. */
  #guided(z: Tensor, level: NoiseLevel, { context }: LoopTensors, guidance: number): Tensor {
    if (context === undefined) return this.#denoise(z, level, {});
    if (guidance === 1) return this.#denoise(z, level, { context });
    const both = this.#denoise(tf.concat([z, z]), level, {
      context: tf.concat([context, tf.zerosLike(context)]),
    });
    const [given, free] = tf.split(both, 2) as [Tensor, Tensor];
    return tf.add(free, tf.mul(guidance, tf.sub(given, free)));
  }

  /** $z = \alpha x + \sigma \epsilon$ for x as it comes in the data. */
  #noised(x: Tensor, { alpha, sigma }: NoiseLevel, noise: Tensor): Tensor {
    return tf.add(tf.mul(alpha, this.#scaled(x)), tf.mul(sigma, noise));
  }

  /** $-\ln p(x | z_0)$ for $z_0 = \alpha_0 x + \sigma_0 \epsilon$. */
  #reconstruction(x: Tensor, z: Tensor, noise: Tensor): Tensor {
    const level = this.#firstLevel();
    if (this.levels === undefined) {
      // N(x; z_0 / alpha, sigma^2 / alpha^2), where x - z_0 / alpha = -noise sigma / alpha.
      const logScale = tf.mul(0.5, tf.add(level.gamma, Math.log(2 * Math.PI)));
      return sumOverEvent(tf.add(tf.mul(0.5, tf.square(noise)), logScale));
    }
    const logProbs = tf.logSoftmax(levelLogLikelihoods(z, level, levelValues(this.levels)));
    const chosen = tf.sum(tf.mul(logProbs, oneHot(x, { depth: this.levels })), -1);
    return tf.neg(sumOverEvent(chosen));
  }

  /** $KL[\mathcal N(\alpha_1 x, \sigma_1^2) \| \mathcal N(0, 1)] = \tfrac12 \sum (\alpha_1^2 x^2 - \alpha_1^2 - \ln \sigma_1^2)$ */
  #prior(data: Tensor): Tensor {
    const gamma = this.schedule.gamma(tf.scalar(1));
    const signal = tf.square(noiseLevel(gamma).alpha);
    const spread = tf.sub(softplus(tf.neg(gamma)), signal);
    return tf.mul(0.5, sumOverEvent(tf.add(tf.mul(signal, tf.square(data)), spread)));
  }

  /** What decides a draw of $p(x | z_0)$. */
  #decisions(shape: Shape, key: Key): Tensor {
    return this.levels === undefined ? key.normal([...shape]) : key.uniform([...shape]);
  }

  /** A draw of $p(x | z_0)$, decided by uniform or normal numbers. */
  #decode(z: Tensor, last: Tensor): Tensor {
    const level = this.#firstLevel();
    if (this.levels === undefined) {
      return tf.div(tf.add(z, tf.mul(level.sigma, last)), level.alpha);
    }
    const probs = tf.softmax(levelLogLikelihoods(z, level, levelValues(this.levels)));
    const cumulated = tf.cumsum(probs, z.rank);
    const isBelow = tf.cast(tf.lessEqual(cumulated, tf.expandDims(last, -1)), 'float32');
    return tf.minimum(tf.sum(isBelow, -1), this.levels - 1);
  }

  #firstLevel(): NoiseLevel {
    return noiseLevel(this.schedule.gamma(tf.scalar(0)));
  }

  #scaled(x: Tensor): Tensor {
    return this.levels === undefined ? x : tf.sub(tf.mul(2 / (this.levels - 1), x), 1);
  }

  #checkBatch(batch: Tensor | ConditionedBatch, method: string): { x: Tensor; context?: Tensor } {
    const where = `GaussianDiffusion.${method}`;
    const { x, context } = splitBatch(batch);
    const [rows] = leadingShape(x.shape, this.eventShape, where, 'x');
    checkContext(where, context, { rows, contextSize: this.contextSize });
    return { x, ...(context && { context }) };
  }
}

/** -1 to 1 in equal steps. */
function levelValues(levels: number): Tensor {
  return tf.tensor1d(Array.from({ length: levels }, (_, k) => (2 * k) / (levels - 1) - 1));
}

/** `[n]` to `[n, 1, ..., 1]`, to broadcast against examples. */
function perExample(t: Tensor, rank: number): Tensor {
  return tf.reshape(t, [t.shape[0]!, ...Array.from({ length: rank - 1 }, () => 1)]);
}

function sumOverEvent(x: Tensor): Tensor {
  return tf.sum(tf.reshape(x, [x.shape[0]!, -1]), 1);
}

const OPTIONS = [
  'shape',
  'levels',
  'network',
  'parameterization',
  'schedule',
  'steps',
  'objective',
  'contextSize',
] as const satisfies readonly (keyof GaussianDiffusionOptions)[];

function check(
  options: GaussianDiffusionOptions,
  {
    parameterization,
    objective,
    schedule,
  }: { parameterization: string; objective: string; schedule: NoiseSchedule },
): void {
  const where = 'gaussianDiffusion';
  checkOptions(where, options, OPTIONS);
  const { shape, levels, network, steps, contextSize = 0 } = options;
  checkGiven(where, 'shape', shape, 'to be the shape of one example');
  shape.forEach((size) => checkInteger(where, 'shape', size));
  if (levels !== undefined) checkInteger(where, 'levels', levels, { min: 2 });
  checkGiven(where, 'network', network, 'to be a layer such as mlpDenoiser()');
  checkParameterization(where, parameterization);
  checkOneOf(where, 'objective', objective, ['bound', 'noise']);
  if (steps !== undefined) checkInteger(where, 'steps', steps);
  checkInteger(where, 'contextSize', contextSize, { min: 0 });
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
