import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Key } from '../random/key';
import { checkSize } from '../shape/size-limit';

/** The group before all others: that of the context, and of units that see nothing else. */
const CONTEXT = -1;

/** The sizes of a masked autoregressive network. */
export interface MadeSizes {
  /** The number of inputs of a variable. */
  readonly features: number;
  /** The number of inputs that every output may depend on. They come after all variables. */
  readonly contextSize: number;
  /** Units of each hidden layer. */
  readonly hidden: readonly number[];
  /** The number of outputs of a variable. */
  readonly numParameters: number;
}

/**
 * The degrees of the units of each layer of a MADE, from the inputs to the outputs. A unit reaches those of the next layer
 * whose degree is not below its own: an input has the group of its variable, an output the group before that of its
 * variable, and a hidden unit of degree m sees the variables of the groups up to m.
 *
 * @param sizes - of the network
 * @param groups - the group of each variable, 0 to G - 1: its outputs depend on variables of earlier groups only. With one
 * variable in each they are the places in an order.
 * @param key - assigns the degrees of hidden units at random; without one they are assigned in turn. A layer of fewer units than
 * there are degrees has them spread evenly up to the last, so that no variable goes unseen.
 * @see MADE: Masked Autoencoder for Distribution Estimation (Germain et al., 2015), Eq. 12, 13
 */
export function madeDegrees(sizes: MadeSizes, groups: readonly number[], key?: Key): number[][] {
  const { features, contextSize, hidden, numParameters } = sizes;
  const last = Math.max(...groups);
  // Hidden units of the last group would reach no output, and those that see the context alone need one.
  const lowest = contextSize > 0 || last === 0 ? CONTEXT : 0;
  const distinct = last - lowest;
  const between = hidden.map((units, layer) => {
    const inTurn = Array.from({ length: units }, (_, unit) =>
      units < distinct
        ? lowest + Math.floor(((unit + 1) * distinct) / units) - 1
        : lowest + (unit % distinct),
    );
    return key === undefined ? inTurn : Array.from(key.fold(layer).permutation(units), (at) => inTurn[at]!);
  });
  const inputs = [...repeated(groups, features), ...new Array<number>(contextSize).fill(CONTEXT)];
  const before = groups.map((group) => group - 1);
  return [inputs, ...between, repeated(before, numParameters)];
}

/** 1 where an input may reach an output, for a kernel `[inputs, outputs]`; see {@link madeDegrees}. */
export function madeMask(inputs: readonly number[], outputs: readonly number[]): Float32Array {
  checkSize('madeMask', inputs.length * outputs.length);
  return Float32Array.from(inputs.flatMap((from) => outputs.map((to) => (from <= to ? 1 : 0))));
}

/** {@link madeMask} for degrees that are tensors, `[inputs]` and `[outputs]`. */
export function madeMaskBetween(inputs: Tensor, outputs: Tensor): Tensor {
  return tf.cast(tf.lessEqual(tf.expandDims(inputs, 1), tf.expandDims(outputs, 0)), 'float32');
}

/** Each of the values `times` times in a row. */
function repeated(values: readonly number[], times: number): number[] {
  return values.flatMap((value) => new Array<number>(times).fill(value));
}
