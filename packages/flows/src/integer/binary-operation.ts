import { checkInteger, select } from '@dgm/core';
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
 * Addition modulo the number of levels: values 0 to `levels - 1` stay values 0 to `levels - 1`. Integers outside stay as they
 * are, so that it is one-to-one on all integers: over a base on the levels, others have no probability.
 * @throws ArgumentError if `levels` is not an integer of at least 2
 * @see Discrete Flows: Invertible Generative Models of Discrete Data (Tran et al., 2019), Eq. 6
 */
export function modularAddition(levels: number): BinaryOperation {
  checkInteger('modularAddition', 'levels', levels, { min: 2 });
  const within = (x: Tensor, moved: Tensor): Tensor => {
    const isLevel = tf.logicalAnd(tf.greaterEqual(x, 0), tf.less(x, levels));
    return select(isLevel, tf.sub(moved, tf.mul(levels, tf.floor(tf.div(moved, levels)))), x);
  };
  return {
    apply: (x, t) => within(x, tf.add(x, t)),
    undo: (y, t) => within(y, tf.sub(y, t)),
  };
}
