import { Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { orthogonalFactor } from './reflections';

const worst = (q: Tensor): number => {
  const gram = tf.matMul(q, q, true);
  return tf.max(tf.abs(tf.sub(gram, tf.eye(q.shape[2]!)))).dataSync()[0]!;
};

describe('orthogonalFactor', () => {
  test.each([
    [1, 1],
    [2, 2],
    [8, 8],
    [8, 3],
    [32, 32],
  ])('of %i x %i matrices has orthonormal columns, and the rest is an upper triangle', (dims, columns) => {
    const a = Key.of(dims).normal([20, dims, columns]);
    const q = orthogonalFactor(a);
    expect(worst(q)).toBeLessThan(5e-6);
    const r = tf.matMul(q, a, true).arraySync() as number[][][];
    for (const matrix of r) {
      matrix.forEach((row, i) => {
        expect(row[i]).toBeGreaterThan(0);
        row.slice(0, i).forEach((below) => expect(Math.abs(below)).toBeLessThan(1e-4));
      });
    }
  });

  test.each<[string, () => Tensor]>([
    ['zeros', () => tf.zeros([1, 4, 4])],
    ['equal columns', () => tf.ones([1, 4, 4])],
    ['one column of zeros', () => tf.mul(Key.of(0).normal([1, 4, 4]), tf.tensor1d([1, 0, 1, 1]))],
    ['entries of 1e-30', () => tf.mul(Key.of(0).normal([1, 4, 4]), 1e-30)],
    ['entries of 1e20', () => tf.mul(Key.of(0).normal([1, 4, 4]), 1e20)],
  ])('of a matrix with %s has orthonormal columns as well', (_, make) => {
    const q = tf.tidy(() => orthogonalFactor(make()));
    expect(worst(q)).toBeLessThan(2e-6);
  });

  test('has the gradient that differences show', () => {
    const w = Key.of(1).normal([1, 3, 2]);
    const loss = (a: Tensor): tf.Scalar => tf.sum(tf.mul(w, orthogonalFactor(a)));
    const a = Key.of(2).normal([1, 3, 2]);
    const way = Key.of(3).normal([1, 3, 2]);
    const step = 1e-2;
    const [low, high] = [-step, step].map((h) => loss(tf.add(a, tf.mul(h, way))).dataSync()[0]!);
    const slope = tf.sum(tf.mul(way, tf.grad(loss)(a))).dataSync()[0]!;
    expect(slope).toBeCloseTo((high! - low!) / (2 * step), 3);
  });
});
