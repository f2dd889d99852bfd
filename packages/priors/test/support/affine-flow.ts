import { BaseModule } from '@dgm/core';
import type { Bijector, Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** $y = \mu + e^s z$ with learned vectors: a flow with a known density. */
export class AffineFlow extends BaseModule implements Bijector {
  readonly eventRank = 1;
  readonly #shift: Tensor;
  readonly #logScale: Tensor;

  constructor(size: number, key: Key) {
    super();
    this.#shift = this.parameter('shift', key.fold('shift').normal([size]));
    this.#logScale = this.parameter('logScale', key.fold('logScale').normal([size]));
  }

  forwardAndLogDet(z: Tensor): { y: Tensor; logDet: Tensor } {
    return {
      y: tf.add(this.#shift, tf.mul(tf.exp(this.#logScale), z)),
      logDet: this.#logDet(z),
    };
  }

  inverseAndLogDet(y: Tensor): { z: Tensor; logDet: Tensor } {
    return {
      z: tf.div(tf.sub(y, this.#shift), tf.exp(this.#logScale)),
      logDet: tf.neg(this.#logDet(y)),
    };
  }

  #logDet(x: Tensor): Tensor {
    return tf.broadcastTo(tf.sum(this.#logScale), x.shape.slice(0, -1));
  }
}
