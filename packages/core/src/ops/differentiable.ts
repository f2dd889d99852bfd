import * as tf from '@tensorflow/tfjs-core';
import type { GradSaveFunc, Tensor } from '@tensorflow/tfjs-core';
import type { Shape } from '../shape/shape';

/** A function of one tensor that keeps its shape. */
export type Elementwise = (x: Tensor) => Tensor;

/**
 * An elementwise function with a derivative that is computed anew from the *input*.
 *
 * tfjs' own gradients of tanh, sigmoid, exp and others reuse the saved output, through which a second gradient does not
 * flow: it is silently wrong. Here the derivative is itself a function of `x` with right gradients, so that any order
 * is right.
 *
 * @param value - may use any tfjs operation: it is not differentiated.
 * @param derivative - must be made of operations with right gradients.
 *
 * @example
 * ```ts
 * const sine = (x: tf.Tensor): tf.Tensor => elementwise(tf.sin, cosine)(x);
 * const cosine = (x: tf.Tensor): tf.Tensor => elementwise(tf.cos, (each) => tf.neg(sine(each)))(x);
 * const third = tf.grad(tf.grad(tf.grad(sine)))(tf.scalar(0)); // -1
 * ```
 */
export function elementwise(value: Elementwise, derivative: Elementwise): Elementwise {
  return (x) => withGradient([x], ([x]) => value(x!), (dy, [x]) => [tf.mul(dy, derivative(x!))]); // prettier-ignore
}

/**
 * Computes `value(inputs)` and gives it the gradient `gradient(dy, inputs)`, one tensor for each input.
 * Tensors that `value` reads but that are not among the inputs are constants.
 */
export function withGradient(
  inputs: Tensor[],
  value: (inputs: Tensor[]) => Tensor,
  gradient: (dy: Tensor, inputs: Tensor[]) => Tensor[],
): Tensor {
  const operation = tf.customGrad((...operands) => {
    const tensors = operands.slice(0, -1) as Tensor[];
    const save = operands[operands.length - 1] as GradSaveFunc;
    save(tensors);
    return {
      value: value(tensors),
      // Nested gradients need tidying too: the caller's tidy ends only after the last of them.
      gradFunc: (dy: Tensor, saved: Tensor[]) => tf.tidy(() => gradient(dy, saved)),
    };
  });
  return operation(...inputs);
}

/** Sums a gradient of broadcast shape down to the `shape` of the operand that was broadcast. */
export function sumToShape(gradient: Tensor, shape: Shape): Tensor {
  const lead = gradient.rank - shape.length;
  const axes = gradient.shape
    .map((_, axis) => axis)
    .filter((axis) => axis < lead || (shape[axis - lead] === 1 && gradient.shape[axis] !== 1));
  return axes.length === 0 ? gradient : tf.reshape(tf.sum(gradient, axes), [...shape]);
}
