import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { sigmoid, softplus } from '../ops/activations';
import { log1p } from '../ops/log-arithmetic';
import { BaseBijector } from './bijector';

/**
 * The map $y = \sigma(z)$ from the real line to the open interval (0, 1), element by element, with
 * $\log |dy/dz| = \log \sigma(z) + \log \sigma(-z)$.
 *
 * float32 is dense near 0 and coarse near 1: the inverse recovers z from -87 to about 8 (with an error of 1e-4 there),
 * and y is exactly 1 above 17. The inverse of 0 and of 1 is infinite. Where both z and y are wanted, keep z.
 */
export class Sigmoid extends BaseBijector {
  readonly eventRank = 0;

  protected forward(z: Tensor): { y: Tensor; logDet: Tensor } {
    return { y: sigmoid(z), logDet: tf.neg(tf.add(softplus(z), softplus(tf.neg(z)))) };
  }

  protected inverse(y: Tensor): { z: Tensor; logDet: Tensor } {
    const [logYes, logNo] = [tf.log(y), log1p(tf.neg(y))];
    return { z: tf.sub(logYes, logNo), logDet: tf.neg(tf.add(logYes, logNo)) };
  }
}
