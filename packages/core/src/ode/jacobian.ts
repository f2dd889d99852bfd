import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkInteger, checkOptions } from '../check/check';
import { record } from '../construction/record';
import type { Key } from '../random/key';
import type { Shape } from '../shape/shape';

/**
 * A function of a batch and its vector-Jacobian product, $w^\top J$, by one backward pass.
 * @param f - differentiable, `[n, ...a]` to `[n, ...b]`, for example `(x) => layer.apply(x)`
 * @param x - `[n, ...a]`
 * @param w - `[n, ...b]`
 * @returns the value $f(x)$ and the product, `[n, ...a]`, which can be differentiated in turn; the caller owns both
 */
export function vectorJacobianProduct(
  f: (x: Tensor) => Tensor,
  x: Tensor,
  w: Tensor,
): { value: Tensor; product: Tensor } {
  const { value, grad } = tf.valueAndGrad(f)(x, w);
  return { value, product: grad };
}

/**
 * A Jacobian-vector product, $J v$, as the derivative of $w^\top J v$ by w: two backward passes.
 * @param f - as in {@link vectorJacobianProduct}, with a gradient that can be differentiated
 * @param x - `[n, ...a]`
 * @param v - `[n, ...a]`
 * @returns `[n, ...b]`, owned by the caller
 */
export function jacobianVectorProduct(f: (x: Tensor) => Tensor, x: Tensor, v: Tensor): Tensor {
  return tf.tidy(() => {
    const w = tf.zerosLike(f(x));
    return tf.grad((w) => tf.sum(tf.mul(v, vectorJacobianProduct(f, x, w).product)))(w);
  });
}

/**
 * The product of a square Jacobian at each row with k directions, `[k, n, D]` to `[k, n, D]`: from the left or from the
 * right, which is the same to a trace.
 */
export type JacobianProduct = (directions: Tensor) => Tensor;

/**
 * The products of the Jacobian of `f` at the rows of x, `[n, D]`, each by a backward pass.
 *
 * @example
 * ```ts
 * const f = (x: tf.Tensor): tf.Tensor => tf.square(x);
 * const product = jacobianProductOf(f, tf.tensor2d([[1, 2]]));
 * product(tf.tensor3d([[[1, 0]], [[0, 1]]])); // [[[2, 0]], [[0, 4]]]
 * ```
 */
export function jacobianProductOf(f: (x: Tensor) => Tensor, x: Tensor): JacobianProduct {
  return (directions) =>
    tf.tidy(() => tf.stack(tf.unstack(directions).map((w) => vectorJacobianProduct(f, x, w).product)));
}

/**
 * $\mathrm{tr}\, J$ at each row, or an estimate of it, from products of J with directions. These are drawn once for each
 * solution of a differential equation, so that its right-hand side is the same throughout.
 */
export interface Trace {
  /** Directions for rows `[n, D]`: `[k, n, D]`. */
  directions(rows: Tensor, key: Key): Tensor;
  /** The trace at each row, `[n]`. */
  of(directions: Tensor, product: JacobianProduct): Tensor;
}

/**
 * The trace itself, by D products with the unit vectors. It needs no key.
 *
 * @example
 * ```ts
 * const f = (x: tf.Tensor): tf.Tensor => tf.square(x);
 * const points = tf.tensor2d([[1, 2], [3, 4]]);
 * const trace = exactTrace();
 * trace.of(trace.directions(points), jacobianProductOf(f, points)); // [6, 14]
 * ```
 */
export function exactTrace(): Trace & { directions(rows: Tensor): Tensor } {
  const trace = {
    directions: unitVectors,
    of: (units: Tensor, product: JacobianProduct) => tf.sum(tf.mul(units, product(units)), [0, 2]),
  };
  return record(trace, 'exactTrace', arguments);
}

export interface HutchinsonTraceOptions {
  /**
   * Random directions for each row.
   * @defaultValue 1
   */
  readonly directions?: number;
}

/**
 * Hutchinson's estimate $v^\top J v$ for entries of v of $\pm 1$. It is unbiased.
 * @throws ArgumentError if `directions` is not a positive integer
 * @see FFJORD (Grathwohl et al., 2019), §3.1.1
 *
 * @example
 * ```ts
 * const f = (x: tf.Tensor): tf.Tensor => tf.square(x);
 * const points = tf.tensor2d([[1, 2], [3, 4]]);
 * const trace = hutchinsonTrace({ directions: 4 });
 * trace.of(trace.directions(points, key), jacobianProductOf(f, points)); // [2], with the means 6 and 14
 * ```
 */
export function hutchinsonTrace({ directions = 1, ...unknown }: HutchinsonTraceOptions = {}): Trace {
  checkOptions('hutchinsonTrace', unknown, ['directions']);
  checkInteger('hutchinsonTrace', 'directions', directions);
  const trace: Trace = {
    directions: (rows, key) => randomSigns(key, [directions, ...rows.shape]),
    of: (v, product) => tf.mean(tf.sum(tf.mul(v, product(v)), -1), 0),
  };
  return record(trace, 'hutchinsonTrace', arguments);
}

/** Every unit vector $e_i$ for every row of a matrix `[n, D]`: `[D, n, D]` with i first. */
export function unitVectors(rows: Tensor): Tensor {
  const [n, dims] = rows.shape as [number, number];
  return tf.tile(tf.reshape(tf.eye(dims), [dims, 1, dims]), [1, n, 1]);
}

/**
 * Independent entries of 1 and -1 (Rademacher variables): of all entries with mean 0 and variance 1, those that estimate a
 * trace with the least variance.
 */
export function randomSigns(key: Key, shape: Shape): Tensor {
  return tf.sub(tf.mul(2, key.bernoulli(shape, 0.5)), 1);
}
