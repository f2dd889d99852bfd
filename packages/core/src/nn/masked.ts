import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { record } from '../construction/record';
import { ShapeError } from '../errors/dgm-error';
import { formatShape } from '../shape/shape';
import { BaseWeight, type Parametrization } from './weight';

/**
 * A kernel with entries that stay zero: $M \odot K$. Their gradients are zero too, exactly.
 *
 * @param mask - 0 or 1 for each entry of the kernel, row by row
 * @returns what layers take as their option `weight`; it throws {@link ShapeError} if the mask has another size.
 * @see MADE: Masked Autoencoder for Distribution Estimation (Germain et al., 2015), Eq. 6
 *
 * @example
 * ```ts
 * const weight = maskedWeight([1, 1, 0, 1]); // [inputs, outputs]: the first output depends on the first input alone
 * const layer = new Dense({ inputs: 2, outputs: 2, weight, key });
 * ```
 */
export function maskedWeight(mask: ArrayLike<number>): Parametrization {
  return record((initial) => new MaskedWeight(initial, mask), 'maskedWeight', arguments);
}

class MaskedWeight extends BaseWeight {
  readonly #raw: Variable;
  readonly #mask: Variable;

  constructor(initial: Tensor, mask: ArrayLike<number>) {
    super();
    if (mask.length !== initial.size) {
      initial.dispose();
      throw new ShapeError({
        where: 'maskedWeight',
        argument: 'mask',
        expected: `to hold ${initial.size} numbers, one for each entry of a kernel of shape ${formatShape(initial.shape)}`,
        actual: String(mask.length),
      });
    }
    const shape = initial.shape;
    this.#raw = this.parameter('raw', initial);
    this.#mask = this.parameter('mask', tf.tensor(Float32Array.from(mask), shape), { trainable: false });
  }

  value(): Tensor {
    return tf.mul(this.#raw, this.#mask);
  }
}
