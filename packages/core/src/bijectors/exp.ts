import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { exp } from '../ops/activations';
import { BaseBijector } from './bijector';

/**
 * The map $y = e^z$ from the real line to the positive numbers, element by element, with $\log |dy/dz| = z$.
 *
 * In float32 it is one-to-one for z from -87 to 88; the inverse of 0 is -Infinity.
 */
export class Exp extends BaseBijector {
  readonly eventRank = 0;

  protected forward(z: Tensor): { y: Tensor; logDet: Tensor } {
    return { y: exp(z), logDet: tf.clone(z) };
  }

  protected inverse(y: Tensor): { z: Tensor; logDet: Tensor } {
    const z = tf.log(y);
    return { z, logDet: tf.neg(z) };
  }
}
