import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { BaseBijector } from './bijector';

/** The map $y = z$, element by element, with $\log |dy/dz| = 0$. */
export class Identity extends BaseBijector {
  readonly eventRank = 0;

  protected forward(z: Tensor): { y: Tensor; logDet: Tensor } {
    return { y: tf.clone(z), logDet: tf.zerosLike(z) };
  }

  protected inverse(y: Tensor): { z: Tensor; logDet: Tensor } {
    return { z: tf.clone(y), logDet: tf.zerosLike(y) };
  }
}
