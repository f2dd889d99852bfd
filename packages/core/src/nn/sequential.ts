import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../construction/record';
import { initializeFromData, type DataDependentInit } from './data-dependent-init';
import { BaseLayer, childCall, type CallOptions, type Layer } from './layer';

/**
 * Layers one after the other: $y = f_K(\ldots f_2(f_1(x)))$.
 *
 * It owns its layers, whose parameters come under `0/`, `1/` and so on. Each layer gets a key of its own.
 *
 * @example
 * ```ts
 * const network = new Sequential([
 *   new ScalePixels({ levels: 17 }),
 *   new Dense({ inputs: 64, outputs: 32, key: key.fold(0) }),
 *   new ActivationLayer('relu'),
 *   new Dense({ inputs: 32, outputs: 10, key: key.fold(1) }),
 * ]);
 * network.apply(x); // [4, 64] to [4, 10]
 * ```
 */
export class Sequential extends BaseLayer implements DataDependentInit {
  readonly layers: readonly Layer[];

  constructor(layers: readonly Layer[]) {
    super();
    record(this, 'Sequential', arguments);
    this.layers = layers.map((layer, index) => this.child(String(index), layer));
  }

  initialize(x: Tensor, call: CallOptions = {}): Tensor {
    return tf.tidy(() => {
      const y = this.#chain(x, call, initializeFromData);
      return y === x ? tf.clone(y) : y;
    });
  }

  protected forward(x: Tensor, call: CallOptions): Tensor {
    return this.#chain(x, call, (layer, input, own) => layer.apply(input, own));
  }

  #chain(x: Tensor, call: CallOptions, apply: typeof initializeFromData): Tensor {
    return this.layers.reduce((y, layer, index) => apply(layer, y, childCall(call, index)), x);
  }
}
