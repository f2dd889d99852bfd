import {
  BaseModule,
  checkGiven,
  checkKey,
  checkMethods,
  checkNumber,
  checkOneOf,
  checkOptions,
  checkShape,
  disposeOnThrow,
  hutchinsonTrace,
  odeSamplingLoop,
  rungeKutta,
  runSamplingLoop,
  singleObjective,
  trainable,
} from '@dgm/core';
import type {
  BoundModel,
  CallOptions,
  ConditionedBatch,
  Dequantizer,
  FixedStepSolver,
  Key,
  Layer,
  LoopSampledModel,
  Objective,
  OdeSolver,
  OdeState,
  SamplingLoop,
  Shape,
  Trace,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { checkDraws, checkedBatch, checkLevels, checkModel, outputAs } from './checks';
import { guided, withTimes, type Guidance } from './condition';
import {
  dequantizations,
  dequantized,
  toLevels,
  varianceOfNoise,
  type Dequantization,
} from './dequantization';
import { isFixedStep, odeDensityLoop, odeLogDensity, type OdeDensityOptions } from './ode-density';
import type { PairedBatch } from './optimal-pairs';
import { levelVelocity, type PathCoefficients, type PathPoint } from './parameterization';
import { record } from './record';
import { meanOver, perExample, sumOverEvent } from './rows';
import { stochastic } from './stochastic';
import { stratifiedTimes } from './stratified-times';

export interface FlowMatchingOptions {
  /** The shape of one example. */
  readonly shape: Shape;
  /**
   * How many values an entry can take, for integers from 0 to `levels` - 1: noise in [0, 1) is added, and the sums are scaled to
   * [-1, 1].
   * @defaultValue real numbers, whose spread should be about 1
   */
  readonly levels?: number;
  /**
   * The noise that is added to integers: one that is known, or a module such as `variationalDequantizer` of `@dgm/flows`, which
   * then is learned beside the velocity, and which the model owns.
   * @defaultValue 'uniform'
   */
  readonly dequantization?: Dequantization | Dequantizer;
  /**
   * Maps z, `[n, ...shape]`, with the context `[n, 1 + contextSize]`, whose first column is the time, to what the
   * `parameterization` asks for. The model owns it.
   */
  readonly network: Layer;
  /**
   * What the network gives: the `velocity`, as many numbers as z has; or for integers `levels`, logits
   * `[n, ...shape, levels]` that are added to the likelihood of each level behind its noise, which with `bates` noise is right
   * about what the data are near t = 0.
   * @defaultValue 'velocity'
   */
  readonly parameterization?: FlowParameterization;
  /** Solves the ODE of the likelihood. @defaultValue `rungeKutta({ steps: 30 })` */
  readonly solver?: OdeSolver;
  /** The trace of the Jacobian in the likelihood. @defaultValue `hutchinsonTrace()` */
  readonly trace?: Trace;
  /**
   * The way from data to noise, $z_t = a_t x + b_t \epsilon$: `linear` is $a_t = 1 - t$, $b_t = t$; `trigonometric` is
   * $a_t = \cos(\pi t / 2)$, $b_t = \sin(\pi t / 2)$, which keeps a variance of 1.
   * @defaultValue 'linear'
   */
  readonly path?: FlowPath;
  /**
   * p of the times $t = u^p$ that are trained, for uniform u; the ODE of the likelihood is solved in u if p is above 1. Then more of them are
   * near the data. The bound weighs the squared error of the velocity by about $(1 - t) / t$, the samples depend on all times
   * alike.
   * @defaultValue 1
   */
  readonly timeExponent?: number;
  /** The width of the condition. @defaultValue 0 */
  readonly contextSize?: number;
}

const SAMPLE_OPTIONS = [
  'solver',
  'context',
  'guidance',
  'temperature',
  'noise',
  'stochasticity',
] as const satisfies readonly (keyof FlowSampleOptions)[];

const OPTIONS = [
  'shape',
  'levels',
  'dequantization',
  'network',
  'parameterization',
  'solver',
  'trace',
  'path',
  'timeExponent',
  'contextSize',
] as const satisfies readonly (keyof FlowMatchingOptions)[];

const paths = ['linear', 'trigonometric'] as const;
/** The path from noise to data of flow matching: `linear` or `trigonometric`. */
export type FlowPath = (typeof paths)[number];

const parameterizations = ['velocity', 'levels'] as const;
/** What the network of a flow gives: its velocity, or logits of the levels of integers. */
export type FlowParameterization = (typeof parameterizations)[number];

/** What a flow is trained on: examples, with a condition, or with the noise that each is paired with. */
export type FlowBatch = Tensor | ConditionedBatch | PairedBatch;

/** Options of `sample`. */
export interface FlowSampleOptions {
  /** @defaultValue `rungeKutta({ steps: 20, order: 1 })`, which is Euler's method */
  readonly solver?: FixedStepSolver;
  /** The condition of each draw, `[n, contextSize]`, for a conditional model. */
  readonly context?: Tensor;
  /**
   * Classifier-free guidance w: $v_\varnothing + w (v_c - v_\varnothing)$, where a row of zeros is no condition.
   * @defaultValue 1, without guidance
   */
  readonly guidance?: number;
  /** Multiplies the noise of the start. @defaultValue 1 */
  readonly temperature?: number;
  /** Where the ODE starts, `[n, ...shape]`. @defaultValue standard normal draws */
  readonly noise?: Tensor;
  /**
   * $\eta$ of a stochastic differential equation with the same densities at all times,
   * $dz = (v + \eta\, \hat\epsilon)\, dt + \sqrt{2 \eta\, b_t}\, dW$ from t = 1 to 0, with the noise
   * $\hat\epsilon = E[\epsilon | z]$. Fresh noise corrects errors of the velocity, and wants more steps.
   * @defaultValue 0, the ODE
   */
  readonly stochasticity?: number;
}

/**
 * Flow matching: a network learns the velocity of straight lines from data to noise,
 *
 * $$z_t = (1 - t) x + t \epsilon, \quad \min_v \mathbb E\, \|v(z_t, t) - (\epsilon - x)\|^2$$
 *
 * or along another `path`, and draws by the ODE $\dot z = v(z, t)$ from noise at t = 1 to data at t = 0. Its likelihood is that of the ODE:
 * $\ln p(x) = \ln \mathcal N(z_1; 0, I) + \int_0^1 \mathrm{tr}\, \partial v / \partial z\, dt$, up to the error of the solver, with
 * the trace estimated. For discrete data it is a bound, by the noise that is added to them.
 *
 * Batches of `optimalPairs` pair each example with noise near it (OT-CFM); otherwise noise is drawn freely (I-CFM).
 *
 * @throws ArgumentError for an option that is unknown or out of its range
 * @see Flow Matching for Generative Modeling (Lipman et al., 2023), Eq. 23; Stochastic Interpolants (Albergo et al., 2023), §2.4,
 * for `stochasticity`; Improving and Generalizing Flow-Based Generative
 * Models with Minibatch Optimal Transport (Tong et al., 2024), §3.2. There time runs from noise to data.
 *
 * @example
 * ```ts
 * const network = mlpDenoiser({ shape: [2], key });
 * const model = flowMatching({ shape: [2], network });
 * ```
 */
export function flowMatching(options: FlowMatchingOptions): FlowMatching {
  return record(
    disposeOnThrow(() => new FlowMatching(options)),
    'flowMatching',
    arguments,
  );
}

/** Made by {@link flowMatching}. */
export class FlowMatching
  extends BaseModule
  implements BoundModel<FlowBatch, Tensor | ConditionedBatch>, LoopSampledModel
{
  readonly likelihoodKind = 'lower-bound';
  readonly eventShape: Shape;
  readonly levels: number | undefined;
  readonly isDequantized: boolean;
  readonly contextSize: number;
  /**
   * `elbo` as a loop over the steps of the solver; absent where that is adaptive. With another `solver`, to see what its steps
   * change.
   */
  readonly elboLoop?: (
    batch: Tensor | ConditionedBatch,
    options?: { readonly solver?: FixedStepSolver },
  ) => SamplingLoop;
  readonly #network: Layer;
  readonly #parameterization: FlowParameterization;
  readonly #solver: OdeSolver;
  readonly #path: FlowPath;
  readonly #timeExponent: number;
  readonly #trace: Trace;
  readonly #dequantization: Dequantization | Dequantizer;

  constructor(options: FlowMatchingOptions) {
    super();
    checkOptions('flowMatching', options, OPTIONS);
    const {
      shape,
      levels,
      dequantization = 'uniform',
      network,
      parameterization = 'velocity',
      solver = rungeKutta({ steps: 30 }),
      trace = hutchinsonTrace(),
      path = 'linear',
      timeExponent = 1,
      contextSize = 0,
    } = options;
    const where = 'flowMatching';
    checkModel(where, { shape, levels, network, contextSize });
    checkOneOf(where, 'path', path, paths);
    checkNumber(where, 'timeExponent', timeExponent, { above: 0 });
    checkOneOf(where, 'parameterization', parameterization, parameterizations);
    if (parameterization === 'levels')
      checkGiven(where, 'levels', levels, 'to be given for the parameterization "levels"');
    // The likelihood of a level behind noise that is learned is not known.
    if (typeof dequantization === 'object' && parameterization !== 'levels') {
      checkGiven(where, 'levels', levels, 'to be given for noise that is learned');
      checkMethods(where, 'dequantization', dequantization, {
        methods: ['draw', 'parameters'],
        expected: 'to be a dequantizer such as variationalDequantizer()',
      });
    } else checkOneOf(where, 'dequantization', dequantization, dequantizations);
    this.eventShape = shape;
    this.levels = levels;
    this.isDequantized = levels !== undefined;
    this.contextSize = contextSize;
    this.#parameterization = parameterization;
    this.#network = this.child('network', network);
    if (typeof dequantization === 'object') this.child('dequantizer', dequantization);
    checkMethods(where, 'solver', solver, {
      methods: ['solve'],
      expected: 'to be a solver such as rungeKutta()',
    });
    checkMethods(where, 'trace', trace, { methods: ['of'], expected: 'to be a trace such as exactTrace()' });
    this.#solver = solver;
    this.#trace = trace;
    this.#path = path;
    this.#timeExponent = timeExponent;
    this.#dequantization = dequantization;
    if (!isFixedStep(solver)) return;
    this.elboLoop = (batch, options = {}) => odeDensityLoop(this.#density(batch, options.solver ?? solver));
  }

  /**
   * The log-density of each example in nats, `[n]`, with one draw of the noise of discrete data and of the trace; a bound on their
   * log-probability.
   * @param batch - `[n, ...shape]`, or `{ x, context }` for a conditional model
   */
  elbo(batch: Tensor | ConditionedBatch, key: Key): Tensor {
    const density = this.#density(batch, this.#solver);
    checkLevels('FlowMatching.elbo', density.inputs['x']!, this.levels, key);
    return odeLogDensity(density, key);
  }

  /**
   * The velocity $v(z, t)$, `[n, ...shape]`, of data scaled to [-1, 1] if they are discrete.
   * @param z - `[n, ...shape]`
   * @param t - times in [0, 1], `[n]`
   */
  velocity(z: Tensor, t: Tensor, call: CallOptions = {}): Tensor {
    checkShape('FlowMatching.velocity', 'z', z, ['n', ...this.eventShape]);
    checkShape('FlowMatching.velocity', 't', t, [z.shape[0]!]);
    return tf.tidy(() => this.#velocity(z, t, call));
  }

  /**
   * Draws `[n, ...shape]`: integers if the data are discrete.
   * @param given - the `solver` may be adaptive here
   */
  sample(
    key: Key,
    n: number,
    given: Omit<FlowSampleOptions, 'solver'> & { readonly solver?: OdeSolver } = {},
  ): Tensor {
    checkOptions('FlowMatching.sample', given, SAMPLE_OPTIONS);
    const { solver, ...options } = given;
    if (solver !== undefined && !isFixedStep(solver))
      checkNumber('FlowMatching.sample', 'stochasticity', given.stochasticity ?? 0, { min: 0, max: 0 });
    if (solver === undefined || isFixedStep(solver))
      return runSamplingLoop(this.samplingLoop(n, { ...options, ...(solver && { solver }) }), key);
    return tf.tidy(() => {
      checkKey('FlowMatching.sample', key);
      const loop = this.samplingLoop(n, options);
      const start = loop.start(loop.inputs, key.fold(0));
      const field = (t: Scalar, [z]: OdeState): OdeState => [
        this.#guided(z!, t, { context: options.context, guidance: options.guidance ?? 1 }),
      ];
      const [y] = solver.solve(field, [start['y']!], { from: 1, to: 0 }) as [Tensor];
      return loop.finish({ ...start, y });
    });
  }

  /** Sampling as a loop, for an engine that compiles one; each step of the solver is one of the loop. */
  samplingLoop(n: number, options: FlowSampleOptions = {}): SamplingLoop {
    const where = 'FlowMatching.sample';
    checkOptions(where, options, SAMPLE_OPTIONS);
    const { solver = rungeKutta({ steps: 20, order: 1 }), context, noise, ...rest } = options;
    const { guidance = 1, temperature = 1, stochasticity = 0 } = rest;
    checkDraws(where, n, { contextSize: this.contextSize, context, guidance });
    checkMethods(where, 'solver', solver, { methods: ['step'], expected: 'to be a solver of fixed steps' });
    checkNumber(where, 'temperature', temperature, { min: 0 });
    checkNumber(where, 'stochasticity', stochasticity, { min: 0 });
    if (noise !== undefined) checkShape(where, 'noise', noise, [n, ...this.eventShape]);
    const loop = odeSamplingLoop({
      field: (t, z, { context }) => {
        const v = this.#guided(z, t, { context, guidance });
        return stochasticity === 0 ? v : tf.add(v, tf.mul(stochasticity, this.#noiseIn(z, v, t)));
      },
      start: ({ noise }, key) =>
        tf.tidy(() => tf.mul(temperature, noise ?? key.normal([n, ...this.eventShape]))),
      solver,
      interval: { from: 1, to: 0 },
      inputs: { ...(context && { context }), ...(noise && { noise }) },
    });
    const noisy = stochastic(loop, stochasticity, (t) => pathPoint(this.#path, t).at.noise);
    return { ...noisy, finish: (state) => tf.tidy(() => toLevels(loop.finish(state), this.levels)) };
  }

  /** $E[\epsilon | z]$ from $z = a x + b \epsilon$ and $v = a' x + b' \epsilon$: $(a' z - a v) / (a' b - a b')$. */
  #noiseIn(z: Tensor, v: Tensor, t: Scalar): Tensor {
    const { at, slope } = pathPoint(this.#path, t);
    const determinant = tf.sub(tf.mul(slope.signal, at.noise), tf.mul(at.signal, slope.noise));
    return tf.div(tf.sub(tf.mul(slope.signal, z), tf.mul(at.signal, v)), determinant);
  }

  /** The density of where the ODE starts, which is at data with noise if they are discrete. */
  #density<S extends OdeSolver>(
    batch: Tensor | ConditionedBatch,
    solver: S,
  ): OdeDensityOptions & { readonly solver: S } {
    const { x, context } = this.#checkBatch(batch, 'elbo');
    return {
      inputs: { x, ...(context && { context }) },
      start: ({ x, context }, key) => this.#dequantized(x!, key, context && { context }),
      // In u, for t = u^p: dz/du = p u^(p - 1) v. Below 1 that has no value at u = 0.
      field: (u, z, { context }) => {
        const p = this.#timeExponent;
        if (p <= 1) return this.#velocity(z, u, context && { context });
        const velocity = this.#velocity(z, tf.pow(u, p), context && { context });
        return tf.mul(tf.mul(p, tf.pow(u, p - 1)), velocity);
      },
      interval: { from: 0, to: 1 },
      solver,
      trace: this.#trace,
    };
  }

  /**
   * The mean square error of the velocity, summed over the entries. Noise that is learned has an objective of its own,
   * `dequantization`: what depends on it in the bound of the stochastic differential equation with the same densities,
   *
   * $$\mathbb E_q \Big[ \ln q(u | x) + \int_\delta^1 w(t)\, \|v(z_t, t) - \dot z_t\|^2\, dt \Big], \quad
   *   w = \frac{a}{b\, (a b' - a' b)}$$
   *
   * which is $(1 - t) / t$ for straight lines. It needs no gradient of an ODE.
   * @see Maximum Likelihood Training of Score-Based Diffusion Models (Song et al., 2021), Theorem 3
   */
  objectives(): readonly Objective<FlowBatch>[] {
    const velocity = singleObjective<FlowBatch>(this.#network, {
      name: 'velocity',
      loss: (batch, key, { training }) => {
        const { x, context, ...paired } = this.#checkBatch(batch, 'loss');
        const call = { training, key: key.fold('network'), ...(context && { context }) };
        const { z: data } = this.#dequantized(x, key, { ...call, key: key.fold('noise network') });
        const noise = paired.noise ?? key.fold('noise').normal(x.shape);
        const times = this.#trainedTimes(key.fold('t'), x.shape[0]!);
        const { error } = this.#velocityError({ data, noise, times }, call);
        return { total: tf.div(tf.sum<Scalar>(error), Math.max(1, x.shape[0]!)) };
      },
    });
    if (typeof this.#dequantization !== 'object' || trainable(this.#dequantization).size === 0)
      return velocity;
    return [
      ...velocity,
      ...singleObjective<FlowBatch>(this.#dequantization, {
        name: 'dequantization',
        loss: (batch, key, { training }) => {
          const { x, context } = this.#checkBatch(batch, 'loss');
          const call = { training, key: key.fold('network'), ...(context && { context }) };
          const { z: data, offset } = this.#dequantized(x, key, { ...call, key: key.fold('noise network') });
          // Times of the density 1 / t, which is about the weight: then no draw outweighs the others.
          const first = firstTime(this.levels!);
          const times = tf.pow(first, stratifiedTimes(key.fold('t'), x.shape[0]!));
          const noise = key.fold('noise').normal(x.shape);
          const { error, weight } = this.#velocityError({ data, noise, times }, call);
          const ofPath = tf.mul(tf.mul(-Math.log(first), tf.mul(times, weight)), sumOverEvent(error));
          return { total: meanOver(tf.sub(ofPath, offset)) };
        },
      }),
    ];
  }

  /**
   * $(v(z_t, t) - \dot z_t)^2$ on the way from data to noise, the shape of the data, and how much the bound weighs it there,
   * $w = a / (b (a b' - a' b))$, `[n]`.
   */
  #velocityError(
    { data, noise, times }: { readonly data: Tensor; readonly noise: Tensor; readonly times: Tensor },
    call: CallOptions,
  ): { readonly error: Tensor; readonly weight: Tensor } {
    const along = ({ signal, noise: ofNoise }: PathCoefficients): Tensor =>
      tf.add(tf.mul(signal, data), tf.mul(ofNoise, noise));
    const { at, slope } = pathPoint(this.#path, perExample(times, data.rank));
    const error = tf.squaredDifference(this.#velocity(along(at), times, call), along(slope));
    const determinant = tf.sub(tf.mul(at.signal, slope.noise), tf.mul(slope.signal, at.noise));
    const weight = tf.div(at.signal, tf.mul(at.noise, determinant));
    return { error, weight: tf.reshape(weight, [times.size]) };
  }

  /** $t = u^p$, `[n]`. */
  #trainedTimes(key: Key, n: number): Tensor {
    const u = stratifiedTimes(key, n);
    return this.#timeExponent === 1 ? u : tf.pow(u, this.#timeExponent);
  }

  #dequantized(x: Tensor, key: Key, call: CallOptions = {}): { readonly z: Tensor; readonly offset: Tensor } {
    const kind = { levels: this.levels, dequantization: this.#dequantization };
    return dequantized(x, kind, key.fold('dequantization'), call);
  }

  #velocity(z: Tensor, t: Tensor, { context, ...call }: CallOptions = {}): Tensor {
    const output = this.#network.apply(z, { ...call, context: withTimes(z.shape[0]!, [t], context) });
    if (this.#parameterization === 'velocity') return outputAs('FlowMatching', output, z.shape);
    const levels = this.levels!;
    return levelVelocity(z, pathPoint(this.#path, t.rank === 0 ? t : perExample(t, z.rank)), {
      logits: outputAs('FlowMatching', output, [...z.shape, levels]),
      values: tf.tensor1d(Array.from({ length: levels }, (_, k) => (2 * k + 1) / levels - 1)),
      variance: varianceOfNoise[this.#dequantization as Dequantization] * (2 / levels) ** 2,
    });
  }

  #guided(z: Tensor, t: Scalar, guidance: Guidance): Tensor {
    return guided(z, guidance, (z, context) => this.#velocity(z, t, context && { context }));
  }

  #checkBatch(batch: FlowBatch, method: string): Omit<PairedBatch, 'noise'> & Partial<PairedBatch> {
    const where = `FlowMatching.${method}`;
    const parts = checkedBatch(where, batch as Tensor | ConditionedBatch, this);
    const { noise } = batch as Partial<PairedBatch>;
    if (noise === undefined) return parts;
    checkShape(where, 'noise', noise, parts.x.shape);
    return { ...parts, noise };
  }
}

/**
 * The first time of the bound that noise learns by, where the noise of the path is a twentieth of the width of a level: below it
 * z is the data.
 */
function firstTime(levels: number): number {
  return 1 / (10 * levels);
}

function pathPoint(path: FlowPath, t: Tensor): PathPoint {
  if (path === 'linear') {
    return {
      at: { signal: tf.sub(1, t), noise: t },
      slope: { signal: tf.scalar(-1), noise: tf.scalar(1) },
    };
  }
  const angle = tf.mul(Math.PI / 2, t);
  const [cos, sin] = [tf.cos(angle), tf.sin(angle)];
  return {
    at: { signal: cos, noise: sin },
    slope: { signal: tf.mul(-Math.PI / 2, sin), noise: tf.mul(Math.PI / 2, cos) },
  };
}
