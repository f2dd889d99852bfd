import { asLayer, BaseLayer } from '@dgm/core';
import type { CallOptions, Layer, NetworkLike } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { record } from '../record';

/**
 * Multiplies a network by a learned number that starts at 0: $\alpha\, s(x)$. Layers with such networks start as the
 * identity.
 *
 * In an integer coupling the number is inside the rounding, $\lfloor \beta\, t(x) \rceil$; DGM Listing 5.1 has
 * $\beta \lfloor t(x) \rceil$, which leaves the integers.
 * @see ReZero Is All You Need (Bachlechner et al., 2020); DGM §3.1.6
 *
 * @example
 * ```ts
 * const layer = new Coupling({
 *   mask: halfMask(8),
 *   network: rezero(mlp([4, 32, 4 * 2], { key })), // starts as the identity
 *   transformer: affine(),
 * });
 * ```
 */
export function rezero(network: NetworkLike): Layer {
  return record(new Rezero(asLayer(network)), 'rezero', arguments);
}

class Rezero extends BaseLayer {
  readonly #network: Layer;
  readonly #scale: Variable;

  constructor(network: Layer) {
    super();
    this.#scale = this.parameter('scale', tf.scalar(0));
    this.#network = this.child('network', network);
  }

  protected forward(x: Tensor, call: CallOptions): Tensor {
    return tf.mul(this.#scale, this.#network.apply(x, call));
  }
}
