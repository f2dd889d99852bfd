import { BaseModule, checkSampling } from '@dgm/core';
import type { GenerativeModel, Key, Layer, Objective, SampleOptions, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';

/**
 * A denoiser: a network that learns to give back what it was given before noise was added. Any layer of core can stand
 * in it, so that a training step of that layer can be captured.
 */
export class Denoiser extends BaseModule implements GenerativeModel {
  readonly likelihoodKind = 'none';
  readonly eventShape: Shape;
  readonly #network: Layer;

  constructor({ network, eventShape }: { readonly network: Layer; readonly eventShape: Shape }) {
    super();
    this.eventShape = eventShape;
    this.#network = this.child('network', network);
  }

  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    checkSampling('NetworkModel.sample', { key, n, options });
    return tf.tidy(() => this.#network.apply(key.normal([n, ...this.eventShape])));
  }

  objectives(): readonly Objective[] {
    const loss = (x: Tensor, key: Key, { training }: { readonly training: boolean }): { total: Scalar } =>
      tf.tidy(() => {
        const noisy = tf.add(x, tf.mul(0.1, key.fold('noise').normal(x.shape)));
        const restored = this.#network.apply(noisy, { training, key: key.fold('network') });
        return { total: tf.mean<Scalar>(tf.square(tf.sub(restored, x))) };
      });
    return [{ name: 'denoise', parameters: [...this.parameters().values()], loss, validated: true }];
  }
}
