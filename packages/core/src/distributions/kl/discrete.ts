import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { exp, sigmoid, softplus } from '../../ops/activations';
import { select } from '../../ops/select';
import type { Bernoulli } from '../bernoulli';
import type { Categorical } from '../categorical';
import { asTensor } from '../parameters';

/** $\theta_p \ln \tfrac{\theta_p}{\theta_q} + (1 - \theta_p) \ln \tfrac{1 - \theta_p}{1 - \theta_q}$, from the logits. */
export function bernoulli(p: Bernoulli, q: Bernoulli): Tensor {
  const [logitsOfP, logitsOfQ] = [asTensor(p.logits), asTensor(q.logits)];
  const ones = tf.sub(softplus(tf.neg(logitsOfQ)), softplus(tf.neg(logitsOfP)));
  const zeros = tf.sub(softplus(logitsOfQ), softplus(logitsOfP));
  return tf.add(tf.mul(sigmoid(logitsOfP), ones), tf.mul(sigmoid(tf.neg(logitsOfP)), zeros));
}

/** $\sum_k \theta_{p,k} \ln \tfrac{\theta_{p,k}}{\theta_{q,k}}$; infinite where q rules out what p allows. */
export function categorical(p: Categorical, q: Categorical): Tensor {
  const logProbsOfP = p.logProbs();
  // A value that p rules out adds nothing, whatever q says.
  const possible = tf.greater(logProbsOfP, -Infinity);
  const logRatio = tf.sub(select(possible, logProbsOfP, 0), select(possible, q.logProbs(), 0));
  return tf.sum(tf.mul(exp(logProbsOfP), logRatio), -1);
}
