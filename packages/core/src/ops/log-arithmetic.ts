import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { softplus } from './activations';
import { elementwise, sumToShape, withGradient } from './differentiable';

/** The largest finite float32. */
const LARGEST = 3.4028234663852886e38;

/**
 * $\log(1 + x)$ without cancellation near 0.
 *
 * The wasm kernel of tfjs rounds $1 + x$ first (relative error 1e-3 at 5e-6); the factor $x / ((1 + x) - 1)$ takes that
 * rounding back.
 *
 * @param x - any shape, at least -1.
 * @returns a tensor of the shape of `x`; relative error below 3e-7.
 */
export function log1p(x: Tensor): Tensor {
  return log1pOf(x);
}
const log1pOf = elementwise(log1pValue, (x) => tf.reciprocal(tf.add(1, x)));

/** {@link log1p} for use within a value that is not differentiated. */
export function log1pValue(x: Tensor): Tensor {
  const rounded = tf.add(1, x);
  const step = tf.sub(rounded, 1);
  // Where the step is 0 (x is tiny) or infinite, the factor is 0/0: log(1 + x) is x, or the plain logarithm.
  const ratio = tf.div(tf.log(rounded), step);
  const exact = tf.logicalOr(tf.equal(step, 0), tf.greater(x, LARGEST));
  return tf.where(exact, x, tf.mul(x, ratio));
}

/**
 * $\log \sigma(x) = -\log(1 + e^{-x})$.
 * @param x - any shape: logits.
 * @returns a tensor of the shape of `x`, in nats; relative error below 5e-7.
 */
export function logSigmoid(x: Tensor): Tensor {
  return tf.tidy(() => tf.neg(softplus(tf.neg(x))));
}

/**
 * $\log(1 - e^x)$: the logarithm of the probability that remains, for a log-probability `x`.
 *
 * Computed as $\log(-\mathrm{expm1}(x))$ above $-\log 2$ and as $\mathrm{log1p}(-e^x)$ below it. At 0 it is -Infinity.
 *
 * @param x - any shape, at most 0.
 * @returns a tensor of the shape of `x`, in nats; relative error below 4e-7.
 * @see Accurately computing log(1 - exp(-|a|)) (Mächler, 2012).
 */
export function log1mExp(x: Tensor): Tensor {
  return log1mExpOf(x);
}
const log1mExpOf = elementwise(
  (x) => tf.where(tf.greater(x, -Math.LN2), tf.log(tf.neg(tf.expm1(x))), log1pValue(tf.neg(tf.exp(x)))),
  (x) => tf.neg(odds(x)),
);

/** $e^x / (1 - e^x)$, whose derivative is $o (1 + o)$: finite where the quotient of exponentials is not. */
function odds(x: Tensor): Tensor {
  return oddsOf(x);
}
const oddsOf = elementwise(
  (x) => tf.reciprocal(tf.expm1(tf.neg(x))),
  (x) => tf.mul(odds(x), tf.add(1, odds(x))),
);

/**
 * $\log(e^a + e^b)$, for which infinities of either sign are exact and have finite gradients.
 * @param a - any shape.
 * @param b - a shape that broadcasts with that of `a`.
 * @returns a tensor of the broadcast shape.
 */
export function logAddExp(a: Tensor, b: Tensor): Tensor {
  return tf.tidy(() =>
    withGradient(
      [a, b],
      ([a, b]) => tf.add(tf.maximum(a!, b!), tf.softplus(tf.neg(tf.abs(finiteDifference(a!, b!))))),
      (dy, [a, b]) => [share(dy, a!, b!), share(dy, b!, a!)],
    ),
  );
}

/** The gradient of logAddExp with respect to its first argument. */
function share(dy: Tensor, a: Tensor, b: Tensor): Tensor {
  return sumToShape(tf.mul(dy, sigmoidOfDifference(a, b)), a.shape);
}

function sigmoidOfDifference(a: Tensor, b: Tensor): Tensor {
  return withGradient(
    [a, b],
    ([a, b]) => tf.sigmoid(finiteDifference(a!, b!)),
    (dy, [a, b]) => {
      const slope = tf.mul(dy, tf.mul(sigmoidOfDifference(a!, b!), sigmoidOfDifference(b!, a!)));
      return [sumToShape(slope, a!.shape), tf.neg(sumToShape(slope, b!.shape))];
    },
  );
}

/** $a - b$, with 0 for equal infinities. */
function finiteDifference(a: Tensor, b: Tensor): Tensor {
  const bounded = (x: Tensor) => tf.maximum(tf.minimum(x, LARGEST), -LARGEST);
  return tf.sub(bounded(a), bounded(b));
}
