import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { exp } from './activations';
import { elementwise } from './differentiable';
import { quantile } from './normal';
import { complementTail, expOfNegativeSquare } from './normal-tail';
import { polynomial } from './polynomial';

const SLOPE_AT_ZERO = 2 / Math.sqrt(Math.PI);

/** Beyond this, erfc is 0 in float32. */
const FARTHEST = 14;

/** $\mathrm{erf}(x) / x$ in powers of $x^2$ for |x| < 0.75: Chebyshev interpolation in 40 digits, relative error 2e-9. */
const CENTRE = [1.12837917, -0.376126195, 0.112833865, -0.0268351146, 0.00511533211, -0.000675647957];

/**
 * The error function $\frac{2}{\sqrt\pi} \int_0^x e^{-t^2} dt$. The kernel of tfjs is only absolutely accurate near 0.
 * @param x - any shape.
 * @returns a tensor of the shape of `x`, in [-1, 1]; relative error below 4e-7.
 */
export function erf(x: Tensor): Tensor {
  return erfOf(x);
}
const erfOf = elementwise((x) => {
  const bounded = tf.maximum(tf.minimum(x, FARTHEST), -FARTHEST);
  const centre = tf.mul(bounded, polynomial(tf.square(bounded), CENTRE));
  const outside = tf.mul(tf.sign(x), tf.sub(1, upperTail(x)));
  return tf.where(tf.less(tf.abs(x), 0.75), centre, outside);
}, erfSlope);

/**
 * The complementary error function $1 - \mathrm{erf}(x)$, accurate in the upper tail.
 * @param x - any shape.
 * @returns a tensor of the shape of `x`, in [0, 2]; relative error below 5e-7 as long as the result is above 1e-37.
 */
export function erfc(x: Tensor): Tensor {
  return erfcOf(x);
}
const erfcOf = elementwise(
  (x) => {
    const tail = upperTail(x);
    return tf.where(tf.less(x, 0), tf.sub(2, tail), tail);
  },
  (x) => tf.neg(erfSlope(x)),
);

/**
 * The inverse of {@link erf}.
 * @param y - any shape, in [-1, 1]; the ends give -Infinity and Infinity.
 * @returns a tensor of the shape of `y`; relative error below 1e-6.
 * @see Algorithm AS 241: The Percentage Points of the Normal Distribution (Wichura, 1988), routine PPND7.
 */
export function erfinv(y: Tensor): Tensor {
  return erfinvOf(y);
}
const erfinvOf = elementwise(
  (y) => tf.mul(Math.SQRT1_2, quantile(tf.mul(0.5, y), tf.mul(0.5, tf.sub(1, tf.abs(y))))),
  (y) => tf.div(exp(tf.square(erfinv(y))), SLOPE_AT_ZERO),
);

function erfSlope(x: Tensor): Tensor {
  return tf.mul(SLOPE_AT_ZERO, exp(tf.neg(tf.square(x))));
}

/** $\mathrm{erfc}(|x|)$ */
function upperTail(x: Tensor): Tensor {
  const distance = tf.minimum(tf.abs(x), FARTHEST);
  const scaled = tf.mul(2, complementTail(tf.mul(Math.SQRT2, distance)));
  return tf.mul(scaled, expOfNegativeSquare(distance, 1));
}
