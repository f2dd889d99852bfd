import { exp } from '@dgm/core';
import type { CallOptions, ForwardResult, InverseResult, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import { BaseFlowLayer } from '../flow-layer';
import { momentsForInitialization } from './data-moments';

export interface ActNormFlowOptions {
  /** The size of the last axis. */
  readonly features: number;
  /**
   * The axes in front of the last one, which share a feature's numbers.
   * @defaultValue none
   */
  readonly leadingShape?: Shape;
}

/** Keeps the logarithm finite for a feature that is constant in the first batch. */
const EPSILON = 1e-6;

/**
 * Activation normalization as a flow layer: $z = e^{s} (y + b)$ for each feature, whose start is such that the first batch
 * of data comes out with mean 0 and variance 1. Until `initialize` is called it is the identity.
 *
 * Whether that happened is a variable, and so part of every checkpoint.
 * @see Glow: Generative Flow with Invertible 1x1 Convolutions (Kingma and Dhariwal, 2018), §3.1
 */
export class ActNormFlow extends BaseFlowLayer {
  readonly eventShape: Shape;
  readonly #features: number;
  readonly #shift: Variable;
  readonly #logScale: Variable;
  readonly #initialized: Variable & Scalar;

  constructor({ features, leadingShape = [] }: ActNormFlowOptions) {
    super();
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
