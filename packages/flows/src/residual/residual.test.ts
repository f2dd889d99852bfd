import { Key, trainable } from '@dgm/core';
import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { ConcatenatedLipSwish, LipSwish } from '../smooth/activations';
import { spectralNormBound } from '../smooth/spectral-norm-bound';
import type { SmoothMap } from '../smooth/smooth-map';
import { contractiveDenseNet, contractiveMlp, type Contraction } from './contraction';
import { fixedPoint } from './fixed-point';
import { exactLogDet } from './log-determinant';

/** Weights as large as training never makes them. */
function enlarged<M extends SmoothMap>(map: M, size: number): M {
  [...trainable(map).values()].forEach((variable, index) =>
    tf.tidy(() => variable.assign(tf.mul(size, Key.of(index).normal(variable.shape)))),
  );
  return map;
}

describe('spectralNormBound', () => {
  test.each([
    [
      'rank one',
      [
        [3, 4],
        [6, 8],
      ],
      5 * Math.sqrt(5),
      1e-4,
    ],
    ['a column', [[3], [4]], 5, 1e-4],
    [
      'diagonal',
      [
        [2, 0, 0],
        [0, 1, 0],
      ],
      2,
      1e-4,
    ],
    [
      'tiny',
      [
        [1e-3, 0],
        [0, 1e-4],
      ],
      1e-3,
      1e-3,
    ],
  ])('%s: the largest singular value', (_, matrix, expected, relative) => {
    const bound = spectralNormBound(tf.tensor2d(matrix)).dataSync()[0]!;
    expect(bound / expected).toBeGreaterThan(1 - 1e-6);
    expect(bound / expected).toBeLessThan(1 + relative);
  });

  test('is never below, and at most m^(1/64) above, also where all singular values are equal', () => {
    const bound = spectralNormBound(tf.mul(1e6, tf.eye(64))).dataSync()[0]! / 1e6;
    expect(bound).toBeGreaterThan(1);
    expect(bound).toBeLessThan(64 ** (1 / 64) + 1e-4);
  });

  test.each([1e-20, 1e18, 1e30])('scales with the matrix: entries of %f', (size) => {
    const matrix = tf.tensor2d([
      [2, 0],
      [0, 1],
    ]);
    const bound = spectralNormBound(tf.mul(size, matrix)).dataSync()[0]! / size;
    expect(bound).toBeCloseTo(2, 3);
  });

  test('of zeros is nearly 0 and has a finite gradient', () => {
    const { value, grad } = tf.valueAndGrad((x: Tensor) => spectralNormBound(x))(tf.zeros([3, 2]));
    expect(value.dataSync()[0]).toBeLessThan(1e-6);
    expect([...grad.dataSync()].every(Number.isFinite)).toBe(true);
  });
});

describe.each([
  ['LipSwish', () => new LipSwish()],
  ['ConcatenatedLipSwish', () => new ConcatenatedLipSwish()],
])('%s', (_, make) => {
  test.each([-3, 0.5, 5])(
    'with steepness %f moves no two points apart, and some of them hardly together',
    (steepness) => {
      const map = make();
      map.parameters().get('steepness')!.assign(tf.scalar(steepness));
      const x = tf.expandDims(tf.linspace(-100, 100, 8001), 1);
      const slopes = map
        .given()
        .linearize(x)
        .push(tf.ones([1, 8001, 1]));
      const largest = tf.max(tf.norm(slopes, 'euclidean', -1)).dataSync()[0]!;
      expect(largest).toBeLessThanOrEqual(1);
      expect(largest).toBeGreaterThan(0.99);
      map.dispose();
    },
  );

  test('and its products are finite far out', () => {
    const map = make();
    const { value, push } = map.given().linearize(tf.tensor2d([[-1e30], [-1e4], [1e4], [1e30]]));
    expect([...value.dataSync(), ...push(tf.ones([1, 4, 1])).dataSync()].every(Number.isFinite)).toBe(true);
    map.dispose();
  });
});

const contractions: [string, (key: Key) => Contraction][] = [
  ['contractiveMlp', (key) => contractiveMlp({ dims: 4, hidden: [16, 16], key })],
  ['contractiveMlp (elu)', (key) => contractiveMlp({ dims: 4, hidden: [16], key, activation: 'elu' })],
  ['contractiveMlp (tanh)', (key) => contractiveMlp({ dims: 4, hidden: [16], key, activation: 'tanh' })],
  ['contractiveDenseNet', (key) => contractiveDenseNet({ dims: 4, growth: 8, key, lipschitz: 0.95 })],
];

