import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { exp } from './activations';
import { elementwise } from './differentiable';
import { log1pValue } from './log-arithmetic';
import { complementHazardGap, complementTail, expOfNegativeSquare } from './normal-tail';
import { polynomial } from './polynomial';

const SQRT_TWO_PI = Math.sqrt(2 * Math.PI);

/** Beyond this many standard deviations the tail is 0 in float32. */
const FARTHEST = 20;

/**
 * The standard normal distribution function $\Phi(x)$.
 * @param x - any shape.
 * @returns a tensor of the shape of `x`, in [0, 1]; relative error below 5e-7 as long as the result is above 1e-37.
 */
export function ndtr(x: Tensor): Tensor {
  return ndtrOf(x);
}
const ndtrOf = elementwise((x) => {
  const tail = tailProbability(x);
  return tf.where(tf.less(x, 0), tail, tf.sub(1, tail));
}, density);

/**
 * $\log\Phi(x)$, accurate in both tails.
 * @param x - any shape.
 * @returns a tensor of the shape of `x`, in nats; relative error below 5e-7.
 */
export function logNdtr(x: Tensor): Tensor {
  return logNdtrOf(x);
}
const logNdtrOf = elementwise((x) => {
  const left = tf.sub(tf.log(complementTail(tf.abs(x))), tf.mul(0.5, tf.square(x)));
  return tf.where(tf.less(x, 0), left, log1pValue(tf.neg(tailProbability(x))));
}, hazard);

/**
 * The inverse of {@link ndtr}.
 * @param p - any shape, in [0, 1]; 0 gives -Infinity and 1 Infinity.
 * @returns a tensor of the shape of `p`; relative error below 1e-6.
 * @see Algorithm AS 241: The Percentage Points of the Normal Distribution (Wichura, 1988), routine PPND7.
 */
export function ndtri(p: Tensor): Tensor {
  return ndtriOf(p);
}
const ndtriOf = elementwise(
  (p) => quantile(tf.sub(p, 0.5), tf.minimum(p, tf.sub(1, p))),
  (p) => tf.mul(SQRT_TWO_PI, exp(tf.mul(0.5, tf.square(ndtri(p))))),
);

/** The standard normal quantile of $1/2 + q$, of which the smaller of the two tails is given too. */
export function quantile(q: Tensor, tail: Tensor): Tensor {
  const central = tf.sub(0.180625, tf.square(q));
  const middle = tf.mul(q, tf.div(polynomial(central, MIDDLE.over), polynomial(central, MIDDLE.under)));
  const r = tf.sqrt(tf.neg(tf.log(tail)));
  const near = tf.div(polynomial(tf.sub(r, 1.6), NEAR.over), polynomial(tf.sub(r, 1.6), NEAR.under));
  const far = tf.div(polynomial(tf.sub(r, 5), FAR.over), polynomial(tf.sub(r, 5), FAR.under));
  const size = tf.where(tf.equal(tail, 0), tf.fill(q.shape, Infinity), tf.where(tf.less(r, 5), near, far));
  return tf.where(tf.less(tf.abs(q), 0.425), middle, tf.mul(tf.sign(q), size));
}

const MIDDLE = {
  over: [3.3871327179, 50.434271938, 159.29113202, 59.10937472],
  under: [1, 17.895169469, 78.757757664, 67.1875636],
};
const NEAR = {
  over: [1.4234372777, 2.75681539, 1.3067284816, 0.17023821103],
  under: [1, 0.7370016425, 0.12021132975],
};
const FAR = {
  over: [6.657905115, 3.081226386, 0.42868294337, 0.017337203997],
  under: [1, 0.24197894225, 0.012258202635],
};

/** $\Phi(-|x|)$ */
function tailProbability(x: Tensor): Tensor {
  const distance = tf.minimum(tf.abs(x), FARTHEST);
  return tf.mul(complementTail(distance), expOfNegativeSquare(distance, 0.5));
}

/** The standard normal density. */
function density(x: Tensor): Tensor {
  return densityOf(x);
}
const densityOf = elementwise(
  (x) => tf.div(expOfNegativeSquare(tf.minimum(tf.abs(x), FARTHEST), 0.5), SQRT_TWO_PI),
  (x) => tf.neg(tf.mul(tf.maximum(tf.minimum(x, FARTHEST), -FARTHEST), density(x))),
);

/** $h(x) = \phi(x) / \Phi(x)$, the derivative of logNdtr; $h' = -h (x + h)$. */
function hazard(x: Tensor): Tensor {
  return hazardOf(x);
}
const hazardOf = elementwise(
  (x) => {
    const left = tf.div(1 / SQRT_TWO_PI, complementTail(tf.abs(x)));
    return tf.where(tf.less(x, 0), left, tf.div(density(x), tf.sub(1, tailProbability(x))));
  },
  (x) => tf.neg(tf.mul(hazard(x), hazardGap(x))),
);

/** $x + h(x)$: on the left the two nearly cancel, and so it has a formula of its own. */
function hazardGap(x: Tensor): Tensor {
  return hazardGapOf(x);
}
const hazardGapOf = elementwise(
  (x) => tf.where(tf.less(x, 0), complementHazardGap(tf.abs(x)), tf.add(x, hazard(x))),
  (x) => tf.sub(1, tf.mul(hazard(x), hazardGap(x))),
);
