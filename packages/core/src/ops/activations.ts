import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { clipToRange } from './clip';
import { elementwise } from './differentiable';
import type { Elementwise } from './differentiable';
import { checkOptions } from '../check/check';

const SELU_SCALE = 1.0507009873554805;
const SELU_ALPHA = 1.6732632423543772;

/**
 * The exponential function with right gradients of every order (those of `tf.exp` are wrong from the second on).
 * @param x - any shape.
 * @returns a tensor of the shape of `x`; relative error below 1e-7.
 */
export function exp(x: Tensor): Tensor {
  return expOf(x);
}
const expOf = elementwise(tf.exp, exp);

/**
 * $e^x - 1$ without cancellation near 0, with right gradients of every order.
 * @param x - any shape.
 * @returns a tensor of the shape of `x`; relative error below 1e-7.
 */
export function expm1(x: Tensor): Tensor {
  return expm1Of(x);
}
const expm1Of = elementwise(tf.expm1, exp);

/**
 * The logistic function $\sigma(x) = 1 / (1 + e^{-x})$ with right gradients of every order.
 *
 * The derivative is $\sigma(x)\,\sigma(-x)$, which keeps its relative accuracy in both tails.
 *
 * @param x - any shape.
 * @returns a tensor of the shape of `x`, in [0, 1]; relative error below 3e-7 for x above -88.
 */
export function sigmoid(x: Tensor): Tensor {
  return sigmoidOf(x);
}
const sigmoidOf = elementwise(tf.sigmoid, sigmoidSlope);

function sigmoidSlope(x: Tensor): Tensor {
  return tf.mul(sigmoid(x), sigmoid(tf.neg(x)));
}

/**
 * The hyperbolic tangent with right gradients of every order.
 * @param x - any shape.
 * @returns a tensor of the shape of `x`, in [-1, 1]; relative error below 2e-7.
 */
export function tanh(x: Tensor): Tensor {
  return tanhOf(x);
}
const tanhOf = elementwise(tf.tanh, (x) => tf.sub(1, tf.square(tanh(x))));

/**
 * $\max(x, 0)$; the gradient at 0 is 0.
 * @param x - any shape.
 * @returns a tensor of the shape of `x`.
 */
export function relu(x: Tensor): Tensor {
  return tf.relu(x);
}

/**
 * $\max(x, 0) + s \min(x, 0)$ for a slope $s$; its gradient at 0 is $s$.
 * @param x - any shape.
 * @param options - `slope` of the negative half: 0.01 by default, as in PyTorch (tfjs has 0.2).
 * @returns a tensor of the shape of `x`.
 */
export function leakyRelu(x: Tensor, { slope = 0.01, ...unknown }: { slope?: number } = {}): Tensor {
  checkOptions('leakyRelu', unknown, ['slope']);
  return elementwise(
    (x) => tf.leakyRelu(x, slope),
    (x) => tf.step(x, slope),
  )(x);
}

/**
 * The exponential linear unit: $x$ where $x > 0$, $e^x - 1$ elsewhere.
 * @param x - any shape.
 * @returns a tensor of the shape of `x`; relative error below 1e-7.
 * @see Fast and Accurate Deep Network Learning by Exponential Linear Units (Clevert et al., 2016), Eq. 15.
 */
export function elu(x: Tensor): Tensor {
  return eluOf(x);
}
const eluOf = elementwise(tf.elu, (x) => exp(negativePart(x)));

/**
 * The scaled exponential linear unit: $\lambda x$ where $x > 0$, $\lambda \alpha (e^x - 1)$ elsewhere.
 * @param x - any shape.
 * @returns a tensor of the shape of `x`; relative error below 3e-7.
 * @see Self-Normalizing Neural Networks (Klambauer et al., 2017), Eq. 2.
 */
export function selu(x: Tensor): Tensor {
  return tf.tidy(() => tf.mul(SELU_SCALE, tf.add(tf.relu(x), tf.mul(SELU_ALPHA, elu(negativePart(x))))));
}

/**
 * $\log(1 + e^x)$ with right gradients of every order; its derivative is {@link sigmoid}.
 * @param x - any shape.
 * @returns a tensor of the shape of `x`; relative error below 5e-7, in both tails too.
 */
export function softplus(x: Tensor): Tensor {
  return softplusOf(x);
}
const softplusOf = elementwise(tf.softplus, sigmoid);

/**
 * $x\,\sigma(x)$, also called SiLU.
 * @param x - any shape.
 * @returns a tensor of the shape of `x`; relative error below 4e-7.
 * @see Searching for Activation Functions (Ramachandran et al., 2017).
 */
