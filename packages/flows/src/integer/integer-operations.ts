import {
  checkInteger,
  checkThat,
  formatShape,
  roundStraightThrough,
  selectByMask,
  type Shape,
  ShapeError,
  sizeOf,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** A binary operation on integers with an inverse: `undo(apply(x, t), t)` is x, for every t. */
export interface BinaryOperation {
  apply(x: Tensor, t: Tensor): Tensor;
  undo(y: Tensor, t: Tensor): Tensor;
}

/** Addition of integers, as in DGM Eq. 3.36-3.40. Exact in float32 for values up to 2^24. */
export const addition: BinaryOperation = {
  apply: (x, t) => tf.add(x, t),
  undo: (y, t) => tf.sub(y, t),
};

/**
 * Addition modulo the number of levels, which keeps values in 0 to `levels - 1`. Other integers are left unchanged,
 * so that the map is one-to-one on all integers; a base over the levels gives them no probability.
 * @throws ArgumentError if `levels` is not an integer of at least 2
 * @see Discrete Flows: Invertible Generative Models of Discrete Data (Tran et al., 2019), Eq. 6
 *
 * @example
 * ```ts
 * const layer = new IntegerCoupling({
 *   parts: [32, 32],
 *   networks: [mlp([32, 64, 32], { key: key.fold(0) }), mlp([32, 64, 32], { key: key.fold(1) })],
 *   operation: modularAddition(17), // levels 0 to 16
 * });
 * ```
 */
export function modularAddition(levels: number): BinaryOperation {
  checkInteger('modularAddition', 'levels', levels, { min: 2 });
  const within = (x: Tensor, moved: Tensor): Tensor => {
    const isLevel = tf.logicalAnd(tf.greaterEqual(x, 0), tf.less(x, levels));
    return selectByMask(isLevel, tf.sub(moved, tf.mul(levels, tf.floor(tf.div(moved, levels)))), x);
  };
  return {
    apply: (x, t) => within(x, tf.add(x, t)),
    undo: (y, t) => within(y, tf.sub(y, t)),
  };
}

/**
 * The output of a network, rounded to integers of the given shape, with the gradient of the identity (DGM §3.2.4).
 * @throws ShapeError if it is not as many numbers
 */
export function integersFrom(
  output: Tensor,
  shape: Shape,
  { where, argument }: { readonly where: string; readonly argument: string },
): Tensor {
  checkThat(where, argument, output.size === sizeOf(shape), {
    error: ShapeError,
    expected: `to put out ${formatShape(shape)}`,
    actual: formatShape(output.shape),
  });
  return roundStraightThrough(tf.reshape(output, [...shape]));
}
