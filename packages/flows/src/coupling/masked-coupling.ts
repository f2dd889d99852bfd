import { asLayer, checkOptions, sizeOf } from '@dgm/core';
import type { CallOptions, ForwardResult, InverseResult, Layer, NetworkLike, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { BaseFlowLayer } from '../flow-layer';
import { sumEvent, withContext } from '../internal/events';
import { record } from '../record';
import { parametersFor, type Transformer } from '../transformers/transformer';
import { checkMask, type Mask } from './masks';

export interface MaskedCouplingOptions {
  readonly eventShape: Shape;
  /** Which elements of the event stay unchanged, in row-major order: `checkerboardMask([8, 8, 1])`. */
  readonly mask: Mask;
  /**
   * Maps an event whose changing elements are set to 0, concatenated with the context if there is one, to
   * `transformer.numParameters` numbers for *each* element.
   */
  readonly network: NetworkLike;
  readonly transformer: Transformer;
}

/**
 * A coupling over the whole event, for masks that do not split an axis:
 * $y = m \odot z + (1 - m) \odot T(z; \theta(m \odot z))$.
 *
 * The network keeps the shape of an image, so it may be convolutional; its outputs for unchanged elements are
 * ignored.
 * @throws ArgumentError if the mask has not one entry per element
 * @see Density Estimation Using Real NVP (Dinh et al., 2017), §3.4
 *
 * @example
 * ```ts
 * const layer = new MaskedCoupling({
 *   eventShape: [8, 8, 1],
 *   mask: checkerboardMask([8, 8, 1]),
 *   network: new Conv2d({ inputs: 1, outputs: 2, kernelSize: 3, padding: 'same', key }),
 *   transformer: affine(),
 * });
 * ```
 */
export class MaskedCoupling extends BaseFlowLayer {
  readonly eventShape: Shape;
  readonly #network: Layer;
  readonly #transformer: Transformer;
  readonly #kept: readonly number[];

  constructor({ eventShape, mask, network, transformer, ...unknown }: MaskedCouplingOptions) {
    super();
    record(this, 'MaskedCoupling', arguments);
    checkOptions('MaskedCoupling', unknown, ['eventShape', 'mask', 'network', 'transformer']);
    checkMask('MaskedCoupling', mask, sizeOf(eventShape));
    this.eventShape = eventShape;
    this.#kept = mask.map(Number);
    this.#transformer = transformer;
    this.#network = this.child('network', asLayer(network));
  }

  protected forward(z: Tensor, call: CallOptions): ForwardResult {
    const [stays, changes] = this.#masks();
    const { y, logDet } = this.#transformer.forward(z, this.#parameters(tf.mul(stays, z), call));
    return {
      y: tf.add(tf.mul(stays, z), tf.mul(changes, y)),
      logDet: sumEvent(tf.mul(changes, logDet)),
    };
  }

  protected inverse(y: Tensor, call: CallOptions): InverseResult {
    const [stays, changes] = this.#masks();
    const { z, logDet } = this.#transformer.inverse(y, this.#parameters(tf.mul(stays, y), call));
    return {
      z: tf.add(tf.mul(stays, y), tf.mul(changes, z)),
      logDet: sumEvent(tf.mul(changes, logDet)),
    };
  }

  #parameters(visible: Tensor, call: CallOptions): Tensor {
    const output = this.#network.apply(withContext(visible, call), call);
    return parametersFor(this.#transformer, output, visible, 'MaskedCoupling');
  }

  #masks(): [Tensor, Tensor] {
    const stays = tf.tensor([...this.#kept], [...this.eventShape]);
    return [stays, tf.sub(1, stays)];
  }
}
