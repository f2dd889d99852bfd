import { stopGradient, tanh } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** The equation $v + p \tanh(q v + s) = t$, elementwise; it has exactly one solution if $p q > -1$. */
interface TanhEquation {
  readonly p: Tensor;
  readonly q: Tensor;
  readonly s: Tensor;
  readonly t: Tensor;
}

/** Halvings of an interval of size 2|p|, enough for float32. */
const HALVINGS = 26;

/**
 * The solution v, by bisection, which cannot fail, followed by one Newton step, which carries the gradient: at the
 * solution its derivatives are those of the implicit function.
 */
export function tanhRoot(equation: TanhEquation): Tensor {
  const fixed: TanhEquation = {
    p: stopGradient(equation.p),
    q: stopGradient(equation.q),
    s: stopGradient(equation.s),
    t: stopGradient(equation.t),
  };
  return newton(equation, stopGradient(newton(fixed, bisect(fixed))));
}

function newton({ p, q, s, t }: TanhEquation, v: Tensor): Tensor {
  const slopeOfTanh = tf.sub(1, tf.square(tanh(tf.add(tf.mul(q, v), s))));
  const value = tf.add(v, tf.mul(p, tanh(tf.add(tf.mul(q, v), s))));
  const slope = tf.add(1, tf.mul(tf.mul(p, q), slopeOfTanh));
  return tf.sub(v, tf.div(tf.sub(value, t), slope));
}

function bisect({ p, q, s, t }: TanhEquation): Tensor {
  let half: Tensor = tf.abs(p);
  let middle = t;
  for (let step = 0; step < HALVINGS; step++) {
    const value = tf.add(middle, tf.mul(p, tanh(tf.add(tf.mul(q, middle), s))));
    half = tf.div(half, 2);
    middle = tf.add(middle, tf.mul(half, tf.sign(tf.sub(t, value))));
  }
  return middle;
}
