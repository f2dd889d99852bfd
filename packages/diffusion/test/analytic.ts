import { BaseLayer } from '@dgm/core';
import type { CallOptions } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { noiseLevel } from '../src/index';

/** The best estimate of data that are $\mathcal N(m, s^2)$ in each entry: $\hat x = E[x | z]$. */
export class GaussianDenoiser extends BaseLayer {
  readonly #mean: number;
  readonly #variance: number;

  constructor({ mean, deviation }: { readonly mean: number; readonly deviation: number }) {
    super();
    this.#mean = mean;
    this.#variance = deviation ** 2;
  }

  protected forward(z: Tensor, { context }: CallOptions): Tensor {
    const [n] = z.shape;
    const column = tf.slice(context!, [0, 0], [n!, 1]);
    const { alpha, sigma } = noiseLevel(tf.sub(tf.mul(20, column), 13));
    const total = tf.add(tf.mul(this.#variance, tf.square(alpha)), tf.square(sigma));
    const gain = tf.div(tf.mul(this.#variance, alpha), total);
    return tf.add(this.#mean, tf.mul(gain, tf.sub(z, tf.mul(alpha, this.#mean))));
  }
}
