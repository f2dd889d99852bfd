import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { record } from '../construction/record';
import { exp } from '../ops/activations';
import { leadingShape } from '../shape/shape';
import { checkInteger, checkOptions } from '../check/check';
import { BaseDataDependentLayer } from './data-dependent-init';

export interface ActNormOptions {
  /** The size of the last axis. */
  readonly features: number;
}

/** Keeps the logarithm finite for a feature that is constant in the first batch. */
const EPSILON = 1e-6;

/**
 * An affine map of each feature of the last axis, $y = e^s (x + b)$, whose `shift` b and `logScale` s start such that
 * the first batch comes out with mean 0 and variance 1. Until `initialize` is called it is the identity.
 * @see Glow: Generative Flow with Invertible 1x1 Convolutions (Kingma and Dhariwal, 2018), §3.1
 *
 * @example
 * ```ts
 * const layer = new ActNorm({ features: 64 });
 * initializeFromData(layer, x); // scale and shift from a first batch, [4, 64]
 * ```
 */
export class ActNorm extends BaseDataDependentLayer {
  readonly features: number;
  readonly shift: Variable;
  readonly logScale: Variable;

  constructor({ features, ...unknown }: ActNormOptions) {
    checkOptions('ActNorm', unknown, ['features']);
    checkInteger('ActNorm', 'features', features);
    super();
    record(this, 'ActNorm', arguments);
    this.features = features;
    this.shift = this.parameter('shift', tf.zeros([features]));
    this.logScale = this.parameter('logScale', tf.zeros([features]));
  }

  protected override validate(x: Tensor): void {
    leadingShape(x.shape, [this.features], 'ActNorm.apply', 'x');
  }

  protected forward(x: Tensor): Tensor {
    return tf.mul(tf.add(x, this.shift), exp(this.logScale));
  }

  protected fit(x: Tensor): void {
    const rows = tf.reshape(x, [-1, this.features]);
    const { mean, variance } = tf.moments(rows, 0);
    this.shift.assign(tf.neg(mean));
    this.logScale.assign(tf.neg(tf.log(tf.add(tf.sqrt(variance), EPSILON))));
  }
}
