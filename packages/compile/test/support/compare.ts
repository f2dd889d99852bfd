import type { Tensor } from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import type { DType } from '../../src/graph/graph';
import type { InputSpec } from '../../src/index';

/** The shape and type of a tensor, as `compile` wants them. */
export function specOf({ shape, dtype }: Tensor): InputSpec {
  return { shape, dtype: dtype as DType };
}

/**
 * The largest distance of two lists, relative to the larger of an expected value and the expected values' root mean
 * square: what cancels to nearly 0 in one element cannot be more exact than the elements beside it. Where all of it
 * cancels, 1e-6 is left.
 */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  const values = Array.from(expected);
  const finite = values.filter((value) => Number.isFinite(value));
  const scale = Math.sqrt(finite.reduce((sum, value) => sum + value * value, 0) / Math.max(1, finite.length));
  return values.reduce((worst, value, index) => {
    const got = actual[index]!;
    if (!Number.isFinite(value)) return Object.is(got, value) ? worst : Infinity;
    const error = Math.abs(got - value) / Math.max(Math.abs(value), scale, 1e-2);
    return error <= worst ? worst : Number.isNaN(error) ? Infinity : error;
  }, 0);
}

/** The two engines round differently; this is what float32 leaves of a long computation. */
const TOLERANCE = 1e-4;

export function expectSame(actual: Tensor, expected: Tensor, what: string): void {
  expect(actual.shape, what).toEqual(expected.shape);
  expect(actual.dtype, what).toBe(expected.dtype);
  expect(relativeError(actual.dataSync(), expected.dataSync()), what).toBeLessThanOrEqual(TOLERANCE);
}
