import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { softplus, tanh } from '../ops/activations';
import { log1p } from '../ops/log-arithmetic';
import { BaseBijector } from './bijector';

/**
 * The map $y = \tanh z$ from the real line to the open interval (-1, 1), element by element, with
 * $\log |dy/dz| = 2 (\log 2 - z - \log(1 + e^{-2z}))$.
 *
 * That form is exact in both tails, where $\log(1 - y^2)$ is -Infinity as soon as y rounds to 1 (above 9 in float32).
 * The inverse recovers z up to about 4 in size (with an error of 1e-4 there); that of -1 and 1 is infinite.
 */
export class Tanh extends BaseBijector {
  readonly eventRank = 0;

  protected forward(z: Tensor): { y: Tensor; logDet: Tensor } {
    const logDet = tf.mul(2, tf.sub(Math.LN2, tf.add(z, softplus(tf.mul(-2, z)))));
    return { y: tanh(z), logDet };
  }

  protected inverse(y: Tensor): { z: Tensor; logDet: Tensor } {
    const [logAbove, logBelow] = [log1p(y), log1p(tf.neg(y))];
    return { z: tf.mul(0.5, tf.sub(logAbove, logBelow)), logDet: tf.neg(tf.add(logAbove, logBelow)) };
  }
}
