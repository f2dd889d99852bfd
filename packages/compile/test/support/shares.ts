import { BaseModule } from '@dgm/core';
import type { Layer } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Weighs features by learned shares of 1, as the weights of a mixture: each one's gradient has the sum of all in it. */
export class Shares extends BaseModule implements Layer {
  readonly #logits;

  constructor(features: number) {
    super();
    this.#logits = this.parameter('logits', tf.zeros([features]));
  }

  apply(x: Tensor): Tensor {
    return tf.tidy(() => tf.mul(x, tf.softmax(this.#logits)));
  }
}
