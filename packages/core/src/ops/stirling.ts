import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { expm1 } from './activations';
import { elementwise } from './differentiable';
import { digamma, lgamma } from './gamma';
import { log1p } from './log-arithmetic';
import { polynomial } from './polynomial';
import { selectByMask } from './select';

const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI);

/** From here on the asymptotic series are exact in float32. */
const LARGE = 4;

/**
 * What Stirling's formula leaves out: $\delta(x) = \ln \Gamma(x) - (x - \tfrac12) \ln x + x - \tfrac12 \ln 2\pi$.
 *
 * Densities with large parameters are differences of log-gamma functions, which cancel in float32. Written by $\delta$
 * and {@link logDeviance} they do not.
 *
 * @param x - any shape, positive
 * @returns a tensor of the shape of `x`; error below 1e-6
 * @see Fast and Accurate Computation of Binomial Probabilities (Loader, 2000)
 */
export function stirlingError(x: Tensor): Tensor {
  return stirlingErrorOf(x);
}
const stirlingErrorOf = elementwise((x) => {
  const inverse = tf.reciprocal(x);
  const series = tf.mul(inverse, polynomial(tf.square(inverse), [1 / 12, -1 / 360, 1 / 1260, -1 / 1680]));
  const leading = tf.mul(tf.sub(x, 0.5), tf.sub(tf.log(x), 1));
  const direct = tf.sub(tf.sub(lgamma(x), leading), HALF_LOG_TWO_PI - 0.5);
  return tf.where(tf.less(x, LARGE), direct, series);
}, stirlingErrorSlope);

/** $\delta'(x) = \psi(x) - \ln x + \tfrac{1}{2x}$, the derivative of `stirlingError`. */
export function stirlingErrorSlope(x: Tensor): Tensor {
  const isSmall = tf.less(x, LARGE);
  const small = selectByMask(isSmall, x, 1);
  const direct = tf.add(tf.sub(digamma(small), tf.log(small)), tf.div(0.5, small));
  const square = tf.square(tf.reciprocal(selectByMask(isSmall, LARGE, x)));
  const series = tf.mul(square, polynomial(square, [-1 / 12, 1 / 120, -1 / 252, 1 / 240]));
  return selectByMask(isSmall, direct, series);
}

/**
 * $t - \ln(1 + t)$ for $t > -1$, which is $t^2/2$ near 0: the deviance of a ratio $1 + t$ from 1.
 * @param t - the ratio less 1, computed without cancellation
 * @param logRatio - $\ln(1 + t)$, which is used away from 0
 */
export function logDeviance(t: Tensor, logRatio: Tensor): Tensor {
  const near = tf.less(tf.abs(t), 0.5);
  return selectByMask(near, devianceNearOne(selectByMask(near, t, 0)), tf.sub(t, logRatio));
}

/** With $s = t / (2 + t)$ it is $s t - 2 s^3 (\tfrac13 + \tfrac{s^2}{5} + \dots)$, for |t| < 1/2. */
const devianceNearOne = elementwise(
  (t) => {
    const s = tf.div(t, tf.add(2, t));
    const square = tf.square(s);
    const series = polynomial(square, [1 / 3, 1 / 5, 1 / 7, 1 / 9, 1 / 11, 1 / 13]);
    return tf.sub(tf.mul(s, t), tf.mul(2, tf.mul(tf.mul(s, square), series)));
  },
  (t) => tf.div(t, tf.add(1, t)),
);

/**
 * $e^x - 1 - x$, which is $x^2/2$ near 0: {@link logDeviance} of a ratio that is known by its logarithm x.
 * @param x - any shape
 */
export function expDeviance(x: Tensor): Tensor {
  return expDevianceOf(x);
}
const expDevianceOf = elementwise((x) => {
  const series = polynomial(x, [1 / 2, 1 / 6, 1 / 24, 1 / 120, 1 / 720, 1 / 5040, 1 / 40320]);
  return tf.where(tf.less(tf.abs(x), 0.5), tf.mul(tf.square(x), series), tf.sub(tf.expm1(x), x));
}, expm1);

/**
 * $\ln B(a, b) = \ln \Gamma(a) + \ln \Gamma(b) - \ln \Gamma(a + b)$, without the difference of large numbers.
 *
 * It is $-(h - \tfrac12) \ln(1 + \tfrac{l}{h}) + l \ln \tfrac{l}{n} - \tfrac12 \ln \tfrac{l}{2\pi} + \delta(l) + \delta(h) - \delta(n)$
 * for the lower parameter l, the higher h and their sum n, with $\delta$ for Stirling's error.
 *
 * @param a - any shape, positive
 * @param b - a shape that broadcasts with that of `a`, positive
 * @returns a tensor of the broadcast shape; error below 2e-6 relative to $\max(1, |\ln B|)$
 */
export function logBeta(a: Tensor, b: Tensor): Tensor {
  return tf.tidy(() => {
    const ordered = tf.less(a, b);
    const [low, high] = [selectByMask(ordered, a, b), selectByMask(ordered, b, a)];
    const n = tf.add(a, b);
    const powers = tf.sub(
      tf.mul(low, tf.log(tf.div(low, n))),
      tf.mul(tf.sub(high, 0.5), log1p(tf.div(low, high))),
    );
    const corrections = tf.sub(tf.add(stirlingError(a), stirlingError(b)), stirlingError(n));
    return tf.add(tf.sub(powers, tf.mul(0.5, tf.log(tf.div(low, 2 * Math.PI)))), corrections);
  });
}
