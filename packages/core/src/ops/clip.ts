import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { elementwise } from './differentiable';
import { straightThrough } from './straight-through';
import { checkOptions, checkThat } from '../check/check';

/** The interval that {@link clipToRange} keeps to. */
export interface ClipOptions {
  /** @defaultValue -Infinity */
  readonly min?: number;
  /** @defaultValue Infinity */
  readonly max?: number;
  /**
   * The gradient outside the interval: `'zero'`, that of the function, or `'pass-through'`, which treats clipping as
   * the identity, so that a value beyond a bound can come back. @defaultValue 'zero'
   */
  readonly gradient?: 'zero' | 'pass-through';
}

/**
 * $\min(\max(x, \text{min}), \text{max})$, right at the second order, where `tf.clipByValue` throws; NaN stays NaN.
 * @param x - any shape. At a bound the gradient is 1.
 * @returns a tensor of the shape of `x`.
 * @throws {@link ArgumentError} where `min` exceeds `max`.
 */
export function clipToRange(
  x: Tensor,
  { min = -Infinity, max = Infinity, gradient = 'zero', ...unknown }: ClipOptions,
): Tensor {
  checkOptions('clipToRange', unknown, ['min', 'max', 'gradient']);
  checkThat('clipToRange', 'min', min <= max, { expected: `of at most max, ${max}`, actual: `${min}` });
  const value = (x: Tensor): Tensor => {
    const raised = min === -Infinity ? x : tf.maximum(x, min);
    return max === Infinity ? tf.clone(raised) : tf.minimum(raised, max);
  };
  if (gradient === 'pass-through') return straightThrough(x, value);
  return elementwise(value, (x) => inside(x, min, max))(x);
}

/** 1 where `min` <= x <= `max` and 0 elsewhere, with gradient 0. */
function inside(x: Tensor, min: number, max: number): Tensor {
  const isInside = (x: Tensor): Tensor => {
    if (min === -Infinity) return tf.lessEqual(x, max);
    const isAbove = tf.greaterEqual(x, min);
    return max === Infinity ? isAbove : tf.logicalAnd(isAbove, tf.lessEqual(x, max));
  };
  return elementwise((x) => tf.cast(isInside(x), 'float32'), tf.zerosLike)(x);
}
