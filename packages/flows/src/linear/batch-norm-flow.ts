import { exp } from '@dgm/core';
import type { CallOptions, ForwardResult, InverseResult, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { BaseFlowLayer } from '../flow-layer';
import { momentsForInitialization, momentsOf, type Moments } from './data-moments';

export interface BatchNormFlowOptions {
  /** The size of the last axis. */
  readonly features: number;
  /**
   * The axes in front of the last one, which share a feature's numbers.
   * @defaultValue none
   */
  readonly leadingShape?: Shape;
  /**
   * Added to the variance.
   * @defaultValue 1e-5
   */
  readonly epsilon?: number;
}

/** How far a training step moves the running moments towards those of its batch. */
const MOMENTUM = 0.1;

/**
 * Batch normalization as a flow layer: $z = e^{s} (y - \mu) / \sqrt{\sigma^2 + \epsilon} + b$ for each feature, with learned s and b.
 *
 * In training, $\mu$ and $\sigma^2$ on the way to the latents are those of the batch, whose rows then depend on each other, and
 * running averages of them are kept. Otherwise, and for sampling, the averages are used: a density of fixed moments is one
 * that integrates to 1. `initialize` measures them on a batch instead; call it with the training data for exact moments.
 * @see Masked Autoregressive Flow for Density Estimation (Papamakarios et al., 2017), appendix B; Density Estimation Using
 * Real NVP (Dinh et al., 2017), §3.7
 */
export class BatchNormFlow extends BaseFlowLayer {
  readonly eventShape: Shape;
  readonly #features: number;
  readonly #epsilon: number;
  readonly #shift: Variable;
  readonly #logScale: Variable;
  readonly #mean: Variable;
  readonly #variance: Variable;

  constructor({ features, leadingShape = [], epsilon = 1e-5 }: BatchNormFlowOptions) {
    super();
    this.#features = features;
    this.#epsilon = epsilon;
    this.eventShape = [...leadingShape, features];
    this.#shift = this.parameter('shift', tf.zeros([features]));
    this.#logScale = this.parameter('logScale', tf.zeros([features]));
    this.#mean = this.parameter('mean', tf.zeros([features]), { trainable: false });
    this.#variance = this.parameter('variance', tf.ones([features]), { trainable: false });
  }

  /** Measures the moments of the data, each time anew. */
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
