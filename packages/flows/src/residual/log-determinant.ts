import { checkOptions, checkThat, type Key, randomSigns, unitVectors } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../record';
import type { Linearization } from '../smooth/smooth-map';
import { withoutGradient } from './fixed-point';

/** The options of one call. */
export interface LogDeterminantCall {
  readonly key: Key;
}

/** $\ln \det(I + J)$ of each row, or an estimate of it, in nats, `[n]`, where J is the Jacobian of a contraction. */
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

export interface PowerSeriesOptions {
  /**
   * The number of terms.
   * @defaultValue 10
   */
  readonly terms?: number;
  /**
   * The number of random directions per row.
   * @defaultValue 1
   */
  readonly directions?: number;
}

/**
 * The first terms of $\ln\det(I + J) = \sum_{k \ge 1} \frac{(-1)^{k+1}}{k} \mathrm{tr}(J^k)$, with the Hutchinson-Skilling
 * estimate $v^\top J^k v$ of each trace for entries of v of $\pm 1$.
 *
 * Biased: the omitted terms sum to at most $D \sum_{k > \text{terms}} L^k / k$.
 * @see DGM Eq. 3.24; Invertible Residual Networks (Behrmann et al., 2019), §3.2
 *
 * @example
 * ```ts
 * const contraction = contractiveMlp({ dims: 8, key });
 * const layer = new InvertibleResidual({ contraction, logDet: powerSeries({ terms: 20 }) });
 * ```
 */
export function powerSeries({
  terms = 10,
  directions = 1,
  ...unknown
}: PowerSeriesOptions = {}): LogDeterminant {
  checkOptions('powerSeries', unknown, ['terms', 'directions']);
  checkCount('powerSeries', 'terms', terms);
  checkCount('powerSeries', 'directions', directions);
  const logDeterminant: LogDeterminant = (linearization, { key }) => {
    const v = randomSigns(key, [directions, ...linearization.value.shape]);
    return weightedSeries(linearization, { v, weights: Array.from({ length: terms }, () => 1) });
  };
  return record(logDeterminant, 'powerSeries', arguments);
}

export interface RussianRouletteOptions {
  /**
   * The number of terms that are always included.
   * @defaultValue 2
   */
  readonly always?: number;
  /**
   * The probability of each further term, given the one before.
   * @defaultValue 0.5
   */
  readonly goOn?: number;
  /**
   * The largest number of terms.
   * @defaultValue 20
   */
  readonly maximum?: number;
  /**
   * The number of random directions per row.
   * @defaultValue 1
   */
  readonly directions?: number;
}

/**
 * The series with a random number N of terms per row; each term is divided by the probability that it is included:
 *
 * $$\sum_{k=1}^{N} \frac{(-1)^{k+1}}{k} \frac{v^\top J^k v}{P(N \ge k)}$$
 *
 * Unbiased, except for the terms after `maximum`, which sum to at most $D \sum_{k > \text{maximum}} L^k / k$. With
 * `goOn` below $L^2$ the variance grows with `maximum`.
 *
 * A captured graph has fixed shapes, so every term is computed for every row and masked. The estimator is not cheaper
 * here than the series of `maximum` terms.
 * @see Residual Flows for Invertible Generative Modeling (Chen et al., 2019), Eq. 6
 *
 * @example
 * ```ts
 * const contraction = contractiveMlp({ dims: 8, key });
 * const layer = new InvertibleResidual({ contraction, logDet: russianRoulette({ always: 4 }) });
 * ```
 */
export function russianRoulette(options: RussianRouletteOptions = {}): LogDeterminant {
  const { always = 2, goOn = 0.5, maximum = 20, directions = 1 } = options;
  checkOptions('russianRoulette', options, ['always', 'goOn', 'maximum', 'directions']);
  checkCount('russianRoulette', 'always', always);
  checkCount('russianRoulette', 'maximum', maximum);
  checkCount('russianRoulette', 'directions', directions);
  checkThat('russianRoulette', 'goOn', goOn > 0 && goOn < 1, {
    expected: 'to be above 0 and below 1',
    actual: String(goOn),
  });
  const probabilities = Array.from(
    { length: maximum },
    (_, index) => goOn ** Math.max(0, index + 1 - always),
  );
  const logDeterminant: LogDeterminant = (linearization, { key }) => {
    const { shape } = linearization.value;
    const v = randomSigns(key.fold('directions'), [directions, ...shape]);
    const u = key.fold('terms').uniform([shape[0]!, 1]);
    const weights = probabilities.map((probability) =>
      probability === 1 ? 1 : tf.div(tf.cast(tf.less(u, probability), 'float32'), probability),
    );
    return weightedSeries(linearization, { v, weights });
  };
  return record(logDeterminant, 'russianRoulette', arguments);
}

interface Series {
  /** `[directions, n, D]` */
  readonly v: Tensor;
  /** The weight of each term, for all rows or `[n, 1]`. */
  readonly weights: readonly (number | Tensor)[];
}

/**
 * $\sum_k \frac{(-1)^{k+1}}{k} w_k\, v^\top J^k v$, and as its gradient that of $v^\top J u$ for the constant
 * $u = \sum_k (-1)^k w_{k+1}\, J^k v$: the series of $(I + J)^{-1}$, which gives
 * $\partial \ln\det(I + J) = \mathrm{tr}((I + J)^{-1} \partial J)$.
 *
 * So only one product is recorded for the backward pass, however many terms there are.
 * @see Residual Flows for Invertible Generative Modeling (Chen et al., 2019), Eq. 8
 */
function weightedSeries({ value: x, push }: Linearization, { v, weights }: Series): Tensor {
  const dims = v.shape[2]!;
  const constants = withoutGradient(x, () => {
    let power = v; // J^k v
    let neumann: Tensor = tf.zerosLike(v);
    let total: Tensor = tf.zeros([...v.shape.slice(0, 2), 1]);
    weights.forEach((weight, index) => {
      const sign = index % 2 === 0 ? 1 : -1;
      neumann = tf.add(neumann, tf.mul(tf.mul(sign, weight), power));
      power = push(power);
      const trace = tf.sum(tf.mul(v, power), -1, true);
      total = tf.add(total, tf.mul(tf.mul(sign / (index + 1), weight), trace));
    });
    return tf.concat([neumann, total], -1);
  });
  const [u, estimate] = tf.split(constants, [dims, 1], -1) as [Tensor, Tensor];
  const carrier = tf.mean(tf.sum(tf.mul(v, push(u)), -1), 0);
  return withGradientOf(carrier, tf.mean(tf.reshape(estimate, v.shape.slice(0, 2)), 0));
}

/** A value with the gradient of another expression. */
function withGradientOf(carrier: Tensor, value: Tensor): Tensor {
  return tf.customGrad(() => ({ value: tf.clone(value), gradFunc: (dy: Tensor) => tf.clone(dy) }))(carrier);
}

function checkCount(where: string, argument: string, value: number): void {
  checkThat(where, argument, Number.isSafeInteger(value) && value > 0, {
    expected: 'to be a positive integer',
    actual: String(value),
  });
}
