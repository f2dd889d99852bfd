import { selectByMask, stopGradient } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * Normalizes vectors along an axis to length 1. They are first divided by their largest entry, so that squares do not
 * overflow. A vector of zeros, which has no direction, becomes the first unit vector.
 */
export function unitVectors(v: Tensor, axis: number): Tensor {
  const largest = stopGradient(tf.max(tf.abs(v), axis, true));
  const isZero = tf.equal(largest, 0);
  const shape = v.shape.map((size, index) => (index === axis ? size : 1));
  const first = tf.tensor(
    Array.from({ length: v.shape[axis]! }, (_, entry) => (entry === 0 ? 1 : 0)),
    shape,
  );
  const scaled = selectByMask(isZero, first, tf.div(v, selectByMask(isZero, 1, largest)));
  return tf.div(scaled, tf.sqrt(tf.sum(tf.square(scaled), axis, true)));
}

/** $(I - 2 u u^\top) A$ for unit vectors u, `[n, D, 1]`, and matrices A, `[n, D, M]`. */
export function reflected(u: Tensor, matrices: Tensor): Tensor {
  return tf.sub(matrices, tf.mul(2, tf.matMul(u, tf.matMul(u, matrices, true))));
}

/** The first M columns of the identity for each of n rows, `[n, D, M]`. */
export function unitColumns(n: number, dims: number, columns: number): Tensor {
  const values = Float32Array.from({ length: dims * columns }, (_, index) =>
    Math.floor(index / columns) === index % columns ? 1 : 0,
  );
  return tf.tile(tf.tensor3d(values, [1, dims, columns]), [n, 1, 1]);
}

/**
 * The orthogonal factor of the QR decomposition of matrices `[n, D, M]` with $M \le D$, with a positive diagonal of R: a
 * function of the matrix that is smooth where its columns are independent.
 *
 * It is a product of Householder reflections. So the columns are orthonormal up to rounding for every matrix, singular
 * ones included, where Gram-Schmidt and Newton-Schulz iterations lose it.
 * @see Matrix Computations (Golub and Van Loan, 2013), Algorithm 5.2.1
 */
export function orthogonalFactor(matrices: Tensor): Tensor {
  const [n, dims, columns] = matrices.shape as [number, number, number];
  let rest = matrices;
  const reflectors: Tensor[] = [];
  const signs: Tensor[] = [];
  for (let k = 0; k < columns; k++) {
    const column = tf.slice(rest, [0, 0, k], [n, dims, 1]);
    const below = tf.tensor3d(
      Array.from({ length: dims }, (_, row) => (row >= k ? 1 : 0)),
      [1, dims, 1],
    );
    // Zeros reflect along the first unit vector, which any orthonormal basis may contain.
    const x = unitVectors(tf.mul(column, below), 1);
    const pivot = tf.slice(x, [0, k, 0], [n, 1, 1]);
    const sign = stopGradient(tf.sub(tf.mul(2, tf.cast(tf.greaterEqual(pivot, 0), 'float32')), 1));
    const e = unitColumn(dims, k);
    // u = x + sign(x_k) e_k: the sum that does not cancel. It is at least as long as x.
    const u = unitVectors(tf.add(x, tf.mul(sign, e)), 1);
    reflectors.push(u);
    signs.push(sign);
    if (k < columns - 1) rest = reflected(u, rest);
  }
  const q = reflectors.reduceRight((product, u) => reflected(u, product), unitColumns(n, dims, columns));
  // H x = -sign(x_k) e_k: with the sign taken out, R has a positive diagonal.
  return tf.mul(q, tf.neg(tf.concat(signs, 2)));
}

function unitColumn(dims: number, k: number): Tensor {
  return tf.tensor3d(
    Array.from({ length: dims }, (_, row) => (row === k ? 1 : 0)),
    [1, dims, 1],
  );
}
