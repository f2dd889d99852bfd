import { ArgumentError } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** A binary operation on integers with an inverse: `undo(apply(x, t), t)` is x, for every t. */
export interface BinaryOperation {
  apply(x: Tensor, t: Tensor): Tensor;
  undo(y: Tensor, t: Tensor): Tensor;
}

/** Addition of integers, as in DGM Eq. 3.36-3.40. Exact in float32 while nothing exceeds 2^24. */
export const addition: BinaryOperation = {
  apply: (x, t) => tf.add(x, t),
  undo: (y, t) => tf.sub(y, t),
};

/**
 * Addition modulo the number of levels: values 0 to `levels - 1` stay values 0 to `levels - 1`.
 * @throws ArgumentError if `levels` is not an integer of at least 2
 * @see Discrete Flows: Invertible Generative Models of Discrete Data (Tran et al., 2019), Eq. 6
 */
export function modularAddition(levels: number): BinaryOperation {
  if (!(Number.isInteger(levels) && levels >= 2)) {
    throw new ArgumentError({
      where: 'modularAddition',
      argument: 'levels',
      expected: 'to be an integer of at least 2',
      actual: String(levels),
    });
  }
  const wrap = (x: Tensor): Tensor => tf.sub(x, tf.mul(levels, tf.floor(tf.div(x, levels))));
  return {
    apply: (x, t) => wrap(tf.add(x, t)),
    undo: (y, t) => wrap(tf.sub(y, t)),
  };
}
