import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { softplus } from '../ops/activations';
import { log1mExp, logSigmoid } from '../ops/log-arithmetic';
import { BaseBijector } from './bijector';

/**
 * The map $y = \log(1 + e^z)$ from the real line to the positive numbers, element by element, with
 * $\log |dy/dz| = \log \sigma(z)$.
 *
 * Its inverse is $z = y + \log(1 - e^{-y})$. In float32 it is one-to-one for z above -87; the inverse of 0 is -Infinity.
 */
export class Softplus extends BaseBijector {
  readonly eventRank = 0;

  protected forward(z: Tensor): { y: Tensor; logDet: Tensor } {
    return { y: softplus(z), logDet: logSigmoid(z) };
  }

  protected inverse(y: Tensor): { z: Tensor; logDet: Tensor } {
    // The slope at z is 1 - e^{-y}: its logarithm serves both.
    const logSlope = log1mExp(tf.neg(y));
    return { z: tf.add(y, logSlope), logDet: tf.neg(logSlope) };
  }
}
