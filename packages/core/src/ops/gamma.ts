import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { elementwise } from './differentiable';
import { polynomial } from './polynomial';
import { checkOptions } from '../check/check';

const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI);

/** $\log\Gamma(2 + z) / z$ in powers of z - 0.75 for z in [-0.5, 2]: Chebyshev interpolation in 40 digits, relative error 4e-9. */
const AROUND_TWO = [
  0.633619556, 0.247041953, -0.0376751046, 0.00829699679, -0.00213943856, 0.000601384007, -0.00017865761,
  5.62672497e-5, -1.78306041e-5, 4.47544763e-6, -1.44983395e-6, 1.13300653e-6, -3.8174056e-7,
];

/** How far the arguments of digamma and its derivatives are moved up, to where the asymptotic series holds. */
const SHIFT = 6;

/** Bernoulli numbers $B_2, B_4, \dots$ */
const BERNOULLI = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66];

/**
 * $\log\Gamma(x)$ for positive x; its derivative is {@link digamma}.
 *
 * Below 4 the argument is moved into [1.5, 4], where a polynomial with the factor $x - 2$ keeps the relative accuracy
 * next to the zeros at 1 and 2; above 4 it is Stirling's series.
 *
 * @param x - any shape, positive; 0 gives Infinity, negative numbers NaN.
 * @returns a tensor of the shape of `x`; relative error below 5e-7.
 */
export function lgamma(x: Tensor): Tensor {
  return lgammaOf(x);
}
const lgammaOf = elementwise((x) => tf.where(tf.less(x, 4), logGammaBelowFour(x), stirling(x)), digamma);

function logGammaBelowFour(x: Tensor): Tensor {
  const twice = tf.less(x, 0.5);
  const once = tf.less(x, 1.5);
  const moves = tf.add(tf.cast(twice, 'float32'), tf.cast(once, 'float32'));
  const factor = tf.where(twice, tf.mul(x, tf.add(x, 1)), tf.where(once, x, tf.onesLike(x)));
  // x + (moves - 2) is exact next to the zeros; (x + moves) - 2 would not be.
  const fromTwo = tf.add(x, tf.sub(moves, 2));
  const moved = tf.mul(fromTwo, polynomial(tf.sub(fromTwo, 0.75), AROUND_TWO));
  return tf.sub(moved, tf.log(factor));
}

function stirling(x: Tensor): Tensor {
  const inverse = tf.reciprocal(x);
  const correction = tf.mul(inverse, polynomial(tf.square(inverse), [1 / 12, -1 / 360, 1 / 1260]));
  // (x - 1/2)(log x - 1) is (x - 1/2) log x - x + 1/2 without a difference of infinities.
  const leading = tf.mul(tf.sub(x, 0.5), tf.sub(tf.log(x), 1));
  return tf.add(leading, tf.add(correction, HALF_LOG_TWO_PI - 0.5));
}

/**
 * The digamma function $\psi(x) = \frac{d}{dx} \log\Gamma(x)$ for positive x; its derivative is {@link polygamma} of order 1.
 *
 * $\psi(x) = \psi(x + 6) - \sum_{k<6} 1 / (x + k)$, with the asymptotic series for the first term.
 *
 * @param x - any shape, positive.
 * @returns a tensor of the shape of `x`; error below 1e-6 relative to $\max(1, |\psi(x)|)$.
 */
export function digamma(x: Tensor): Tensor {
  return digammaOf(x);
}
const digammaOf = elementwise(
  (x) => {
    const y = tf.add(x, SHIFT);
    const inverse = tf.reciprocal(y);
    const square = tf.square(inverse);
    const series = tf.mul(square, polynomial(square, BERNOULLI.slice(0, 4).map((b, j) => -b / (2 * j + 2)))); // prettier-ignore
    const asymptotic = tf.add(tf.sub(tf.log(y), tf.mul(0.5, inverse)), series);
    return tf.sub(asymptotic, sumOfInversePowers(x, 1));
  },
  (x) => polygamma(x, { order: 1 }),
);

/**
 * The polygamma function $\psi^{(n)}(x)$, the n-th derivative of {@link digamma}, for positive x; trigamma for n = 1.
 *
 * $(-1)^{n+1} n! \sum_k (x + k)^{-n-1}$: six terms, and the Euler-Maclaurin formula for the rest.
 *
 * @param x - any shape, positive.
 * @param options - `order`: n, from 1.
 * @returns a tensor of the shape of `x`; relative error below 1e-6 for orders up to 3.
 */
export function polygamma(x: Tensor, { order, ...unknown }: { order: number }): Tensor {
  checkOptions('polygamma', unknown, ['order']);
  return elementwise(
    (x) => {
      const inverse = tf.reciprocal(tf.add(x, SHIFT));
      const square = tf.square(inverse);
      const coefficients = BERNOULLI.map((b, j) => (b * factorial(2 * j + 1 + order)) / factorial(2 * j + 2));
      const tail = tf.add(factorial(order - 1), tf.mul(inverse, factorial(order) / 2));
      const series = tf.mul(
        power(inverse, order),
        tf.add(tail, tf.mul(square, polynomial(square, coefficients))),
      );
      const sign = order % 2 === 1 ? 1 : -1;
      return tf.mul(sign, tf.add(series, tf.mul(factorial(order), sumOfInversePowers(x, order + 1))));
    },
    (x) => polygamma(x, { order: order + 1 }),
  )(x);
}

/** $\sum_{k<6} (x + k)^{-n}$, smallest terms first. */
function sumOfInversePowers(x: Tensor, n: number): Tensor {
  const terms = Array.from({ length: SHIFT }, (_, k) => power(tf.reciprocal(tf.add(x, SHIFT - 1 - k)), n));
  return terms.reduce((sum, term) => tf.add(sum, term));
}

function power(x: Tensor, n: number): Tensor {
  return Array.from({ length: n - 1 }).reduce<Tensor>((product) => tf.mul(product, x), x);
}

function factorial(n: number): number {
  return n <= 1 ? 1 : n * factorial(n - 1);
}
