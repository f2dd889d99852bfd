import {
  BaseModule,
  checkInteger,
  checkNumber,
  checkOptions,
  disposeOnThrow,
  checkShape,
  runSamplingLoop,
  singleObjective,
  stepTimes,
  stopGradient,
} from '@dgm/core';
import type {
  CallOptions,
  ConditionedBatch,
  GenerativeModel,
  Key,
  Layer,
  LoopSampledModel,
  Objective,
  SamplingLoop,
  Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { checkDraws, checkedBatch, checkModel, outputAs } from './checks';
import { withTimes } from './condition';
import { dequantized, toLevels } from './dequantization';
import { record } from './record';
import { mixed, perExample } from './rows';
import { stratifiedTimes } from './stratified-times';

export interface MeanFlowOptions {
  /** The shape of one example. */
  readonly shape: Shape;
  /**
   * How many values an entry can take, for integers from 0 to `levels` - 1: uniform noise is added, and the sums are scaled to
   * [-1, 1].
   * @defaultValue real numbers, whose spread should be about 1
   */
  readonly levels?: number;
  /**
   * The mean velocity u: maps z, `[n, ...shape]`, with the context `[n, 2 + contextSize]`, whose first columns are t and t - r, to
   * as many numbers as z has; for example {@link convDenoiser} with a `contextSize` of 1 more. The model owns it.
   */
  readonly network: Layer;
  /**
   * The share of examples that are trained with r below t; the others have r = t, as in flow matching.
   * @defaultValue 0.25
   */
  readonly jumps?: number;
  /** The width of the condition. @defaultValue 0 */
  readonly contextSize?: number;
}

/** Options of `sample`. */
export interface MeanFlowSampleOptions {
  /** @defaultValue 2 */
  readonly steps?: number;
  /** The condition of each draw, `[n, contextSize]`, for a conditional model. */
  readonly context?: Tensor;
  /** Multiplies the noise of the start. @defaultValue 1 */
  readonly temperature?: number;
}

/** Half the step of the central difference along a line, of a time in [0, 1]. */
const HALF_STEP = 0.005;

/**
 * MeanFlow: a network learns the mean velocity of the ODE of flow matching over an interval of time, so that one or two steps
 * draw,
 *
 * $$u(z_t, r, t) = \frac{1}{t - r} \int_r^t v(z_\tau, \tau)\, d\tau, \quad z_r = z_t - (t - r)\, u(z_t, r, t)$$
 *
 * for $z_t = (1 - t) x + t \epsilon$. It is trained by the derivative of that equation, $u = v - (t - r)\, du/dt$, on the velocity
 * $\epsilon - x$ of each line, with a target that no gradient goes through. The derivative along the line is a central
 * difference of two more evaluations of the network.
 *
 * @throws ArgumentError for an option that is unknown or out of its range
 * @see Mean Flows for One-step Generative Modeling (Geng et al., 2025), Eq. 6-11 and 22; there the derivative is computed by
 * forward differentiation, and the errors are weighed, which moves the
 * minimum where there are few entries
 * @example
 * ```ts
 * const network = convDenoiser({ shape: [64], contextSize: 1, key }); // 1 for t - r
 * const model = meanFlow({ shape: [64], levels: 17, network });
 * ```
 */
export function meanFlow(options: MeanFlowOptions): MeanFlow {
  return record(
    disposeOnThrow(() => new MeanFlow(options)),
    'meanFlow',
    arguments,
  );
}

const OPTIONS = [
  'shape',
  'levels',
  'network',
  'jumps',
  'contextSize',
] as const satisfies readonly (keyof MeanFlowOptions)[];

/** Made by {@link meanFlow}. */
export class MeanFlow
  extends BaseModule
  implements GenerativeModel<Tensor | ConditionedBatch>, LoopSampledModel
{
  readonly likelihoodKind = 'none';
  readonly eventShape: Shape;
  readonly levels: number | undefined;
  readonly contextSize: number;
  readonly #network: Layer;
  readonly #jumps: number;

  constructor(options: MeanFlowOptions) {
    super();
    checkOptions('meanFlow', options, OPTIONS);
    const { shape, levels, network, jumps = 0.25, contextSize = 0 } = options;
    const where = 'meanFlow';
    checkModel(where, { shape, levels, network, contextSize });
    checkNumber(where, 'jumps', jumps, { min: 0, max: 1 });
    this.eventShape = shape;
    this.levels = levels;
    this.contextSize = contextSize;
    this.#jumps = jumps;
    this.#network = this.child('network', network);
  }

  /**
   * The mean velocity $u(z, r, t)$, `[n, ...shape]`, of data scaled to [-1, 1] if they are discrete.
   * @param z - `[n, ...shape]`
   * @param times - t and r in [0, 1], `[n]` each, r not above t
   */
  velocity(z: Tensor, { t, r }: { readonly t: Tensor; readonly r: Tensor }, call: CallOptions = {}): Tensor {
    checkShape('MeanFlow.velocity', 'z', z, ['n', ...this.eventShape]);
    checkShape('MeanFlow.velocity', 't', t, [z.shape[0]!]);
    checkShape('MeanFlow.velocity', 'r', r, [z.shape[0]!]);
    return tf.tidy(() => this.#velocity(z, t, r, call));
  }

  /** Draws `[n, ...shape]`: integers if the data are discrete. */
  sample(key: Key, n: number, options: MeanFlowSampleOptions = {}): Tensor {
    return runSamplingLoop(this.samplingLoop(n, options), key);
  }

  /** Sampling as a loop, for an engine that compiles one. */
  samplingLoop(n: number, options: MeanFlowSampleOptions = {}): SamplingLoop {
    const where = 'MeanFlow.sample';
    checkOptions(where, options, ['steps', 'context', 'temperature']);
    const { steps = 2, context, temperature = 1 } = options;
    checkInteger(where, 'steps', steps);
    checkNumber(where, 'temperature', temperature, { min: 0 });
    checkDraws(where, n, { contextSize: this.contextSize, context });
    return {
      steps,
      inputs: { ...(context && { context }) },
      perStep: stepTimes({ steps }, { from: 1, to: 0 }),
      start: (_, key) => tf.tidy(() => ({ z: tf.mul(temperature, key.normal([n, ...this.eventShape])) })),
      next: ({ z }, { from, to, context }) =>
        tf.tidy(() => {
          const u = this.#velocity(z!, from!, to!, context && { context });
          return { z: tf.add(z!, tf.mul(tf.sub(to!, from!), u)) };
        }),
      finish: ({ z }) => tf.tidy(() => toLevels(z!, this.levels)),
    };
  }

  /** One objective: the error of the mean velocity. It says little about the samples, so `fit` does not validate on it. */
  objectives(): readonly Objective<Tensor | ConditionedBatch>[] {
    return singleObjective<Tensor | ConditionedBatch>(this, {
      name: 'velocity',
      loss: (batch, key, { training }) => {
        const { x, context } = checkedBatch('MeanFlow.loss', batch, this);
        const { z: data } = dequantized(
          x,
          { levels: this.levels, dequantization: 'uniform' },
          key.fold('dequantization'),
        );
        const call = { training, key: key.fold('network'), ...(context && { context }) };
        const squares = tf.square(this.#error(data, key, call));
        return { total: tf.div(tf.sum<Scalar>(squares), Math.max(1, x.shape[0]!)) };
      },
    });
  }

  /** $u(z_t, r, t) - (v - (t - r)\, du/dt)$ for a random time t and an earlier one. */
  #error(data: Tensor, key: Key, call: CallOptions): Tensor {
    const n = data.shape[0]!;
    const t = stratifiedTimes(key.fold('t'), n);
    const isJump = key.fold('jumps').bernoulli([n], this.#jumps);
    const r = tf.mul(t, tf.sub(1, tf.mul(isJump, key.fold('r').uniform([n]))));
    const noise = key.fold('noise').normal(data.shape);
    const z = mixed(data, noise, t);
    const v = tf.sub(noise, data);
    const along = (step: number): Tensor =>
      this.#velocity(tf.add(z, tf.mul(step, v)), tf.add(t, step), r, call);
    const slope = tf.div(tf.sub(along(HALF_STEP), along(-HALF_STEP)), 2 * HALF_STEP);
    const target = stopGradient(tf.sub(v, tf.mul(perExample(tf.sub(t, r), z.rank), slope)));
    return tf.sub(this.#velocity(z, t, r, call), target);
  }

  #velocity(z: Tensor, t: Tensor, r: Tensor, { context, ...call }: CallOptions = {}): Tensor {
    const all = withTimes(z.shape[0]!, [t, tf.sub(t, r)], context);
    return outputAs('MeanFlow', this.#network.apply(z, { ...call, context: all }), z.shape);
  }
}
