import { unitVectors } from '@dgm/core';
import type { Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Linearization } from '../smooth/smooth-map';

/** What an estimate may use. */
export interface LogDeterminantCall {
  readonly key: Key;
}

/** $\ln \det(I + J)$ at each row, in nats, `[n]`, or an estimate of it, for the Jacobian J of a contraction. */
export type LogDeterminant = (linearization: Linearization, call: LogDeterminantCall) => Tensor;

/**
 * The logarithm itself, from the dense Jacobian: D products, and the pivots of an elimination.
 *
 * No rows are exchanged. As $\|J\| < 1$, $x^\top (I + J)\, x > 0$ for every x, and all pivots of such a matrix are positive.
 */
export function exactLogDet({ value, push }: Linearization): Tensor {
  const dims = value.shape[1]!;
  const columns = push(unitVectors(value));
  // [n, D, D], transposed, which changes no determinant.
  return sumOfLogPivots(tf.add(tf.eye(dims), tf.transpose(columns, [1, 0, 2])));
}

function sumOfLogPivots(matrices: Tensor): Tensor {
  const [n, dims] = matrices.shape as [number, number, number];
  let rest = matrices;
  const pivots: Tensor[] = [];
  for (let size = dims; size > 1; size--) {
    const [top, below] = tf.split(rest, [1, size - 1], 1) as [Tensor, Tensor];
    const [pivot, right] = tf.split(top, [1, size - 1], 2) as [Tensor, Tensor];
    const [left, corner] = tf.split(below, [1, size - 1], 2) as [Tensor, Tensor];
    pivots.push(pivot);
    rest = tf.sub(corner, tf.mul(left, tf.div(right, pivot)));
  }
  return tf.sum(tf.log(tf.reshape(tf.concat([...pivots, rest], 1), [n, dims])), 1);
}
