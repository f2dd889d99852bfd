import { expect } from 'vitest';
import { isClose } from './assert';
import { flatten, type Numbers } from './tensors';
import type { Tolerance } from './tolerances';

declare module 'vitest' {
  interface Matchers<T> {
    /** Every entry within `absolute + relative * |expected|` (1e-5 and 1e-6); NaN is close to nothing. */
    toBeCloseToArray(expected: Numbers | ArrayLike<number>, tolerance?: Partial<Tolerance>): T;
  }
}

expect.extend({
  toBeCloseToArray(
    received: unknown,
    expected: Numbers | ArrayLike<number>,
    tolerance: Partial<Tolerance> = {},
  ) {
    const limits = { relative: 1e-5, absolute: 1e-6, ...tolerance };
    const actual = numbersOf(received);
    const wanted = numbersOf(expected);
    const worst = actual.findIndex((value, index) => !isClose(value, wanted[index] ?? NaN, limits));
    const pass = actual.length === wanted.length && worst < 0;
    return {
      pass,
      actual,
      expected: wanted,
      message: () =>
        actual.length === wanted.length
          ? `entry ${worst} is ${actual[worst]}, expected ${pass ? 'anything but these values' : wanted[worst]}`
          : `expected ${wanted.length} values, got ${actual.length}`,
    };
  },
});

function numbersOf(values: unknown): number[] {
  if (ArrayBuffer.isView(values)) return Array.from(values as unknown as ArrayLike<number>);
  return flatten(values as Numbers);
}
