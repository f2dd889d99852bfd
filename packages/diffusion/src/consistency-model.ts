import {
  BaseModule,
  checkInteger,
  checkNumber,
  checkOptions,
  checkShape,
  disposeOnThrow,
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
import { meanOver, mixed, perExample, sumOverEvent } from './rows';
import { stratifiedTimes } from './stratified-times';

export interface ConsistencyModelOptions {
  /** The shape of one example. */
  readonly shape: Shape;
  /**
   * How many values an entry can take, for integers from 0 to `levels` - 1: uniform noise is added, and the sums are scaled to
   * [-1, 1].
   * @defaultValue real numbers, whose spread should be about 1
   */
  readonly levels?: number;
  /**
   * F: maps z, `[n, ...shape]`, with the context `[n, 1 + contextSize]`, whose first column is the time, to as many numbers as z
   * has. The model owns it.
   */
  readonly network: Layer;
  /**
   * How many stages training has. In stage s the two times of a pair are t and $(1 - 2^{-s})\, t$: the first stages learn fast, and
   * the last ones have little bias.
   * @defaultValue 8
   */
  readonly stages?: number;
  /** How many steps of training each stage takes but the last. @defaultValue 500 */
  readonly stageSteps?: number;
  /** The width of the condition. @defaultValue 0 */
  readonly contextSize?: number;
}

/** Options of `sample`. */
export interface ConsistencySampleOptions {
  /** @defaultValue 2 */
  readonly steps?: number;
  /** The condition of each draw, `[n, contextSize]`, for a conditional model. */
  readonly context?: Tensor;
  /** Multiplies all noise. @defaultValue 1 */
  readonly temperature?: number;
}

const OPTIONS = [
  'shape',
  'levels',
  'network',
  'stages',
  'stageSteps',
  'contextSize',
] as const satisfies readonly (keyof ConsistencyModelOptions)[];

/** The earliest time that is trained; before it the map is the identity but for so much noise. */
const FIRST_TIME = 1e-3;

/** c of the loss $\sqrt{d^2 + c^2} - c$, by the root of the number of entries. */
const HUBER = 0.00054;

/**
 * Consistency training: a network learns where the ODE of flow matching leads from any point on it,
 *
 * $$f(z, t) = z - t\, F(z, t)$$
 *
 * so that one step draws. It is trained to give the same for two neighbouring points of a line $z_t = (1 - t) x + t \epsilon$,
 *
 * $$\min_F \mathbb E\, \frac{1}{t - r} \Big( \sqrt{\| f(z_t, t) - f(z_r, r) \|^2 + c^2} - c \Big)$$
 *
 * with no gradient through the earlier one, whose time r comes closer to t from stage to stage. More steps draw better: each adds
 * noise to the last estimate and maps that to data again.
 *
 * @throws ArgumentError for an option that is unknown or out of its range
 * @see Consistency Models (Song et al., 2023), Algorithms 1 and 3; Improved Techniques for Training Consistency Models (Song and
 * Dhariwal, 2024), §3.3; Consistency Models Made Easy (Geng et al., 2025), §3.2, for the stages
 * @example
 * ```ts
 * const network = convDenoiser({ shape: [64], key });
 * const model = consistencyModel({ shape: [64], levels: 17, network });
 * ```
 */
export function consistencyModel(options: ConsistencyModelOptions): ConsistencyModel {
  return record(
    disposeOnThrow(() => new ConsistencyModel(options)),
    'consistencyModel',
    arguments,
  );
}

/** Made by {@link consistencyModel}. */
export class ConsistencyModel
  extends BaseModule
  implements GenerativeModel<Tensor | ConditionedBatch>, LoopSampledModel
{
  readonly likelihoodKind = 'none';
  readonly eventShape: Shape;
  readonly levels: number | undefined;
  readonly contextSize: number;
  readonly #network: Layer;
  readonly #stages: number;
  readonly #stageSteps: number;

  constructor(options: ConsistencyModelOptions) {
    super();
    checkOptions('consistencyModel', options, OPTIONS);
    const { shape, levels, network, stages = 8, stageSteps = 500, contextSize = 0 } = options;
    const where = 'consistencyModel';
    checkModel(where, { shape, levels, network, contextSize });
    checkInteger(where, 'stages', stages, { min: 1, max: 16 });
    checkInteger(where, 'stageSteps', stageSteps);
    this.eventShape = shape;
    this.levels = levels;
    this.contextSize = contextSize;
    this.#stages = stages;
    this.#stageSteps = stageSteps;
    this.#network = this.child('network', network);
  }

  /**
   * $f(z, t)$, `[n, ...shape]`: the data at the end of the ODE, scaled to [-1, 1] if they are discrete.
   * @param z - `[n, ...shape]`
   * @param t - times in [0, 1], `[n]`
   */
  endpoint(z: Tensor, t: Tensor, call: CallOptions = {}): Tensor {
    checkShape('ConsistencyModel.endpoint', 'z', z, ['n', ...this.eventShape]);
    checkShape('ConsistencyModel.endpoint', 't', t, [z.shape[0]!]);
    return tf.tidy(() => this.#endpoint(z, t, call));
  }

  /** Draws `[n, ...shape]`: integers if the data are discrete. */
  sample(key: Key, n: number, options: ConsistencySampleOptions = {}): Tensor {
    return runSamplingLoop(this.samplingLoop(n, options), key);
  }

  /** Sampling as a loop, for an engine that compiles one. */
  samplingLoop(n: number, options: ConsistencySampleOptions = {}): SamplingLoop {
    const where = 'ConsistencyModel.sample';
    checkOptions(where, options, ['steps', 'context', 'temperature']);
    const { steps = 2, context, temperature = 1 } = options;
    checkInteger(where, 'steps', steps);
    checkNumber(where, 'temperature', temperature, { min: 0 });
    checkDraws(where, n, { contextSize: this.contextSize, context });
    const shape = [n, ...this.eventShape];
    return {
      steps,
      inputs: { ...(context && { context }) },
      perStep: { from: stepTimes({ steps }, { from: 1, to: 0 }).from },
      start: () => ({ x: tf.zeros(shape) }),
      next: ({ x }, { from, context }, key) =>
        tf.tidy(() => {
          const t = tf.mul(tf.ones([n]), from!);
          const z = mixed(x!, tf.mul(temperature, key.normal(shape)), t);
          return { x: this.#endpoint(z, t, context && { context }) };
        }),
      finish: ({ x }) => tf.tidy(() => toLevels(x!, this.levels)),
    };
  }

  /** One objective: how far the map is from being the same along the ODE. It says little about the samples. */
  objectives(): readonly Objective<Tensor | ConditionedBatch>[] {
    return singleObjective<Tensor | ConditionedBatch>(this, {
      name: 'consistency',
      loss: (batch, key, { training, step }) => {
        const { x, context } = checkedBatch('ConsistencyModel.loss', batch, this);
        const levels = { levels: this.levels, dequantization: 'uniform' } as const;
        const { z: data } = dequantized(x, levels, key.fold('dequantization'));
        const noise = key.fold('noise').normal(x.shape);
        const t = tf.add(FIRST_TIME, tf.mul(1 - FIRST_TIME, stratifiedTimes(key.fold('t'), x.shape[0]!)));
        const gap = tf.mul(t, this.#relativeGap(step));
        // Both with the same dropout.
        const call = { training, key: key.fold('network'), ...(context && { context }) };
        const at = (t: Tensor): Tensor => this.#endpoint(mixed(data, noise, t), t, call);
        const squares = sumOverEvent(tf.squaredDifference(at(t), stopGradient(at(tf.sub(t, gap)))));
        const c = HUBER * Math.sqrt(data.size / Math.max(1, x.shape[0]!));
        const distance = tf.sub(tf.sqrt(tf.add(squares, c ** 2)), c);
        return { total: meanOver(tf.div(distance, gap)) };
      },
    });
  }

  /** $1 - r / t = 2^{-s}$ in stage s; the last one outside training. */
  #relativeGap(step: Scalar | undefined): Scalar {
    if (step === undefined) return tf.scalar(2 ** -this.#stages);
    const done = tf.floor(tf.div(tf.sub(step, 1), this.#stageSteps));
    return tf.pow(0.5, tf.minimum(this.#stages, tf.add(1, done)));
  }

  #endpoint(z: Tensor, t: Tensor, { context, ...call }: CallOptions = {}): Tensor {
    const output = this.#network.apply(z, { ...call, context: withTimes(z.shape[0]!, [t], context) });
    return tf.sub(z, tf.mul(perExample(t, z.rank), outputAs('ConsistencyModel', output, z.shape)));
  }
}
