import type { Layer } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../record';
import { BaseCausalLayer, type Through } from './causal-layer';

/**
 * Layers one after the other, of which those with a `step` look back and the others act on each position by itself.
 *
 * It owns them.
 *
 * @example
 * ```ts
 * const body = new CausalStack([
 *   new CausalConv1d({ inputs: 8, outputs: 16, kernelSize: 3, option: 'A', key: key.fold(0) }),
 *   new ActivationLayer('relu'),
 *   new CausalConv1d({ inputs: 16, outputs: 17, kernelSize: 3, key: key.fold(1) }),
 * ]);
 * body.apply(tf.zeros([4, 10, 8])); // [4, 10, 17]
 * ```
 */
export class CausalStack extends BaseCausalLayer {
  readonly layers: readonly Layer[];

  constructor(layers: readonly Layer[]) {
    super();
    record(this, 'CausalStack', arguments);
    this.layers = layers.map((layer, index) => this.adopt(String(index), layer));
  }

  protected compute(x: Tensor, through: Through): Tensor {
    return this.layers.reduce((y, layer) => through(layer, y), x);
  }
}

/**
 * $x + f(x)$ for layers f, one after the other. It owns them.
 *
 * @example
 * ```ts
 * const layer = new CausalResidual([new CausalConv1d({ inputs: 8, outputs: 8, kernelSize: 3, key })]);
 * layer.apply(tf.zeros([4, 10, 8])); // [4, 10, 8]
 * ```
 */
export class CausalResidual extends BaseCausalLayer {
  readonly body: CausalStack;

  constructor(layers: readonly Layer[]) {
    super();
    record(this, 'CausalResidual', arguments);
    this.body = this.adopt('body', new CausalStack(layers));
  }

  protected compute(x: Tensor, through: Through): Tensor {
    return tf.add(x, through(this.body, x));
  }
}