export function swish(x: Tensor): Tensor {
  return swishOf(x);
}
const swishOf = selfGated(1);

/**
 * The Gaussian error linear unit $x\,\Phi(x)$ (not its approximation by tanh).
 *
 * $\Phi$ is that of the error-function kernel of tfjs, which is fast and accurate to 1e-7, but not in the tail; `ndtr` is.
 *
 * @param x - any shape, finite.
 * @returns a tensor of the shape of `x`; absolute error below 2e-7 of $\max(1, |x|)$.
 * @see Gaussian Error Linear Units (Hendrycks and Gimpel, 2016), §2.
 */
export function gelu(x: Tensor): Tensor {
  return geluOf(x);
}

const scaled = (x: Tensor): Tensor => tf.mul(x, Math.SQRT1_2);

/** $\phi(x)$, from what the gate takes the error function of, so that a compiled step computes that once. */
const gaussianDensity = (x: Tensor): Tensor =>
  exp(tf.sub(-0.5 * Math.log(2 * Math.PI), tf.square(scaled(x))));

/** $\Phi(x)$ */
const gaussianGate = elementwise((x) => tf.mul(0.5, tf.add(1, tf.erf(scaled(x)))), gaussianDensity);

/** $(x\,\Phi(x))' = \Phi(x) + x\,\phi(x)$ */
const geluOf = elementwise(
  (x) => tf.mul(x, gaussianGate(x)),
  (x) => tf.add(gaussianGate(x), tf.mul(x, gaussianDensity(x))),
);

/**
 * GELU with $\Phi(x) \approx \frac{1}{2} \big(1 + \tanh(\sqrt{2 / \pi}\, (x + 0.044715\, x^3))\big)$, as in GPT-2.
 * @param x - any shape.
 * @returns a tensor of the shape of `x`; absolute error below 1e-6 of $\max(1, |x|)$.
 * @see Gaussian Error Linear Units (Hendrycks and Gimpel, 2016), §2.
 */
export function geluTanh(x: Tensor): Tensor {
  return tf.tidy(() => {
    // Beyond 12 the gate is 0 or 1 exactly, and the cube of a large number would overflow.
    const near = clipToRange(x, { min: -12, max: 12 });
    const inner = tf.mul(near, tf.add(1, tf.mul(0.044715, tf.square(near))));
    return tf.mul(x, sigmoid(tf.mul(2 * Math.sqrt(2 / Math.PI), inner)));
  });
}

/**
 * $x \tanh(\log(1 + e^x))$.
 * @param x - any shape.
 * @returns a tensor of the shape of `x`; relative error below 1e-6.
 * @see Mish: A Self Regularized Non-Monotonic Activation Function (Misra, 2020), Eq. 3.
 */
export function mish(x: Tensor): Tensor {
  return tf.tidy(() => tf.mul(x, tanh(softplus(x))));
}

/**
 * $x / (1 + |x|)$.
 * @param x - any shape.
 * @returns a tensor of the shape of `x`, in (-1, 1); relative error below 2e-7.
 */
export function softsign(x: Tensor): Tensor {
  return tf.tidy(() => tf.div(x, tf.add(1, tf.abs(x))));
}

/**
 * $x\,\sigma(1.702\,x)$, an approximation of {@link gelu} to 0.021.
 * @param x - any shape.
 * @returns a tensor of the shape of `x`; relative error below 5e-6, in the left tail that of rounding $1.702\,x$.
 * @see Gaussian Error Linear Units (Hendrycks and Gimpel, 2016), §2.
 */
export function quickGelu(x: Tensor): Tensor {
  return quickGeluOf(x);
}
const quickGeluOf = selfGated(1.702);

/**
 * $x\,\sigma(\beta x)$. Its derivative, $\sigma(\beta x) + x\,\sigma(\beta x)\,(\beta - \beta\,\sigma(\beta x))$, has the gate and
 * the product in the forms of the forward pass, so that a compiled step takes them from there.
 */
function selfGated(beta: number): Elementwise {
  const scaled: Elementwise = beta === 1 ? (x) => x : (x) => tf.mul(beta, x);
  return elementwise(
    (x) => tf.mul(x, tf.sigmoid(scaled(x))),
    (x) => {
      const gate = sigmoid(scaled(x));
      return tf.add(gate, tf.mul(tf.mul(x, gate), tf.sub(beta, scaled(gate))));
    },
  );
}

/** $\min(x, 0)$, with gradient 1 at 0. The gradients of `tf.minimum` stop at the second order. */
function negativePart(x: Tensor): Tensor {
  return tf.neg(tf.relu(tf.neg(x)));
}
