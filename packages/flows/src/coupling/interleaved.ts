import { asLayer, BaseLayer, childCall } from '@dgm/core';
import type { CallOptions, Layer, NetworkLike } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../record';

/**
 * Combines one network per parameter of a transformer, such as a scale and a shift network, into one: their outputs
 * `[..., d]` become `[..., d * networks]`, with the parameters of one element adjacent.
 *
 * @param networks - under their names, in the order of the transformer's parameters
 * @see DGM Listing 3.2
 *
 * @example
 * ```ts
 * const layer = new Coupling({
 *   mask: halfMask(8),
 *   network: interleaved({
 *     logScale: mlp([4, 32, 4], { key: key.fold('scale'), outputActivation: 'tanh' }),
 *     shift: mlp([4, 32, 4], { key: key.fold('shift') }),
 *   }),
 *   transformer: affine(),
 * });
 * ```
 */
export function interleaved(networks: Readonly<Record<string, NetworkLike>>): Layer {
  const network = new Interleaved(
    new Map(Object.entries(networks).map(([name, one]) => [name, asLayer(one)])),
  );
  return record(network, 'interleaved', arguments);
}

class Interleaved extends BaseLayer {
  readonly #networks: ReadonlyMap<string, Layer>;

  constructor(networks: ReadonlyMap<string, Layer>) {
    super();
    this.#networks = networks;
    networks.forEach((network, name) => this.child(name, network));
  }

  protected forward(x: Tensor, call: CallOptions): Tensor {
    const outputs = [...this.#networks].map(([name, network]) => network.apply(x, childCall(call, name)));
    const stacked = tf.stack(outputs, -1);
    return tf.reshape(stacked, [...stacked.shape.slice(0, -2), -1]);
  }
}