describe.each(contractions)('%s', (_, make) => {
  test.each([0.01, 1, 1e3])('with weights of size %f is a contraction, by its constant', (size) => {
    const map = enlarged(make(Key.of(0)), size);
    const [x, y] = [tf.mul(3, Key.of(1).normal([200, 4])), tf.mul(0.1, Key.of(2).normal([200, 4]))];
    const g = map.given();
    // Far apart, near each other, and at a point: the Jacobian's own norm.
    for (const step of [y, tf.mul(0.1, y)]) {
      const change = tf.sub(g.apply(tf.add(x, step)), g.apply(x));
      const ratio = tf.div(tf.norm(change, 'euclidean', 1), tf.norm(step, 'euclidean', 1));
      expect(tf.max(ratio).dataSync()[0]).toBeLessThan(map.lipschitz + 1e-4);
    }
    const pushed = g.linearize(x).push(tf.expandDims(y, 0));
    const ratio = tf.div(tf.norm(pushed, 'euclidean', 2), tf.norm(y, 'euclidean', 1));
    expect(tf.max(ratio).dataSync()[0]).toBeLessThan(map.lipschitz + 1e-5);
    map.dispose();
  });

  test('pushes by the Jacobian that differentiation finds, and pulls by its transpose', () => {
    const map = make(Key.of(0));
    const g = map.given();
    const [x, v, w] = [1, 2, 3].map((seed) => Key.of(seed).normal([5, 4])) as [Tensor, Tensor, Tensor];
    const { value, push, pull } = g.linearize(x);
    const byTape = tf.grad((x: Tensor) => tf.sum(tf.mul(w, g.apply(x))))(x);
    const pulled = tf.squeeze(pull(tf.expandDims(w, 0)), [0]);
    const pushed = tf.squeeze(push(tf.expandDims(v, 0)), [0]);
    expect([...value.dataSync()]).toEqual([...g.apply(x).dataSync()]);
    expect([...pulled.dataSync()]).toBeCloseToArray([...byTape.dataSync()], { absolute: 1e-6 });
    const [left, right] = [tf.sum(tf.mul(w, pushed)), tf.sum(tf.mul(pulled, v))].map((t) => t.dataSync()[0]!);
    expect(left).toBeCloseTo(right!, 5);
    map.dispose();
  });
});

test('a constant that does not bound the inverse is refused', () => {
  for (const lipschitz of [0, 1, NaN]) {
    expect(() => contractiveMlp({ dims: 2, key: Key.of(0), lipschitz })).toThrow('above 0 and below 1');
    expect(() => contractiveDenseNet({ dims: 2, key: Key.of(0), lipschitz })).toThrow('above 0 and below 1');
  }
});

test('exactLogDet is that of a matrix with known determinant, also where I + J turns space', () => {
  const jacobian = tf.tensor2d([
    [0.2, -0.8, 0],
    [0.8, 0.1, 0.3],
    [0, 0.2, -0.5],
  ]);
  const x = tf.zeros([2, 3]);
  const push = (v: Tensor): Tensor =>
    tf.reshape(tf.matMul(tf.reshape(v, [-1, 3]), jacobian, false, true), v.shape);
  // By rows: 1.2 (1.1 * 0.5 - 0.3 * 0.2) + 0.8 (0.8 * 0.5)
  const expected = Math.log(1.2 * (0.55 - 0.06) + 0.8 * 0.4);
  const values = [...exactLogDet({ value: x, push, pull: push }).dataSync()];
  expect(values).toBeCloseToArray([expected, expected], { relative: 1e-5 });
});

describe('fixedPoint', () => {
  test('finds the root of a map that nearly doubles and nearly flattens', () => {
    const contraction = enlarged(
      contractiveMlp({ dims: 4, hidden: [16], key: Key.of(0), lipschitz: 0.97 }),
      3,
    );
    const y = tf.mul(2, Key.of(1).normal([20, 4]));
    const g = contraction.given();
    const found = fixedPoint(g, tf.add(y, g.apply(y)), { contraction });
    expect(tf.max(tf.abs(tf.sub(found, y))).dataSync()[0]).toBeLessThan(1e-5);
    contraction.dispose();
  });

  test('has the gradients by weights and conditions that differences show', () => {
    const options = { dims: 2, hidden: [6], key: Key.of(0), lipschitz: 0.6, contextSize: 1 };
    const contraction = enlarged(contractiveMlp(options), 1);
    const z = Key.of(1).normal([3, 2]);
    const w = Key.of(2).normal([3, 2]);
    const loss = (context: Tensor): tf.Scalar => {
      const y = fixedPoint(contraction.given(context), z, { contraction, conditions: context });
      return tf.sum(tf.mul(w, y));
    };
    const context = tf.variable(Key.of(3).normal([3, 1]));
    const variables = [context, ...trainable(contraction).values()];
    const { grads } = tf.variableGrads(() => loss(context), variables);
    variables.forEach((variable, index) => {
      const way = Key.of(10 + index).normal(variable.shape);
      const start = tf.clone(variable);
      const [left, right] = [-1e-2, 1e-2].map((step) => {
        variable.assign(tf.add(start, tf.mul(step, way)));
        return loss(context).dataSync()[0]!;
      });
      variable.assign(start);
      const expected = tf.sum(tf.mul(way, grads[variable.name]!)).dataSync()[0]!;
      expect(Math.abs((right! - left!) / 2e-2 - expected)).toBeLessThan(
        1e-3 * Math.max(1, Math.abs(expected)),
      );
    });
    tf.dispose([context, ...Object.values(grads)]);
    contraction.dispose();
  });

  test('frees what it makes, also under a gradient', () => {
    const contraction = contractiveMlp({ dims: 2, hidden: [4], key: Key.of(0), lipschitz: 0.5 });
    const z = Key.of(1).normal([3, 2]);
    const solve = (z: Tensor): Tensor => tf.tidy(() => fixedPoint(contraction.given(), z, { contraction }));
    expectNoLeaks(() => solve(z).dispose());
    expectNoLeaks(() =>
      tf
        .grad((z: Tensor) => tf.sum(solve(z)))(z)
        .dispose(),
    );
    contraction.dispose();
  });
});
