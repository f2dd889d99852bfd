import { Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import '@dgm/testing';
import { describe, expect, test } from 'vitest';
import type { Linearization } from '../smooth/smooth-map';
import { type LogDeterminant, powerSeries, russianRoulette } from './log-determinant';

/** The Jacobian of a linear residual block. */
const matrix = [
  [0.3, -0.4, 0],
  [0.2, 0.4, 0.1],
  [0, 0.3, -0.4],
];
const ROWS = 4000;

/** The block at a row is `scale` times the matrix. */
function linearBlock(scale: Tensor): Linearization {
  const jacobian = tf.tensor2d(matrix);
  const times = (v: Tensor, isTransposed: boolean): Tensor => {
    const product = tf.matMul(tf.reshape(v, [-1, 3]), jacobian, false, isTransposed);
    return tf.mul(tf.reshape(product, v.shape), scale);
  };
  return { value: tf.zeros([ROWS, 3]), push: (v) => times(v, true), pull: (w) => times(w, false) };
}

/** Estimates at every row, and their gradients by a factor of the Jacobian, as mean and standard error. */
function estimates(logDet: LogDeterminant): Record<'value' | 'slope', { mean: number; error: number }> {
  return tf.tidy(() => {
    const { value, grad } = tf.valueAndGrad((scale: Tensor) =>
      logDet(linearBlock(scale), { key: Key.of(0) }),
    )(tf.ones([ROWS, 1]), tf.ones([ROWS]));
    return { value: summary(value), slope: summary(grad) };
  });
}

function summary(values: Tensor): { mean: number; error: number } {
  const numbers = Array.from(values.dataSync());
  const mean = numbers.reduce((sum, number) => sum + number, 0) / ROWS;
  const variance = numbers.reduce((sum, number) => sum + (number - mean) ** 2, 0) / (ROWS - 1);
  return { mean, error: Math.sqrt(variance / ROWS) };
}

// The traces of the powers of the matrix, in doubles.
const times = (a: number[][], b: number[][]): number[][] =>
  a.map((row) => b[0]!.map((_, column) => row.reduce((sum, entry, k) => sum + entry * b[k]![column]!, 0)));
const traces = [matrix];
for (let k = 1; k < 200; k++) traces.push(times(traces.at(-1)!, matrix));
const traceOf = (power: number): number => traces[power - 1]!.reduce((sum, row, i) => sum + row[i]!, 0);
const sumTo = (terms: number, term: (k: number) => number): number =>
  Array.from({ length: terms }, (_, index) => (-1) ** index * term(index + 1)).reduce((a, b) => a + b, 0);
const logDetOf = (terms: number): number => sumTo(terms, (k) => traceOf(k) / k);
const slopeOf = (terms: number): number => sumTo(terms, traceOf);

test('the reference is the log-determinant', () => {
  // 1.3 (1.4 * 0.6 - 0.1 * 0.3) + 0.4 (0.2 * 0.6)
  expect(logDetOf(200)).toBeCloseTo(Math.log(1.3 * (0.84 - 0.03) + 0.4 * 0.12), 12);
});

describe('russianRoulette', () => {
  test.each([
    ['as published', {}],
    ['one term at least', { always: 1 }],
    ['a heavier tail and two directions', { goOn: 0.7, directions: 2 }],
  ])('%s: the log-determinant and its gradient, within 3 standard errors', (_, options) => {
    const { value, slope } = estimates(russianRoulette(options));
    expect(Math.abs(value.mean - logDetOf(200))).toBeLessThan(3 * value.error);
    expect(Math.abs(slope.mean - slopeOf(200))).toBeLessThan(3 * slope.error);
    expect(value.error).toBeLessThan(0.01);
  });

  test('of one term is not', () => {
    const { value } = estimates(russianRoulette({ maximum: 1 }));
    expect(Math.abs(value.mean - logDetOf(200))).toBeGreaterThan(5 * value.error);
  });

  test.each([{ goOn: 1 }, { goOn: 0 }, { always: 0 }, { maximum: 1.5 }, { directions: NaN }])(
    'refuses %o',
    (options) => expect(() => russianRoulette(options)).toThrow(Object.keys(options)[0]),
  );
});

describe('powerSeries', () => {
  test.each([1, 2, 5])('of %i terms is that sum, and its gradient, and no other', (terms) => {
    const { value, slope } = estimates(powerSeries({ terms }));
    expect(Math.abs(value.mean - logDetOf(terms))).toBeLessThan(3 * value.error);
    expect(Math.abs(slope.mean - slopeOf(terms))).toBeLessThan(3 * slope.error);
    if (terms > 2) return;
    expect(Math.abs(value.mean - logDetOf(200))).toBeGreaterThan(5 * value.error);
    expect(Math.abs(slope.mean - slopeOf(200))).toBeGreaterThan(5 * slope.error);
  });

  test('more directions, less variance', () => {
    const [one, four] = [1, 4].map((directions) => estimates(powerSeries({ directions })).value.error);
    expect(one! / four!).toBeCloseTo(2, 1);
  });

  test('refuses no terms', () => {
    expect(() => powerSeries({ terms: 0 })).toThrow('terms');
  });
});
