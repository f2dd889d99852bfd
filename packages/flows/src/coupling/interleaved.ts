import { asLayer, BaseLayer, childCall } from '@dgm/core';
import type { CallOptions, Layer, NetworkLike } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../record';

/**
 * Several networks of one input, one for each parameter of a transformer, as the book has one for the scale and one for
 * the shift: their outputs `[..., d]` are laid side by side, `[..., d * networks]`, those of one element together.
 *
 * @param networks - under their names, in the order of the transformer's parameters
 * @see DGM Listing 3.2
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
