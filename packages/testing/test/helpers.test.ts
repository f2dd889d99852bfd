import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  chiSquareScore,
  expectNoLeaks,
  KOLMOGOROV_SMIRNOV_LIMIT,
  kolmogorovSmirnov,
  numericalGradient,
  quadrature,
  STANDARD_ERRORS,
} from '../src/index';

describe('quadrature', () => {
  it.each([
    ['a normal density', (x: number) => Math.exp(-0.5 * x * x), {}, Math.sqrt(2 * Math.PI)],
    ['a Cauchy density, with tails like 1 / x^2', (x: number) => 1 / (1 + x * x), {}, Math.PI],
    ['a far and narrow density', (x: number) => Math.exp(-0.5 * ((x - 50) / 0.1) ** 2), { center: 50, scale: 0.1 }, 0.1 * Math.sqrt(2 * Math.PI)], // prettier-ignore
    ['an exponential density', (x: number) => Math.exp(-x), { from: 0 }, 1],
    ['its mirror image', (x: number) => Math.exp(x), { to: 0 }, 1],
    ['a singularity at an end', (x: number) => 1 / Math.sqrt(x), { from: 0, to: 4 }, 4],
    ['a polynomial', (x: number) => x ** 3, { from: 1, to: 2 }, 3.75],
  ])('of %s', (_what, f, interval, expected) => {
    expect(quadrature(f, interval)).toBeCloseToArray(expected, { relative: 1e-6 });
  });
});

describe('statistics', () => {
  const ranks = Array.from({ length: 1000 }, (_, index) => (index + 0.5) / 1000);

  it('of Kolmogorov and Smirnov accept the right law and refuse another', () => {
    expect(kolmogorovSmirnov(ranks, (x) => x)).toBeLessThan(0.1);
    expect(kolmogorovSmirnov(ranks, (x) => x ** 1.5)).toBeGreaterThan(KOLMOGOROV_SMIRNOV_LIMIT);
  });

  it('of chi-square accept the right law and refuse another', () => {
    expect(chiSquareScore([502, 298, 200], [0.5, 0.3, 0.2])).toBeLessThan(1);
    expect(chiSquareScore([580, 250, 170], [0.5, 0.3, 0.2])).toBeGreaterThan(STANDARD_ERRORS);
    expect(chiSquareScore([500, 499, 1], [0.5, 0.5, 0])).toBe(Infinity);
  });

  it('of chi-square are standard normal for a law of many cells', () => {
    // 100 degrees of freedom: the 99th percentile of the statistic is 135.81.
    const expected = 100;
    const counts = Array.from({ length: 101 }, (_, index) => expected + (index % 2 === 0 ? 1 : -1) * 11.6);
    counts[0] = expected;
    const statistic = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(statistic).toBeCloseTo(134.56, 1);
    expect(chiSquareScore(counts, counts.map(() => 1 / 101))).toBeCloseTo(2.27, 1); // prettier-ignore
  });
});

describe('numericalGradient', () => {
  it('is right where the function bends sharply', () => {
    const [atSmall] = numericalGradient((x) => tf.log(x), [0.05]);
    const [atOne] = numericalGradient((x) => tf.log(x), [1]);
    expect(atSmall! / atOne!).toBeCloseToArray(20, { relative: 1e-3 });
  });
});

describe('expectNoLeaks', () => {
  it('passes on what the call returns or throws', () => {
    expect(expectNoLeaks(() => 3)).toBe(3);
    expect(() => expectNoLeaks(() => { throw new RangeError('own'); })).toThrow(RangeError); // prettier-ignore
  });

  it('finds a tensor that is left behind, also by a call that throws', () => {
    tf.engine().startScope();
    expect(() => expectNoLeaks(() => void tf.scalar(0))).toThrow(/left 1 tensors/);
    const leaving = (): never => {
      tf.scalar(0);
      throw new RangeError('own');
    };
    expect(() => expectNoLeaks(leaving)).toThrow(/left 1 tensors behind; it threw: RangeError/);
    tf.engine().endScope();
  });
});

describe('toBeCloseToArray', () => {
  it('compares typed arrays, lists and nests entry by entry', () => {
    expect(new Float32Array([1, 2])).toBeCloseToArray([1, 2]);
    expect([[1], [2]]).toBeCloseToArray([1, 2.000001]);
    expect([Infinity, -Infinity]).toBeCloseToArray([Infinity, -Infinity]);
  });

  it('refuses another value, another length and NaN', () => {
    expect(() => expect([1, 2]).toBeCloseToArray([1, 2.1])).toThrow(/entry 1 is 2, expected 2.1/);
    expect(() => expect([1]).toBeCloseToArray([1, 2])).toThrow(/expected 2 values, got 1/);
    expect(() => expect([NaN]).toBeCloseToArray([NaN])).toThrow(/entry 0 is NaN/);
    expect([1]).not.toBeCloseToArray([2]);
  });
});
