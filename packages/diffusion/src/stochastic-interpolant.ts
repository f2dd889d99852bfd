import {
  BaseModule,
  checkGiven,
  checkInteger,
  checkMethods,
  checkNumber,
  checkOptions,
  checkShape,
  disposeOnThrow,
  gatherExamples,
  odeSamplingLoop,
  rungeKutta,
  runSamplingLoop,
  singleObjective,
} from '@dgm/core';
import type {
  CallOptions,
  ConditionedBatch,
  Examples,
  FixedStepSolver,
  GenerativeModel,
  Key,
  Layer,
  LoopSampledModel,
  MakeBatch,
  Objective,
  SamplingLoop,
  Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkDraws, checkedBatch, checkModel, outputAs } from './checks';
import { withTimes } from './condition';
import { record } from './record';
import { meanOver, mixed, perExample, sumOverEvent } from './rows';
import { stochastic } from './stochastic';
import { stratifiedTimes } from './stratified-times';

export interface StochasticInterpolantOptions {
  /** The shape of one example, in both data sets. */
  readonly shape: Shape;
  /**
   * Maps z, `[n, ...shape]`, with the context `[n, 1 + contextSize]`, whose first column is the time, to the velocity and the noise
   * of each entry, `[n, ...shape, 2]`: a denoiser with `outputs: 2`. The model owns it.
   */
  readonly network: Layer;
  /** The standard deviation of the noise halfway. @defaultValue 0.5 */
  readonly spread?: number;
  /** The width of the condition. @defaultValue 0 */
  readonly contextSize?: number;
}

/** Examples with what each path to them starts from, and the condition of a conditional model. */
export interface InterpolantBatch {
  /** Where the paths end, `[n, ...shape]`. */
  readonly x: Tensor;
  /** Where they start, `[n, ...shape]`. */
  readonly start: Tensor;
  /** `[n, contextSize]` */
  readonly context?: Tensor;
}

/** Options of `sample`. */
export interface InterpolantSampleOptions {
  /** Where the paths start, `[n, ...shape]`: examples of the other data set. @defaultValue standard normal draws */
  readonly start?: Tensor;
  /** @defaultValue `rungeKutta({ steps: 20, order: 1 })`, which is Euler's method */
  readonly solver?: FixedStepSolver;
  /** The condition of each draw, `[n, contextSize]`, for a conditional model. */
  readonly context?: Tensor;
  /**
   * $\eta$ of a stochastic differential equation with the same densities at all times,
   * $dz = (v + \eta\, \hat\epsilon)\, dt + \sqrt{2 \eta\, \gamma(t)}\, dW$ from t = 1 to 0. Then one start has many ends.
   * @defaultValue 0, the ODE
   */
  readonly stochasticity?: number;
}

const OPTIONS = [
  'shape',
  'network',
  'spread',
  'contextSize',
] as const satisfies readonly (keyof StochasticInterpolantOptions)[];

/**
 * A stochastic interpolant: paths from the examples y of one data set to the examples x of another, with noise on the way,
 *
 * $$z_t = (1 - t) x + t y + \gamma(t)\, \epsilon, \quad \gamma(t) = s \sin^2 (\pi t)$$
 *
 * from t = 1 to 0. The network learns the velocity and the noise, which is the score but for a factor,
 *
 * $$v(z, t) = E[x_{t}' | z_t = z], \quad \hat\epsilon(z, t) = E[\epsilon | z_t = z] = -\gamma(t) \nabla \ln p_t(z)$$
 *
 * with $x_t' = y - x + \gamma'(t)\, \epsilon$, each by its squared error. The ODE $\dot z = v$ then takes one data set to the other, and so does a
 * stochastic differential equation (`stochasticity`). Examples are real numbers, whose spread should be about 1.
 *
 * Batches of `randomPairs` start from the examples of a data set; a batch of one's own, `{ x, start }`, from what belongs to each
 * example; and a plain tensor from normal noise.
 *
 * @throws ArgumentError for an option that is unknown or out of its range
 * @see Stochastic Interpolants: A Unifying Framework for Flows and Diffusions (Albergo et al., 2023), Eq. 2.1, 2.13 and 2.16 and
 * §4.1. There time runs the other way.
 *
 * @example
 * ```ts
 * const model = stochasticInterpolant({ shape: [2], network: mlpDenoiser({ shape: [2], outputs: 2, key }) });
 * const source = planeDataset(rings(), { key: key.fold('source') });
 * const target = planeDataset(twoMoons(), { key: key.fold('target') });
 * const batch = randomPairs(source.train);
 * await fit(model, target, { key, batch, optimizer: adam(), batchSize: 100, epochs: 50 });
 * const start = tf.tensor2d([[1, 0], [0, 2]]);
 * const drawn = model.sample(key, 2, { start }); // [2, 2], of the moons
 * ```
 */
export function stochasticInterpolant(options: StochasticInterpolantOptions): StochasticInterpolant {
  return record(
    disposeOnThrow(() => new StochasticInterpolant(options)),
    'stochasticInterpolant',
    arguments,
  );
}

