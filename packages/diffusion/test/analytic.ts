import { BaseLayer } from '@dgm/core';
import type { CallOptions } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { noiseLevel } from '../src/index';
import type { FlowPath } from '../src/index';

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

/** The velocity of data that are $\mathcal N(m, s^2)$ in each entry: $E[a' x + b' \epsilon | z]$ for $z = a x + b \epsilon$. */
export class GaussianVelocity extends BaseLayer {
  readonly #mean: number;
  readonly #variance: number;
  readonly #path: FlowPath;

  constructor({
    mean,
    deviation,
    path = 'linear',
  }: {
    readonly mean: number;
    readonly deviation: number;
    readonly path?: FlowPath;
  }) {
    super();
    this.#mean = mean;
    this.#variance = deviation ** 2;
    this.#path = path;
  }

  protected forward(z: Tensor, { context }: CallOptions): Tensor {
    const t = context!;
    const angle = tf.mul(Math.PI / 2, t);
    const [a, b, aSlope, bSlope] =
      this.#path === 'linear'
        ? [tf.sub(1, t), t, tf.scalar(-1), tf.scalar(1)]
        : [
            ...[tf.cos(angle), tf.sin(angle)],
            ...[tf.mul(-Math.PI / 2, tf.sin(angle)), tf.mul(Math.PI / 2, tf.cos(angle))],
          ];
    const variance = tf.add(tf.mul(this.#variance, tf.square(a!)), tf.square(b!));
    const covariance = tf.add(tf.mul(this.#variance, tf.mul(a!, aSlope!)), tf.mul(b!, bSlope!));
    const centred = tf.sub(z, tf.mul(this.#mean, a!));
    return tf.add(tf.mul(tf.div(covariance, variance), centred), tf.mul(this.#mean, aSlope!));
  }
}
