import type { Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** The place in the order that comes before all variables: that of the context and of what sees nothing else. */
const CONTEXT = -1;

export interface MadeSizes {
  readonly numVariables: number;
  /** How many inputs a variable has. */
  readonly features: number;
  readonly contextSize: number;
  /** Units of each hidden layer. */
  readonly hidden: readonly number[];
  /** How many outputs a variable has. */
  readonly numParameters: number;
}

/**
 * The degrees of the units of each layer, from the input to the output. A unit reaches those of the next layer whose degree is
 * not below its own: an input has the place of its variable in the order, an output the place before that of its
 * variable, and a hidden unit of degree m sees the variables up to m.
 *
 * @param places - the place of each variable in the order
 * @param key - deals out the degrees of hidden units at random; in turn unless given
 */
export function degreesOf(sizes: MadeSizes, places: readonly number[], key?: Key): number[][] {
  const { numVariables, features, contextSize, hidden, numParameters } = sizes;
  // Units of a degree for each place that something later can use.
  const lowest = contextSize > 0 || numVariables === 1 ? CONTEXT : 0;
  const distinct = numVariables - 1 - lowest;
  const between = hidden.map((units, layer) => {
    const inTurn = Array.from({ length: units }, (_, unit) => lowest + (unit % distinct));
    return key === undefined ? inTurn : Array.from(key.fold(layer).permutation(units), (at) => inTurn[at]!);
  });
  const input = [...repeated(places, features), ...new Array<number>(contextSize).fill(CONTEXT)];
  const before = places.map((place) => place - 1);
  return [input, ...between, repeated(before, numParameters)];
}

/** 1 where an input may reach an output, for a kernel `[inputs, outputs]`. */
export function maskOf(inputs: readonly number[], outputs: readonly number[]): Float32Array {
  return Float32Array.from(inputs.flatMap((from) => outputs.map((to) => (from <= to ? 1 : 0))));
}

/** The same for degrees `[inputs]` and `[outputs]` that are tensors. */
export function maskBetween(inputs: Tensor, outputs: Tensor): Tensor {
  return tf.cast(tf.lessEqual(tf.expandDims(inputs, 1), tf.expandDims(outputs, 0)), 'float32');
}

/** Each of the values `times` times in a row. */
function repeated(values: readonly number[], times: number): number[] {
  return values.flatMap((value) => new Array<number>(times).fill(value));
}
