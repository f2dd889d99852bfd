import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { SmoothFunction } from '../smooth/smooth-map';
import type { Contraction } from './contraction';

/** The tolerance, relative to the first step towards the solution: about the precision of float32. */
const TOLERANCE = 1e-6;

/**
 * The number of steps that brings the error below the tolerance, by Banach's theorem: after n steps it is at most
 * $L^n / (1 - L)$ times the first step.
 */
function fixedPointSteps(lipschitz: number): number {
  return Math.ceil(Math.log(TOLERANCE * (1 - lipschitz)) / Math.log(lipschitz));
}

/**
 * The solution y of $y + g(y) = z$, by as many steps $y \leftarrow z - g(y)$ as the worst case needs. Their number
 * does not depend on values, so they can be captured.
 *
 * Gradients are those of the implicit function, $\mathrm{d}y = (I + J)^{-1} (\mathrm{d}z - \mathrm{d}g)$: no step is recorded.
 * @param g - the function that `contraction` is under these conditions
 * @see Invertible Residual Networks (Behrmann et al., 2019), Algorithm 1
 */
export function fixedPoint(
  g: SmoothFunction,
  z: Tensor,
  {
    contraction,
    conditions,
  }: { readonly contraction: Contraction; readonly conditions?: Tensor | undefined },
): Tensor {
  const steps = fixedPointSteps(contraction.lipschitz);
  const root = withoutGradient(z, () => iterate(steps, z, (y) => tf.sub(z, g.apply(y))));
  // 0 up to rounding, but its gradient is that of the equation.
  const residual = tf.sub(tf.add(root, g.apply(root)), z);
  const given = conditions === undefined ? [] : [conditions];
  const solved = tf.customGrad((...operands) => {
    const save = operands.at(-1) as tf.GradSaveFunc;
    save([root, ...given]);
    return {
      value: tf.clone(operands[0] as Tensor),
      gradFunc: (dy: Tensor, [point, ...saved]: Tensor[]) =>
        // w = (I + J^T)^-1 dy. What g was made of may be gone by now, so it is made again.
        tf.tidy(() => {
          const { pull } = contraction.given(saved[0]).linearize(point!);
          const target = tf.expandDims(dy, 0);
          const w = iterate(steps, target, (w) => tf.sub(target, pull(w)));
          return tf.reshape(w, dy.shape);
        }),
    };
  })(residual);
  return tf.sub(root, solved);
}

function iterate(steps: number, start: Tensor, step: (x: Tensor) => Tensor): Tensor {
  let x = start;
  for (let index = 0; index < steps; index++) {
    const next = tf.tidy(() => step(x));
    if (x !== start) x.dispose();
    x = next;
  }
  return x;
}

/**
 * The value of `value(x)` as a constant. Unlike `stopGradient`, it records none of the intermediate operations, so a
 * backward pass holds no memory and propagates no zeros.
 */
export function withoutGradient(x: Tensor, value: (x: Tensor) => Tensor): Tensor {
  return tf.customGrad((...operands) => ({
    value: value(operands[0] as Tensor),
    gradFunc: () => tf.zeros(x.shape),
  }))(x);
}
