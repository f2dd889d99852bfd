import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { digamma, lgamma } from '../../ops/gamma';
import { logBeta, type Beta } from '../beta';
import type { Gamma } from '../gamma';
import { asTensor } from '../parameters';

/** $\ln \tfrac{B(a_q, b_q)}{B(a_p, b_p)} + (a_p - a_q) \psi(a_p) + (b_p - b_q) \psi(b_p) + (a_q + b_q - a_p - b_p) \psi(a_p + b_p)$. */
export function beta(p: Beta, q: Beta): Tensor {
  const [a, b] = [asTensor(p.alpha), asTensor(p.beta)];
  const [a1, b1] = [tf.sub(a, q.alpha), tf.sub(b, q.beta)];
  const total = tf.add(a, b);
  const single = tf.add(tf.mul(a1, digamma(a)), tf.mul(b1, digamma(b)));
  const joint = tf.mul(tf.add(a1, b1), digamma(total));
  const logRatio = tf.sub(logBeta(asTensor(q.alpha), asTensor(q.beta)), logBeta(a, b));
  return tf.add(logRatio, tf.sub(single, joint));
}

/** $(a_p - a_q) \psi(a_p) - \ln \tfrac{\Gamma(a_p)}{\Gamma(a_q)} + a_q \ln \tfrac{r_p}{r_q} + a_p (\tfrac{r_q}{r_p} - 1)$. */
export function gamma(p: Gamma, q: Gamma): Tensor {
  const [a, other] = [asTensor(p.concentration), asTensor(q.concentration)];
  const shapes = tf.sub(tf.mul(tf.sub(a, other), digamma(a)), tf.sub(lgamma(a), lgamma(other)));
  const logRatio = tf.sub(tf.log(p.rate), tf.log(q.rate));
  const rates = tf.add(tf.mul(other, logRatio), tf.mul(a, tf.sub(tf.div(q.rate, p.rate), 1)));
  return tf.add(shapes, rates);
}
