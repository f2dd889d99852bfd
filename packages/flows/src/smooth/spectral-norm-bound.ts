import { stopGradient } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';

/**
 * The number of squarings of the Gram matrix. With 5 the bound is at most a factor $m^{1/64}$ too large for a matrix
 * of rank m, 7 % for rank 64.
 */
const SQUARINGS = 5;

/** Below this a matrix counts as zero. */
const SMALLEST_ENTRY = 1e-30;

/** Keeps norms of 0 out of divisions. It only makes the bound larger. */
const SMALLEST_SQUARE = 1e-30;

/**
 * A differentiable upper bound on the largest singular value, by Gram iteration: with $G_1 = W^\top W$ and
 * $G_{i+1} = G_i^2$,
 *
 * $$\sigma(W) \le \|G_N\|_F^{2^{-N}} = \Big(\sum_j \sigma_j^{2^{N+1}}\Big)^{2^{-N-1}}$$
 *
 * Power iteration, the usual method, converges from below, so a kernel that is divided by its result may still
 * expand. This bound is never too small, needs no state, and is the same in training and evaluation.
 *
 * @param matrix - `[a, b]`
 * @returns a scalar
 * @see Efficient Bound of Lipschitz Constant for Convolutional Layers by Gram Iteration (Delattre et al., 2023), Theorem 1
 */
export function spectralNormBound(matrix: Tensor): Scalar {
  return tf.tidy(() => {
    const isWide = matrix.shape[0]! < matrix.shape[1]!;
    // What is divided out, against overflow and underflow, is a constant: the bound is homogeneous.
    const largest = stopGradient(tf.maximum(tf.max(tf.abs(matrix)), SMALLEST_ENTRY));
    const unit = tf.div(matrix, largest);
    let gram: Tensor = tf.matMul(unit, unit, !isWide, isWide);
    let logScale: Tensor = tf.scalar(0);
    for (let squaring = 1; squaring < SQUARINGS; squaring++) {
      const size = frobeniusNorm(gram);
      const scaled = tf.div(gram, size);
      gram = tf.matMul(scaled, scaled);
      logScale = tf.mul(2, tf.add(logScale, tf.log(size)));
    }
    const logBound: Scalar = tf.mul(2 ** -SQUARINGS, tf.add(logScale, tf.log(frobeniusNorm(gram))));
    return tf.mul(largest, tf.exp(logBound));
  });
}

function frobeniusNorm(matrix: Tensor): Tensor {
  return tf.sqrt(tf.add(tf.sum(tf.square(matrix)), SMALLEST_SQUARE));
}
