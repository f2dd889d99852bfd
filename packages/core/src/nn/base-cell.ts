import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { BaseModule } from '../model/module';
import type { Key } from '../random/key';
import { sizeOf } from '../shape/shape';
import { checkInteger } from '../check/check';
import { uniformByFanIn } from './initial-values';
import type { RecurrentCell, RecurrentState } from './recurrent-cell';

export interface CellOptions {
  /** The size of an input. */
  readonly inputs: number;
  /** The number of hidden units. */
  readonly hidden: number;
  /** Randomness for the initial weights. */
  readonly key: Key;
}

/**
 * The base of cells whose gates are affine in the input and in the hidden units, with PyTorch's two biases and initial
 * values: all uniform on $\pm 1/\sqrt{\text{hidden}}$.
 */
export abstract class BaseCell<S extends RecurrentState> extends BaseModule implements RecurrentCell<S> {
  readonly inputs: number;
  readonly hidden: number;
  /** `[inputs, gates * hidden]` */
  readonly inputKernel: Variable;
  /** `[hidden, gates * hidden]` */
  readonly hiddenKernel: Variable;
  readonly inputBias: Variable;
  readonly hiddenBias: Variable;

  protected constructor(where: string, gates: number, { inputs, hidden, key }: CellOptions) {
    super();
    checkInteger(where, 'inputs', inputs);
    checkInteger(where, 'hidden', hidden);
    this.inputs = inputs;
    this.hidden = hidden;
    const make = (name: string, shape: readonly number[]): Variable =>
      this.parameter(name, uniformByFanIn(key.fold(name), shape, hidden));
    this.inputKernel = make('inputKernel', [inputs, gates * hidden]);
    this.hiddenKernel = make('hiddenKernel', [hidden, gates * hidden]);
    this.inputBias = make('inputBias', [gates * hidden]);
    this.hiddenBias = make('hiddenBias', [gates * hidden]);
  }

  abstract initialState(n: number): S;
  abstract advance(projected: Tensor, state: S): S;

  project(x: Tensor): Tensor {
    const lead = x.shape.slice(0, -1);
    const rows = tf.reshape(x, [sizeOf(lead), this.inputs]);
    const gates = tf.add(tf.matMul(rows, this.inputKernel), this.inputBias);
    return tf.reshape(gates, [...lead, this.inputBias.size]);
  }

  /** The part of the gates that comes from the hidden units. */
  protected recur(hidden: Tensor): Tensor {
    return tf.add(tf.matMul(hidden, this.hiddenKernel), this.hiddenBias);
  }
}
