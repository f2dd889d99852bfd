import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { tanh } from '../ops/activations';
import { Key } from '../random/key';
import {
  exactTrace,
  hutchinsonTrace,
  jacobianProductOf,
  jacobianVectorProduct,
  randomSigns,
  unitVectors,
  vectorJacobianProduct,
} from './jacobian';

const values = (x: Tensor): number[] => [...x.dataSync()];

/** f(x) = tanh(x A), with J v = (1 - tanh^2) (v A) and w J = (w (1 - tanh^2)) A^T. */
const a = () => tf.tensor2d([[1, -2, 0.5], [0.3, 0.8, -1], [2, 0.1, 0.6]]); // prettier-ignore
const f = (x: Tensor): Tensor => tanh(tf.matMul(x, a()));
const slopes = (x: Tensor): Tensor => tf.sub(1, tf.square(f(x)));
const x = () => Key.of(0).normal([4, 3]);
const way = () => Key.of(1).normal([4, 3]);

test('vectorJacobianProduct and jacobianVectorProduct are products with the Jacobian from either side', () => {
  expectNoLeaks(() =>
    tf.tidy(() => {
      const { value, product } = vectorJacobianProduct(f, x(), way());
      expect(values(value)).toEqual(values(f(x())));
      const left = tf.matMul(tf.mul(way(), slopes(x())), a(), false, true);
      expect(values(product)).toBeCloseToArray(values(left), { absolute: 1e-5 });
      const right = tf.mul(slopes(x()), tf.matMul(way(), a()));
      expect(values(jacobianVectorProduct(f, x(), way()))).toBeCloseToArray(values(right), {
        absolute: 1e-5,
      });
    }),
  );
});

test('they leave nothing behind, also where the function throws', () => {
  const [at, w] = [x(), way()];
  expectNoLeaks(() => tf.dispose({ ...vectorJacobianProduct(f, at, w) }));
  expectNoLeaks(() => jacobianVectorProduct(f, at, w).dispose());
  const broken = (): Tensor => {
    throw new Error('broken');
  };
  expectNoLeaks(() => expect(() => jacobianVectorProduct(broken, at, w)).toThrow('broken'));
  tf.dispose([at, w]);
});

test('a trace is exact, or right on average; its gradient is that of the trace', () => {
  expectNoLeaks(() =>
    tf.tidy(() => {
      const diagonal = tf.tensor1d([1, 0.8, 0.6]);
      const expected = (x: Tensor): Tensor => tf.sum(tf.mul(slopes(x), diagonal), 1);
      const exact = (x: Tensor): Tensor =>
        exactTrace().of(exactTrace().directions(x), jacobianProductOf(f, x));
      expect(values(exact(x()))).toBeCloseToArray(values(expected(x())), { absolute: 1e-5 });
      const [gradient, wanted] = [exact, expected].map((trace) => tf.grad((x) => tf.sum(trace(x)))(x()));
      expect(values(gradient!)).toBeCloseToArray(values(wanted!), { absolute: 1e-4 });

      const rows = tf.tile(tf.slice(x(), [0, 0], [1, 3]), [4000, 1]);
      const trace = hutchinsonTrace({ directions: 2 });
      const estimates = values(trace.of(trace.directions(rows, Key.of(2)), jacobianProductOf(f, rows)));
      const mean = estimates.reduce((sum, value) => sum + value, 0) / estimates.length;
      const variance = estimates.reduce((sum, value) => sum + (value - mean) ** 2, 0) / estimates.length;
      const truth = values(expected(rows))[0]!;
      expect(variance).toBeGreaterThan(1e-3);
      expect(Math.abs(mean - truth)).toBeLessThan(4 * Math.sqrt(variance / estimates.length));
    }),
  );
});

test('randomSigns are 1 and -1 in equal parts, unitVectors one row of the identity for each axis', () => {
  const signs = values(randomSigns(Key.of(0), [1000]));
  expect([...new Set(signs)].sort()).toEqual([-1, 1]);
  expect(Math.abs(signs.reduce((sum, sign) => sum + sign, 0))).toBeLessThan(4 * Math.sqrt(1000));
  const units = unitVectors(tf.zeros([2, 3]));
  expect(units.shape).toEqual([3, 2, 3]);
  expect(values(tf.slice(units, [1, 0, 0], [1, 2, 3]))).toEqual([0, 1, 0, 0, 1, 0]);
});
