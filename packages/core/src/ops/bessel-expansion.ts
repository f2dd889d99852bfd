import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { log1pValue } from './log-arithmetic';
import { polynomial } from './polynomial';

/** Debye's polynomials $u_k$ (DLMF 10.41.10) without the factor $p^k$, in powers of $p^2$. */
const DEBYE = [
  [1],
  [3 / 24, -5 / 24],
  [81 / 1152, -462 / 1152, 385 / 1152],
  [30375 / 414720, -369603 / 414720, 765765 / 414720, -425425 / 414720],
  [
    4465125 / 39813120,
    -94121676 / 39813120,
    349922430 / 39813120,
    -446185740 / 39813120,
    185910725 / 39813120,
  ],
];

/** $u_k / 2 + p\,u_k'$ in the same form. */
const DEBYE_SLOPES = DEBYE.map((coefficients, k) => coefficients.map((c, m) => (0.5 + k + 2 * m) * c));

/** $w = \sqrt{v^2 + x^2}$, which is x where the square would overflow. */
function hypotenuseOf(x: Tensor, order: number): Tensor {
  return tf.where(tf.greater(x, 1e15), x, tf.sqrt(tf.add(tf.square(x), order * order)));
}

/** Debye's expansion of $\log I_v(x)$, in terms of $w = \sqrt{v^2 + x^2}$ and $p = v / w$. Not differentiated. */
export function logDebye(x: Tensor, order: number, scaled: boolean): Tensor {
  const hypotenuse = hypotenuseOf(x, order);
  // w - x = v^2 / (w + x) and log(x / (v + w)) = -log1p((v + w - x) / x) stay accurate for x much larger than v.
  const excess = tf.div(order * order, tf.add(hypotenuse, x));
  const phase = tf.sub(excess, tf.mul(order, log1pValue(tf.div(tf.add(order, excess), x))));
  const correction = tf.log(debyeSum(hypotenuse, order, DEBYE));
  const result = tf.add(
    phase,
    tf.sub(correction, tf.mul(0.5, tf.add(Math.log(2 * Math.PI), tf.log(hypotenuse)))),
  );
  return scaled ? result : tf.add(result, x);
}

/**
 * The quotient of two expansions, that of $I_v' = I_{v+1} + \frac{v}{x} I_v$ (DLMF 10.41.5) and that of $I_v$, from which
 * what cancels has been taken out by algebra: $\frac{x}{w + v} - \frac{x}{w^2} \frac{\sum_k q_k v^{-k}}{\sum_k u_k v^{-k}}$
 * with $q_k = u_k / 2 + p\,u_k'$. Not differentiated.
 */
export function debyeRatio(x: Tensor, order: number): Tensor {
  const hypotenuse = hypotenuseOf(x, order);
  const quotient = tf.div(debyeSum(hypotenuse, order, DEBYE_SLOPES), debyeSum(hypotenuse, order, DEBYE));
  const relative = tf.div(x, hypotenuse);
  return tf.sub(tf.div(x, tf.add(hypotenuse, order)), tf.mul(tf.div(relative, hypotenuse), quotient));
}

/**
 * Debye's expansion of $x - \ln\left[\Gamma(v+1)\,(x/2)^{-v} I_v(x)\right]$, from which the terms that grow have been taken out
 * by algebra. With $z = x / v$ and $e = \sqrt{1 + z^2} - 1$ the terms of order v are $v\,(z - e + \ln(1 + e/2))$.
 * @param logGamma - $\ln\Gamma(v + 1)$
 */
export function debyeLogGap(x: Tensor, { order, logGamma }: { order: number; logGamma: number }): Tensor {
  const stirling = logGamma - order * (Math.log(order) - 1) - 0.5 * Math.log(2 * Math.PI * order);
  const hypotenuse = hypotenuseOf(x, order);
  const excess = tf.div(tf.square(x), tf.mul(order, tf.add(hypotenuse, order))); // e
  const leading = tf.add(straightGap(x, hypotenuse, order), tf.mul(order, log1pValue(tf.mul(0.5, excess))));
  const square = tf.square(tf.div(x, order));
  const correction = tf.sub(tf.mul(0.25, log1pValue(square)), tf.log(debyeSum(hypotenuse, order, DEBYE)));
  return tf.add(leading, tf.sub(correction, stirling));
}

/** Debye's expansion of $x\,(1 - I_{v+1} / I_v)$, in which nothing cancels, and of its derivative. */
export function debyeRatioGap(x: Tensor, order: number): { gap: Tensor; slope: Tensor } {
  const hypotenuse = hypotenuseOf(x, order);
  const inverse = tf.reciprocal(hypotenuse);
  const relative = tf.mul(x, inverse);
  const denominator = debyeSum(hypotenuse, order, DEBYE);
  const quotient = tf.div(debyeSum(hypotenuse, order, DEBYE_SLOPES), denominator);
  const rise = tf.sub(
    debyeSum(hypotenuse, order, DEBYE_SLOPES.map(descent)),
    tf.mul(quotient, debyeSum(hypotenuse, order, DEBYE.map(descent))),
  );
  const share = tf.square(tf.mul(order, inverse)); // p^2
  const quotientSlope = tf.neg(tf.mul(tf.mul(relative, inverse), tf.div(rise, denominator)));
  return {
    gap: tf.add(straightGap(x, hypotenuse, order), tf.mul(tf.square(relative), quotient)),
    slope: tf.add(
      tf.div(tf.mul(share, hypotenuse), tf.add(hypotenuse, x)),
      tf.add(
        tf.mul(tf.mul(2, tf.mul(relative, inverse)), tf.mul(share, quotient)),
        tf.mul(tf.square(relative), quotientSlope),
      ),
    ),
  };
}

/** $x + v - \sqrt{v^2 + x^2} = 2 v x / (x + v + \sqrt{v^2 + x^2})$. */
function straightGap(x: Tensor, hypotenuse: Tensor, order: number): Tensor {
  return tf.div(tf.mul(2 * order, x), tf.add(tf.add(x, hypotenuse), order));
}

/** The coefficients of $-\frac{w^2}{x} \frac{d}{dx}$ of a term $c_k(p^2) w^{-k}$: each power of 1/w gives its exponent. */
function descent(coefficients: readonly number[], k: number): readonly number[] {
  return coefficients.map((c, m) => (k + 2 * m) * c);
}

/** $\sum_k c_k(p^2) w^{-k}$, which is $\sum_k u_k v^{-k}$ with $p / v = 1 / w$. */
function debyeSum(hypotenuse: Tensor, order: number, polynomials: readonly (readonly number[])[]): Tensor {
  const inverse = tf.reciprocal(hypotenuse);
  const square = tf.square(tf.mul(order, inverse));
  const terms = polynomials.map((coefficients) => polynomial(square, coefficients));
  return terms.reduceRight((sum, term) => tf.add(term, tf.mul(inverse, sum)));
}
