import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { polynomial } from './polynomial';

/** The scale of $s = 1 / (1 + cu)$, which maps $[0, \infty)$ to $(0, 1]$. */
const MAP = 0.35;

/** $e^{u^2/2}\,\Phi(-u) / s$ in powers of $2s - 1$: Chebyshev interpolation in 40 digits, relative error 4e-8. */
const TAIL = [
  0.253244271, 0.171495729, 0.0710992572, 0.010235743, -0.00511194926, -0.00176659571, 0.000703755206,
  0.000242945186, -0.00014143642, -2.27213157e-5, 2.10050486e-5,
];

/** $(1/\sqrt{2\pi} - u\,e^{u^2/2}\,\Phi(-u)) / s^2$ in powers of $2s - 1$; relative error 1.1e-7. */
const GAP = [
  0.148659, 0.169816348, 0.0854016254, 0.00717551738, -0.0120355031, -0.00224100886, 0.00231130137,
  0.000297758748, -0.000504801653, -1.26799745e-5, 7.4745777e-5,
];

/** $e^{u^2/2}\,\Phi(-u)$ for u >= 0: Mills' ratio over $\sqrt{2\pi}$. Not differentiated. */
export function complementTail(u: Tensor): Tensor {
  const s = mapped(u);
  return tf.mul(s, polynomial(tf.sub(tf.mul(2, s), 1), TAIL));
}

/** $\phi(u) / \Phi(-u) - u$ for u >= 0, which falls like 1/u. Not differentiated. */
export function complementHazardGap(u: Tensor): Tensor {
  const s = mapped(u);
  const t = tf.sub(tf.mul(2, s), 1);
  return tf.div(tf.mul(s, polynomial(t, GAP)), polynomial(t, TAIL));
}

function mapped(u: Tensor): Tensor {
  return tf.reciprocal(tf.add(1, tf.mul(MAP, u)));
}

/**
 * $e^{-\text{scale} \cdot u^2}$ for finite u >= 0. Not differentiated.
 *
 * The rounding of $u^2$ would be magnified $u^2$ times. A head of u with few digits has an exact square; the rest of the
 * exponent is small.
 */
export function expOfNegativeSquare(u: Tensor, scale: number): Tensor {
  const head = tf.div(tf.round(tf.mul(u, 64)), 64);
  const rest = tf.mul(tf.sub(u, head), tf.add(u, head));
  return tf.mul(tf.exp(tf.mul(-scale, tf.square(head))), tf.exp(tf.mul(-scale, rest)));
}
