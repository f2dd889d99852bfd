import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { exp } from '../../ops/activations';
import { select } from '../../ops/select';
import type { Laplace } from '../laplace';
import type { Normal } from '../normal';
import { inverseScaleOf, logScaleOf } from '../parameters';
import type { Uniform } from '../uniform';

/** $\ln \tfrac{\sigma_q}{\sigma_p} + \tfrac12 (\tfrac{\sigma_p^2}{\sigma_q^2} + \tfrac{(\mu_p - \mu_q)^2}{\sigma_q^2} - 1)$. */
export function normal(p: Normal, q: Normal): Tensor {
  const logRatio = tf.sub(logScaleOf(p.scale), logScaleOf(q.scale));
  const distance = tf.mul(tf.sub(p.location, q.location), inverseScaleOf(q.scale));
  const squares = tf.add(exp(tf.mul(2, logRatio)), tf.square(distance));
  return tf.sub(tf.mul(0.5, tf.sub(squares, 1)), logRatio);
}

/** $\ln \tfrac{s_q}{s_p} + \tfrac{d}{s_q} + \tfrac{s_p}{s_q} e^{-d / s_p} - 1$ with $d = |\mu_p - \mu_q|$. */
export function laplace(p: Laplace, q: Laplace): Tensor {
  const logRatio = tf.sub(logScaleOf(p.scale), logScaleOf(q.scale));
  const distance = tf.abs(tf.sub(p.location, q.location));
  const overlap = exp(tf.sub(logRatio, tf.mul(distance, inverseScaleOf(p.scale))));
  return tf.sub(tf.add(tf.mul(distance, inverseScaleOf(q.scale)), overlap), tf.add(1, logRatio));
}

/** $\ln \tfrac{b_q - a_q}{b_p - a_p}$ where q covers p, infinite elsewhere. */
export function uniform(p: Uniform, q: Uniform): Tensor {
  const logRatio = tf.sub(tf.log(tf.sub(q.high, q.low)), tf.log(tf.sub(p.high, p.low)));
  const covered = tf.logicalAnd(tf.lessEqual(q.low, p.low), tf.lessEqual(p.high, q.high));
  return select(covered, logRatio, Infinity);
}
