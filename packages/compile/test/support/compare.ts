import { relativeError } from '@dgm/testing';
import type { Tensor } from '@tensorflow/tfjs-core';
import { expect } from 'vitest';

/** The two engines round differently; this is what float32 leaves of a long computation. */
const TOLERANCE = 1e-4;

export function expectSame(actual: Tensor, expected: Tensor, what: string): void {
  expect(actual.shape, what).toEqual(expected.shape);
  expect(actual.dtype, what).toBe(expected.dtype);
  expect(relativeError(actual.dataSync(), expected.dataSync()), what).toBeLessThanOrEqual(TOLERANCE);
}
