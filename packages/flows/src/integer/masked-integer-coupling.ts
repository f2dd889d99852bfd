import { asLayer, checkOptions, sizeOf } from '@dgm/core';
import type { CallOptions, ForwardResult, InverseResult, Layer, NetworkLike, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkMask, type Mask } from '../coupling/masks';
import { BaseFlowLayer } from '../flow-layer';
import { noVolume, withContext } from '../internal/events';
import { record } from '../record';
import { addition, type BinaryOperation, integersFrom } from './integer-operations';

export interface MaskedIntegerCouplingOptions {
  readonly eventShape: Shape;
  /** Which elements of the event stay unchanged, in row-major order: `checkerboardMask([8, 8, 1])`. */
  readonly mask: Mask;
  /**
   * Maps an event whose changing elements are set to 0, concatenated with the context if there is one, to a number
   * for *each* element.
   */
  readonly network: NetworkLike;
  /**
   * The operation that combines the element and the network's number.
   * @defaultValue {@link addition}
   */
  readonly operation?: BinaryOperation;
}

/**
 * A bipartite coupling of integers over the whole event, for masks that do not split an axis:
 * $z = m \odot y + (1 - m) \odot (y \circ \lfloor t(m \odot y) \rceil)$, with the gradient of the identity for the
 * rounding.
 *
 * The network keeps the shape of an image, so it may be convolutional; its outputs for unchanged elements are
 * ignored. It is one-to-one on integers, so `logDet` is 0, and its inverse is exact.
 * @throws ArgumentError if the mask has not one entry per element
 * @see DGM Eq. 3.36, and Density Estimation Using Real NVP (Dinh et al., 2017), §3.4, for the masks
 *
 * @example
 * ```ts
 * const layer = new MaskedIntegerCoupling({
 *   eventShape: [8, 8, 1],
 *   mask: checkerboardMask([8, 8, 1]),
 *   network: new Conv2d({ inputs: 1, outputs: 1, kernelSize: 3, padding: 'same', key }),
 * });
 * ```
 */
export class MaskedIntegerCoupling extends BaseFlowLayer {
  readonly eventShape: Shape;
  readonly #kept: readonly number[];
  readonly #network: Layer;
  readonly #operation: BinaryOperation;

  constructor({ eventShape, mask, network, operation = addition, ...unknown }: MaskedIntegerCouplingOptions) {
    super();
    record(this, 'MaskedIntegerCoupling', arguments);
    checkOptions('MaskedIntegerCoupling', unknown, ['eventShape', 'mask', 'network', 'operation']);
    checkMask('MaskedIntegerCoupling', mask, sizeOf(eventShape));
    this.eventShape = eventShape;
    this.#kept = mask.map(Number);
    this.#operation = operation;
    this.#network = this.child('network', asLayer(network));
  }

  protected forward(z: Tensor, call: CallOptions): ForwardResult {
    return { y: this.#change(z, call, this.#operation.undo), logDet: noVolume(z) };
  }

  protected inverse(y: Tensor, call: CallOptions): InverseResult {
    return { z: this.#change(y, call, this.#operation.apply), logDet: noVolume(y) };
  }

  /** The same elements stay unchanged in both directions, so the network computes the same numbers in both. */
  #change(x: Tensor, call: CallOptions, operation: BinaryOperation['apply']): Tensor {
    const stays = tf.tensor([...this.#kept], [...this.eventShape]);
    const visible = tf.mul(stays, x);
    const output = this.#network.apply(withContext(visible, call), call);
    const shift = integersFrom(output, x.shape, { where: 'MaskedIntegerCoupling', argument: 'network' });
    return tf.add(visible, tf.mul(tf.sub(1, stays), operation(x, shift)));
  }
}
