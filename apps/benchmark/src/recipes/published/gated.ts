import { BaseLayer, childCall, sigmoid } from '@dgm/core';
import type { CallOptions, Key, Layer } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * A linear layer and its gate, which see the same input: $f(x) \odot \sigma(g(x))$.
 * @see Language Modeling with Gated Convolutional Networks (Dauphin et al., 2017), Eq. 1
 */
export class Gated extends BaseLayer {
  readonly #value: Layer;
  readonly #gate: Layer;

  /** @param make - one of the two layers, out of its own key */
  constructor(make: (key: Key) => Layer, key: Key) {
    super();
    this.#value = this.child('value', make(key.fold('value')));
    this.#gate = this.child('gate', make(key.fold('gate')));
  }

  protected forward(x: Tensor, call: CallOptions): Tensor {
    const value = this.#value.apply(x, childCall(call, 'value'));
    return tf.mul(value, sigmoid(this.#gate.apply(x, childCall(call, 'gate'))));
  }
}
