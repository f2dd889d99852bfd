import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkNumber, checkOptions } from '../check/check';
import { debyeRatio, logDebye } from './bessel-expansion';
import { elementwise } from './differentiable';
import { log1pValue } from './log-arithmetic';

/** Orders from here on use the uniform expansion alone. */
export const LARGE_ORDER = 16;

/** For smaller orders, arguments below this one use the power series. */
const SERIES_LIMIT = 8;
const SERIES_TERMS = 24;

/** Where 0 stands for the quotient $I_{v+1}(x) / x$, which is finite there. */
const TINY = 1e-20;

/** The options of the logarithm of a Bessel function. */
export interface LogBesselOptions {
  /** v: 0 or more, not necessarily an integer. */
  readonly order: number;
  /** Whether x is subtracted: $\log(e^{-x} I_v(x))$. */
  readonly scaled?: boolean;
}

/**
 * The logarithm of the modified Bessel function of the first kind, $\log I_v(x)$.
 *
 * Orders from 16 use Debye's uniform expansion; smaller ones the power series for x < 8 and, above, the stable downward
 * recurrence $I_{v-1} = I_{v+1} + \frac{2v}{x} I_v$ from the expansion at a large order.
 *
 * @param x - any shape, non-negative; 0 gives 0 for order 0 and -Infinity for others.
 * @returns a tensor of the shape of `x`; for orders up to 50 and x up to 1e4 the error is below 2e-6 of
 * $\max(1, |\log I_v|)$. The first derivative, with respect to x, is {@link besselRatio} + v/x.
 * @throws {@link ArgumentError} for a negative order.
 * @see Digital Library of Mathematical Functions, 10.25.2, 10.29.1 and 10.41.3.
 */
export function logBesselI(x: Tensor, { order, scaled = false, ...unknown }: LogBesselOptions): Tensor {
  checkOptions('logBesselI', unknown, ['order', 'scaled']);
  checkOrder(order, 'logBesselI');
  return elementwise(
    (x) => {
      if (order >= LARGE_ORDER) return logDebye(x, order, scaled);
      const large = tf.maximum(x, SERIES_LIMIT);
      const { sum, top } = downward(large, order);
      const above = tf.add(tf.log(sum), logDebye(large, top, scaled));
      return tf.where(tf.less(x, SERIES_LIMIT), logSeries(x, order, scaled), above);
    },
    (x) => {
      const ratio = scaled ? tf.sub(besselRatio(x, { order }), 1) : besselRatio(x, { order });
      return order === 0 ? ratio : tf.add(ratio, tf.div(order, x));
    },
  )(x);
}

/**
 * The ratio $A(x) = I_{v+1}(x) / I_v(x)$: for $v = d/2 - 1$ the mean resultant length of the von Mises-Fisher distribution
 * in d dimensions. Its derivative $1 - A^2 - \frac{2v + 1}{x} A$ is computed as
 * $\frac{A}{x} (1 + x (A_{v+1} - A))$, which does not cancel for small x; its error is below 1e-6 A.
 * @param x - any shape, non-negative.
 * @param options - `order`: v, 0 or more.
 * @returns a tensor of the shape of `x`, in [0, 1); relative error below 5e-7 for orders up to 50 and x up to 1e4.
 * @throws {@link ArgumentError} for a negative order.
 */
export function besselRatio(x: Tensor, { order, ...unknown }: { order: number }): Tensor {
  checkOptions('besselRatio', unknown, ['order']);
  checkOrder(order, 'besselRatio');
  return elementwise(
    (x) => {
      if (order >= LARGE_ORDER) return debyeRatio(x, order);
      const large = tf.maximum(x, SERIES_LIMIT);
      const { sum, next } = downward(large, order);
      const quotient = tf.div(tf.add(1, seriesRest(x, order + 1)), tf.add(1, seriesRest(x, order)));
      const below = tf.mul(tf.mul(x, 0.5 / (order + 1)), quotient);
      return tf.where(tf.less(x, SERIES_LIMIT), below, tf.div(next, sum));
    },
    (x) => {
      const safe = tf.add(x, TINY);
      const ratio = besselRatio(safe, { order });
      const difference = tf.sub(besselRatio(safe, { order: order + 1 }), ratio);
      return tf.mul(tf.div(ratio, safe), tf.add(1, tf.mul(safe, difference)));
    },
  )(x);
}

/** $I_v / I_V$ and $I_{v+1} / I_V$, down from an order V that is large. */
function downward(x: Tensor, order: number): { sum: Tensor; next: Tensor; top: number } {
  const steps = Math.ceil(LARGE_ORDER - order);
  const top = order + steps;
  const twoOverX = tf.div(2, x);
  let [sum, next]: Tensor[] = [tf.onesLike(x), debyeRatio(x, top)];
  for (let v = top; v > order; v--) {
    [sum, next] = [tf.add(next!, tf.mul(tf.mul(twoOverX, v), sum!)), sum];
  }
  return { sum: sum!, next: next!, top };
}

function logSeries(x: Tensor, order: number, scaled: boolean): Tensor {
  const series = log1pValue(seriesRest(x, order));
  const sum = scaled ? tf.sub(series, x) : series;
  return order === 0
    ? sum
    : tf.add(sum, tf.sub(tf.mul(order, tf.log(tf.mul(x, 0.5))), logGammaOfNumber(order + 1)));
}

/** $\Gamma(v+1)\,(x/2)^{-v} I_v(x) - 1 = \sum_{k \ge 1} (x/2)^{2k} / (k!\,(v+1)_k)$, for x below the limit. */
function seriesRest(x: Tensor, order: number): Tensor {
  const quarter = tf.mul(0.25, tf.square(tf.minimum(x, SERIES_LIMIT)));
  let sum: Tensor = tf.zerosLike(x);
  for (let k = SERIES_TERMS; k >= 1; k--) {
    sum = tf.mul(tf.mul(quarter, 1 / (k * (order + k))), tf.add(1, sum));
  }
  return sum;
}

/** $\log\Gamma(x)$ of a positive number, in double precision. */
export function logGammaOfNumber(x: number): number {
  if (x < 12) return logGammaOfNumber(x + 1) - Math.log(x);
  const inverse = 1 / x;
  const series = inverse * (1 / 12 - inverse ** 2 * (1 / 360 - inverse ** 2 / 1260));
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series;
}

export function checkOrder(order: number, where: string): void {
  // I(-n) = I(n) for integers.
  checkNumber(where, 'order', order, { min: 0 });
}
