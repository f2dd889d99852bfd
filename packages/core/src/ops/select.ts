import * as tf from '@tensorflow/tfjs-core';
import type { GradSaveFunc, Tensor } from '@tensorflow/tfjs-core';
import { sumToShape } from './differentiable';

/**
 * The entries of `a` where `mask` holds and those of `b` elsewhere, right at every order of gradient.
 *
 * Unlike `tf.where`, the mask may be computed from what is differentiated (it counts as a constant), and the branch that
 * was not chosen gets exactly 0, also where the incoming gradient is infinite. What is *behind* that branch must still be
 * finite: make its input safe first, and then select.
 *
 * @param mask - booleans; its shape, and those of `a` and `b`, broadcast together.
 * @param a - chosen where the mask is true.
 * @param b - chosen where the mask is false.
 * @returns a tensor of the broadcast shape.
 */
export function select(mask: Tensor, a: Tensor | number, b: Tensor | number): Tensor {
  const operation = tf.customGrad((...operands) => {
    const [a, b, save] = operands as [Tensor, Tensor, GradSaveFunc];
    // A copy made in here is not on the tape: a gradient of the gradient would otherwise look for that of the mask.
    const constantMask = tf.cast(mask, 'bool');
    save([constantMask]);
    const [aShape, bShape] = [a.shape, b.shape];
    return {
      value: tf.where(constantMask, a, b),
      gradFunc: (dy: Tensor, [saved]: Tensor[]) => [
        sumToShape(select(saved!, dy, 0), aShape),
        sumToShape(select(saved!, 0, dy), bShape),
      ],
    };
  });
  return tf.tidy(() => operation(toTensor(a), toTensor(b)));
}

function toTensor(x: Tensor | number): Tensor {
  return typeof x === 'number' ? tf.scalar(x) : x;
}
