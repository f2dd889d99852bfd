import {
  ArgumentError,
  checkOptions,
  exp,
  leadingShape,
  sizeOf,
  type CallOptions,
  type ForwardResult,
  type InverseResult,
  type Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import { BaseFlowLayer } from '../flow-layer';
import { record } from '../record';

export interface ActNormFlowOptions {
  /** The size of the last axis. */
  readonly features: number;
  /**
   * The axes before the last one, which share the parameters of a feature.
   * @defaultValue none
   */
  readonly leadingShape?: Shape;
}

/** Keeps the logarithm finite if a feature is constant in the first batch. */
const EPSILON = 1e-6;

/**
 * Activation normalization as a flow layer: $z = e^{s} (y + b)$ for each feature. `initialize` sets s and b so that
 * the first batch of data has mean 0 and variance 1; before that the layer is the identity.
 *
 * Whether it was initialized is a variable, and so part of every checkpoint.
 * @see Glow: Generative Flow with Invertible 1x1 Convolutions (Kingma and Dhariwal, 2018), §3.1
 *
 * @example
 * ```ts
 * const layers = [new ActNormFlow({ features: 8 }), new LuLinear({ features: 8, key })];
 * const model = flow({ layers, eventShape: [8] });
 * ```
 */
export class ActNormFlow extends BaseFlowLayer {
  readonly eventShape: Shape;
  readonly #features: number;
  readonly #shift: Variable;
  readonly #logScale: Variable;
  readonly #initialized: Variable & Scalar;

  constructor({ features, leadingShape = [], ...unknown }: ActNormFlowOptions) {
    super();
    record(this, 'ActNormFlow', arguments);
    checkOptions('ActNormFlow', unknown, ['features', 'leadingShape']);
    this.#features = features;
    this.eventShape = [...leadingShape, features];
    this.#shift = this.parameter('shift', tf.zeros([features]));
    this.#logScale = this.parameter('logScale', tf.zeros([features]));
    this.#initialized = this.parameter('initialized', tf.scalar(0), { trainable: false });
  }

  initialize(y: Tensor, call: CallOptions = {}): InverseResult {
    if (this.#initialized.dataSync()[0] === 0) {
      tf.tidy(() => {
        const { mean, variance } = momentsForInitialization(y, this.eventShape, 'ActNormFlow.initialize');
        this.#shift.assign(tf.neg(mean));
        this.#logScale.assign(tf.neg(tf.log(tf.add(tf.sqrt(variance), EPSILON))));
        this.#initialized.assign(tf.scalar(1));
      });
    }
    return this.inverseAndLogDet(y, call);
  }

  protected forward(z: Tensor): ForwardResult {
    const y = tf.sub(tf.mul(z, exp(tf.neg(this.#logScale))), this.#shift);
    return { y, logDet: tf.neg(this.#logDet(z)) };
  }

  protected inverse(y: Tensor): InverseResult {
    return { z: tf.mul(exp(this.#logScale), tf.add(y, this.#shift)), logDet: this.#logDet(y) };
  }

  #logDet(x: Tensor): Tensor {
    const positions = x.size / x.shape[0]! / this.#features;
    return tf.mul(tf.ones([x.shape[0]!]), tf.mul(positions, tf.sum(this.#logScale)));
  }
}

export interface BatchNormFlowOptions {
  /** The size of the last axis. */
  readonly features: number;
  /**
   * The axes before the last one, which share the parameters of a feature.
   * @defaultValue none
   */
  readonly leadingShape?: Shape;
  /**
   * Added to the variance.
   * @defaultValue 1e-5
   */
  readonly epsilon?: number;
}

/** How far a training step moves the running moments towards the moments of its batch. */
const MOMENTUM = 0.1;

/**
 * Batch normalization as a flow layer: $z = e^{s} (y - \mu) / \sqrt{\sigma^2 + \epsilon} + b$ for each feature, with learned s and b.
 *
 * In training, the direction to the latents uses the $\mu$ and $\sigma^2$ of the batch, whose rows then depend on
 * each other, and keeps running averages of them. Otherwise, and for sampling, the averages are used: only with fixed
 * moments does the density integrate to 1. `initialize` measures them on a batch instead; call it with the training
 * data for exact moments.
 * @see Masked Autoregressive Flow for Density Estimation (Papamakarios et al., 2017), appendix B; Density Estimation Using
 * Real NVP (Dinh et al., 2017), §3.7
 *
 * @example
 * ```ts
 * const layers = [new BatchNormFlow({ features: 8 }), new LuLinear({ features: 8, key })];
 * const model = flow({ layers, eventShape: [8] });
 * ```
 */
export class BatchNormFlow extends BaseFlowLayer {
  readonly eventShape: Shape;
  readonly #features: number;
  readonly #epsilon: number;
  readonly #shift: Variable;
  readonly #logScale: Variable;
  readonly #mean: Variable;
  readonly #variance: Variable;

  constructor({ features, leadingShape = [], epsilon = 1e-5, ...unknown }: BatchNormFlowOptions) {
    super();
    record(this, 'BatchNormFlow', arguments);
    checkOptions('BatchNormFlow', unknown, ['features', 'leadingShape', 'epsilon']);
    this.#features = features;
    this.#epsilon = epsilon;
    this.eventShape = [...leadingShape, features];
    this.#shift = this.parameter('shift', tf.zeros([features]));
    this.#logScale = this.parameter('logScale', tf.zeros([features]));
    this.#mean = this.parameter('mean', tf.zeros([features]), { trainable: false });
    this.#variance = this.parameter('variance', tf.ones([features]), { trainable: false });
  }

  /** Measures the moments of the data again on each call. */
  initialize(y: Tensor, call: CallOptions = {}): { z: Tensor; logDet: Tensor } {
    tf.tidy(() => {
      const { mean, variance } = momentsForInitialization(y, this.eventShape, 'BatchNormFlow.initialize');
      this.#mean.assign(mean);
      this.#variance.assign(variance);
    });
    return this.inverseAndLogDet(y, { ...call, training: false });
  }

  protected forward(z: Tensor): ForwardResult {
    const moments = this.#measured();
    const normal = tf.mul(tf.sub(z, this.#shift), exp(tf.neg(this.#logScale)));
    const y = tf.add(tf.mul(normal, this.#deviation(moments)), moments.mean);
    return { y, logDet: tf.neg(this.#logDet(z, moments)) };
  }

  protected inverse(y: Tensor, { training = false }: CallOptions): InverseResult {
    const moments = training ? momentsOf(y) : this.#measured();
    if (training) this.#remember(moments);
    const normal = tf.div(tf.sub(y, moments.mean), this.#deviation(moments));
    const z = tf.add(tf.mul(normal, exp(this.#logScale)), this.#shift);
    return { z, logDet: this.#logDet(y, moments) };
  }

  #remember({ mean, variance }: Moments): void {
    const towards = (average: Variable, batch: Tensor): void =>
      average.assign(tf.add(tf.mul(1 - MOMENTUM, average), tf.mul(MOMENTUM, batch)));
    towards(this.#mean, mean);
    towards(this.#variance, variance);
  }

  #measured(): Moments {
    return { mean: this.#mean, variance: this.#variance };
  }

  #deviation({ variance }: Moments): Tensor {
    return tf.sqrt(tf.add(variance, this.#epsilon));
  }

  #logDet(x: Tensor, moments: Moments): Tensor {
    const positions = x.size / x.shape[0]! / this.#features;
    const logSlopes = tf.sub(this.#logScale, tf.log(this.#deviation(moments)));
    return tf.mul(tf.ones([x.shape[0]!]), tf.mul(positions, tf.sum(logSlopes)));
  }
}

/** The mean and the (biased) variance of each feature, over all other axes. */
interface Moments {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

export function momentsOf(y: Tensor): Moments {
  const rows = tf.reshape(y, [-1, y.shape.at(-1)!]);
  const mean = tf.mean(rows, 0);
  return { mean, variance: tf.mean(tf.square(tf.sub(rows, mean)), 0) };
}

/**
 * The moments of the batch that parameters are initialized from, after checking it.
 * @throws ShapeError if `y` is not `[..., ...event]`
 * @throws ArgumentError if it has fewer than two examples, or values that are not finite
 */
function momentsForInitialization(y: Tensor, eventShape: Shape, where: string): Moments {
  const count = sizeOf(leadingShape(y.shape, eventShape, where, 'y'));
  if (count < 2) {
    const expected = 'to have at least two examples';
    throw new ArgumentError({ where, argument: 'y', expected, actual: String(count) });
  }
  const moments = momentsOf(y);
  const values = [...moments.mean.dataSync(), ...moments.variance.dataSync()];
  if (values.every(Number.isFinite)) return moments;
  const expected = 'to have finite values';
  throw new ArgumentError({ where, argument: 'y', expected, actual: 'NaN or Infinity among them' });
}