/** Made by {@link stochasticInterpolant}. */
export class StochasticInterpolant
  extends BaseModule
  implements GenerativeModel<Tensor | ConditionedBatch | InterpolantBatch>, LoopSampledModel
{
  readonly likelihoodKind = 'none';
  readonly eventShape: Shape;
  readonly contextSize: number;
  readonly #network: Layer;
  readonly #spread: number;

  constructor(options: StochasticInterpolantOptions) {
    super();
    const where = 'stochasticInterpolant';
    checkOptions(where, options, OPTIONS);
    const { shape, network, spread = 0.5, contextSize = 0 } = options;
    checkModel(where, { shape, network, contextSize });
    checkNumber(where, 'spread', spread, { above: 0 });
    this.eventShape = shape;
    this.contextSize = contextSize;
    this.#spread = spread;
    this.#network = this.child('network', network);
  }

  /** Draws `[n, ...shape]`. */
  sample(key: Key, n: number, options: InterpolantSampleOptions = {}): Tensor {
    return runSamplingLoop(this.samplingLoop(n, options), key);
  }

  /** Sampling as a loop, for an engine that compiles one; each step of the solver is one of the loop. */
  samplingLoop(n: number, options: InterpolantSampleOptions = {}): SamplingLoop {
    const where = 'StochasticInterpolant.sample';
    checkOptions(where, options, ['start', 'solver', 'context', 'stochasticity']);
    const { start, solver = rungeKutta({ steps: 20, order: 1 }), context, stochasticity = 0 } = options;
    checkDraws(where, n, { contextSize: this.contextSize, context });
    checkMethods(where, 'solver', solver, { methods: ['step'], expected: 'to be a solver of fixed steps' });
    checkNumber(where, 'stochasticity', stochasticity, { min: 0 });
    if (start !== undefined) checkShape(where, 'start', start, [n, ...this.eventShape]);
    const loop = odeSamplingLoop({
      field: (t, z, { context }) => {
        const { velocity, noise } = this.#estimates(z, t, context && { context });
        return stochasticity === 0 ? velocity : tf.add(velocity, tf.mul(stochasticity, noise));
      },
      start: ({ start }, key) => tf.tidy(() => tf.clone(start ?? key.normal([n, ...this.eventShape]))),
      solver,
      interval: { from: 1, to: 0 },
      inputs: { ...(context && { context }), ...(start && { start }) },
    });
    return stochastic(loop, stochasticity, (t) => this.#level(t).value);
  }

  /** One objective: the squared errors of the velocity and of the noise, summed over the entries. */
  objectives(): readonly Objective<Tensor | ConditionedBatch | InterpolantBatch>[] {
    return singleObjective<Tensor | ConditionedBatch | InterpolantBatch>(this, {
      name: 'velocity and noise',
      loss: (batch, key, { training }) => {
        const { x, start, context } = this.#checkBatch(batch);
        const from = start ?? key.fold('start').normal(x.shape);
        const epsilon = key.fold('noise').normal(x.shape);
        const t = stratifiedTimes(key.fold('t'), x.shape[0]!);
        const { value, slope } = this.#level(perExample(t, x.rank));
        const z = tf.add(mixed(x, from, t), tf.mul(value, epsilon));
        const call = { training, key: key.fold('network'), ...(context && { context }) };
        const estimates = this.#estimates(z, t, call);
        const target = tf.add(tf.sub(from, x), tf.mul(slope, epsilon));
        const error = (estimate: Tensor, wanted: Tensor) =>
          meanOver(sumOverEvent(tf.squaredDifference(estimate, wanted)));
        const velocity = error(estimates.velocity, target);
        const noise = error(estimates.noise, epsilon);
        return { total: tf.add(velocity, noise), velocity, noise };
      },
    });
  }

  /** $\gamma(t)$ and $\gamma'(t)$, of which neither is without bound. */
  #level(t: Tensor): { readonly value: Tensor; readonly slope: Tensor } {
    const value = tf.mul(this.#spread, tf.square(tf.sin(tf.mul(Math.PI, t))));
    return { value, slope: tf.mul(this.#spread * Math.PI, tf.sin(tf.mul(2 * Math.PI, t))) };
  }

  /** $v(z, t)$ and $\hat\epsilon(z, t)$. */
  #estimates(
    z: Tensor,
    t: Tensor,
    { context, ...call }: CallOptions = {},
  ): { readonly velocity: Tensor; readonly noise: Tensor } {
    const output = this.#network.apply(z, { ...call, context: withTimes(z.shape[0]!, [t], context) });
    const [velocity, noise] = tf.unstack(outputAs('StochasticInterpolant', output, [...z.shape, 2]), -1);
    return { velocity: velocity!, noise: noise! };
  }

  #checkBatch(
    batch: Tensor | ConditionedBatch | InterpolantBatch,
  ): Omit<InterpolantBatch, 'start'> & Partial<InterpolantBatch> {
    const where = 'StochasticInterpolant.loss';
    const parts = checkedBatch(where, batch as Tensor | ConditionedBatch, this);
    const { start } = batch as Partial<InterpolantBatch>;
    if (start === undefined) return parts;
    checkShape(where, 'start', start, parts.x.shape);
    return { ...parts, start };
  }
}

/**
 * The option `batch` of `fit` with which paths start at the examples of another data set, each time at other ones.
 * @param source - of the shape of the examples that are trained on
 * @throws ArgumentError without any example
 *
 * @example
 * ```ts
 * const source = planeDataset(rings(), { key: key.fold('source') });
 * const batch = randomPairs(source.train); // paths from the rings
 * ```
 */
export function randomPairs(source: Examples): MakeBatch<InterpolantBatch> {
  checkGiven('randomPairs', 'source', source, 'to be the examples of a data set');
  checkInteger('randomPairs', 'source.count', source.count);
  return (examples, rows, { key }) => {
    const places = tf.tidy(() => key.fold('start').uniform([rows.length], { max: source.count }).dataSync());
    const chosen = Int32Array.from(places, (place) => Math.min(Math.floor(place), source.count - 1));
    return { x: gatherExamples(examples, rows), start: gatherExamples(source, chosen) };
  };
}
