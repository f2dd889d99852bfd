import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { sigmoid, tanh } from '../ops/activations';
import { BaseCell, type CellOptions } from './base-cell';

export type GruState = { readonly hidden: Tensor };

/**
 * A gated recurrent unit, as in PyTorch (whose reset gate acts after the product):
 *
 * $$r = \sigma(a_r + b_r),\quad z = \sigma(a_z + b_z),\quad c = \tanh(a_c + r \odot b_c),\quad
 *   h' = (1 - z) \odot c + z \odot h$$
 *
 * where a is affine in the input x and b in the hidden units h. Kernels hold the gates in the order r, z, c.
 * @see Learning Phrase Representations using RNN Encoder-Decoder (Cho et al., 2014)
 */
export class GruCell extends BaseCell<GruState> {
  constructor(options: CellOptions) {
    super('GruCell', 3, options);
  }

  initialState(n: number): GruState {
    return { hidden: tf.zeros([n, this.hidden]) };
  }

  advance(projected: Tensor, { hidden }: GruState): GruState {
    const sizes = [2 * this.hidden, this.hidden];
    const [inputGates, inputCandidate] = tf.split(projected, sizes, 1);
    const [hiddenGates, hiddenCandidate] = tf.split(this.recur(hidden), sizes, 1);
    const [reset, update] = tf.split(sigmoid(tf.add(inputGates!, hiddenGates!)), 2, 1);
    const candidate = tanh(tf.add(inputCandidate!, tf.mul(reset!, hiddenCandidate!)));
    // (1 - z) c + z h with one product less.
    return { hidden: tf.add(candidate, tf.mul(update!, tf.sub(hidden, candidate))) };
  }
}
