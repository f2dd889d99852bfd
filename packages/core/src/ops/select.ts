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
export function selectByMask(mask: Tensor, a: Tensor | number, b: Tensor | number): Tensor {
  return choose(mask, [a, b], [!isNumber(a), !isNumber(b)]);
}

/** {@link selectByMask} where the entries elsewhere are constants: nothing is computed for a gradient of theirs. */
export function selectOverConstant(mask: Tensor, a: Tensor, constant: Tensor): Tensor {
  return choose(mask, [a, constant], [true, false]);
}

type Branches<T> = readonly [T, T];

/** @param isVariable - which branches get a gradient: tensors, never numbers */
function choose(mask: Tensor, branches: Branches<Tensor | number>, isVariable: Branches<boolean>): Tensor {
  const operation = tf.customGrad((...operands) => {
    const save = operands.pop() as GradSaveFunc;
    const variables = operands as Tensor[];
    const shapes = variables.map(({ shape }) => shape);
    // A copy made in here is not on the tape: a gradient of the gradient would otherwise look for that of the mask.
    const constantMask = tf.cast(mask, 'bool');
    save([constantMask]);
    const [a, b] = branches.map((branch, index) => (isVariable[index] ? variables.shift()! : branch));
    return {
      value: tf.where(constantMask, a!, b!),
      gradFunc: (dy: Tensor, [saved]: Tensor[]) =>
        [() => selectByMask(saved!, dy, 0), () => selectByMask(saved!, 0, dy)]
          .filter((_, index) => isVariable[index])
          .map((gradient, index) => sumToShape(gradient(), shapes[index]!)),
    };
  });
  return tf.tidy(() => operation(...(branches.filter((_, index) => isVariable[index]) as Tensor[])));
}

function isNumber(x: Tensor | number): x is number {
  return typeof x === 'number';
}
