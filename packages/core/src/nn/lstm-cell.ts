import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { sigmoid, tanh } from '../ops/activations';
import { BaseCell, type CellOptions } from './base-cell';

export type LstmState = { readonly hidden: Tensor; readonly cell: Tensor };

/**
 * A long short-term memory, as in PyTorch:
 *
 * $$c' = \sigma(g_f) \odot c + \sigma(g_i) \odot \tanh(g_c),\quad h' = \sigma(g_o) \odot \tanh(c')$$
 *
 * with gates g that are affine in the input and in the hidden units. Kernels hold them in the order i, f, c, o.
 * @see Long Short-Term Memory (Hochreiter and Schmidhuber, 1997)
 */
export class LstmCell extends BaseCell<LstmState> {
  constructor(options: CellOptions) {
    super('LstmCell', 4, options);
  }

  initialState(n: number): LstmState {
    return { hidden: tf.zeros([n, this.hidden]), cell: tf.zeros([n, this.hidden]) };
  }

  advance(projected: Tensor, { hidden, cell }: LstmState): LstmState {
    const gates = tf.add(projected, this.recur(hidden));
    const [input, forget, candidate, output] = tf.split(gates, 4, 1);
    const kept = tf.mul(sigmoid(forget!), cell);
    const next = tf.add(kept, tf.mul(sigmoid(input!), tanh(candidate!)));
    return { hidden: tf.mul(sigmoid(output!), tanh(next)), cell: next };
  }
}
