import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { direction, evaluate, flatten, tensorOf, withChanged, type Numbers } from './tensors';

/** A function of tensors. */
export type TensorFunction = (...inputs: Tensor[]) => Tensor;

/** The longest step of a difference, relative to `max(1, |x|)`; five points make its error of fourth order. */
export const STEP = 2 ** -5;

/** y with a zero gradient to x as well: what does not depend on x gets the gradient 0 instead of an error of tfjs. */
export function connect<Y extends Tensor>(y: Y, x: Tensor): Y {
  const withPath = tf.customGrad((...args) => {
    const [value, source] = args as Tensor[];
    return { value: tf.clone(value!), gradFunc: (dy: Tensor) => [dy, tf.zerosLike(source!)] };
  });
  return withPath(y, x) as Y;
}

/** `sum(w * f(inputs))` for fixed numbers w: one scalar whose gradient shows every entry of the Jacobian. */
function projected(f: TensorFunction): TensorFunction {
  return (...inputs) => {
    const value = f(...inputs);
    const sum = tf.sum(tf.mul(value, tf.tensor(direction(value.size), value.shape)));
    return inputs.reduce(connect, sum);
  };
}

/** The gradient of `sum(w * f)` with respect to each argument by automatic differentiation. */
export function automaticGradients(f: TensorFunction, inputs: readonly Numbers[]): number[][] {
  return tf.tidy(() =>
    tf
      .grads(projected(f))(inputs.map(tensorOf))
      .map((gradient) => Array.from(gradient.dataSync())),
  );
}

/** The same gradient by five-point central differences of float32 values, accumulated in doubles. */
export function numericalGradients(f: TensorFunction, inputs: readonly Numbers[], step = STEP): number[][] {
  return differences((values) => evaluate(f, values), inputs, step);
}

/** The gradient of `sum(w * f)` of a function of one argument by central differences. */
export function numericalGradient(f: (x: Tensor) => Tensor, x: Numbers, step = STEP): number[] {
  return numericalGradients((input) => f(input!), [x], step)[0]!;
}

/** The gradient of the squared length of the gradient of `sum(w * f)`, by automatic differentiation twice. */
export function automaticSecondOrder(f: TensorFunction, inputs: readonly Numbers[]): number[][] {
  const inner = tf.grads(projected(f));
  const squaredLength: TensorFunction = (...xs) => {
    const terms = inner(xs).map((gradient) => tf.sum(tf.square(gradient)));
    return xs.reduce(connect, tf.addN(terms));
  };
  return tf.tidy(() =>
    tf
      .grads(squaredLength)(inputs.map(tensorOf))
      .map((gradient) => Array.from(gradient.dataSync())),
  );
}

/** The same by central differences of the first-order gradient: $2 \sum_i g_i \, \partial g_i / \partial x_j$. */
export function numericalSecondOrder(f: TensorFunction, inputs: readonly Numbers[], step = STEP): number[][] {
  const gradient = (values: readonly Numbers[]): number[] => automaticGradients(f, values).flat();
  const atPoint = gradient(inputs);
  return differences(
    gradient,
    inputs,
    step,
    atPoint.map((value) => 2 * value),
  );
}

/** The derivative at 0 of a function of an offset, by five-point differences with the step that is steadiest. */
export function numericalDerivative(at: (offset: number) => number, step = STEP): number {
  const slopeOf = (h: number): number => (at(h) - at(-h)) / (2 * h);
  return steadiest((factor) => (4 * slopeOf(step * factor) - slopeOf(2 * step * factor)) / 3);
}

function differences(
  f: (inputs: readonly Numbers[]) => number[],
  inputs: readonly Numbers[],
  step: number,
  weights?: readonly number[],
): number[][] {
  return inputs.map((input, argument) =>
    flatten(input).map((x, element) => {
      const at = (offset: number): Sample => {
        const moved = Math.fround(x + offset * Math.max(1, Math.abs(x)));
        return { x: moved, values: f(withChanged(inputs, argument, element, () => moved)) };
      };
      return steadiest((factor) => fivePoint(at, step * factor, weights));
    }),
  );
}

/** Long steps suffer from curvature (a logarithm near 0), short ones from rounding: several are tried. */
const STEP_LADDER = [1 / 8, 1 / 64];

/** Relative to the larger of 1 and the estimate; well below every tolerance of a gradient. */
const STEADY = 1e-4;

/** The estimate that changes least when its step shrinks; of those that hardly change, the one with the longest step. */
function steadiest(estimate: (factor: number) => number): number {
  let previous = estimate(1);
  let [best, smallest] = [previous, Infinity];
  for (const factor of STEP_LADDER) {
    const next = estimate(factor);
    const change = Math.abs(next - previous);
    if (change < smallest) [best, smallest] = [previous, change];
    if (change <= STEADY * Math.max(1, Math.abs(next))) break;
    previous = next;
  }
  return best;
}

function fivePoint(
  at: (offset: number) => Sample,
  h: number,
  weights: readonly number[] | undefined,
): number {
  const [near, far] = [slope(at(-h), at(h)), slope(at(-2 * h), at(2 * h))];
  const w = weights ?? direction(near.length);
  return near.reduce((sum, value, index) => sum + w[index]! * ((4 * value - far[index]!) / 3), 0);
}

interface Sample {
  readonly x: number;
  readonly values: readonly number[];
}

function slope(left: Sample, right: Sample): number[] {
  return left.values.map((value, index) => (right.values[index]! - value) / (right.x - left.x));
}
