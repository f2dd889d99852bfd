import { readFileSync } from 'node:fs';
import { gaussianKernel, Key } from '@dgm/core';
import { expectNoLeaks, tensorOf } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it, test } from 'vitest';
import { mmd, sinkhornDivergence, slicedWasserstein } from './discrepancy';
import type { Discrepancy } from './discrepancy';

interface Estimate {
  readonly value: number;
  readonly gradient: readonly number[][];
}

const golden = JSON.parse(
  readFileSync(new URL('../../test/golden/discrepancies.json', import.meta.url), 'utf8'),
) as {
  readonly x: number[][];
  readonly y: number[][];
  readonly sinkhorn: readonly (Estimate & { readonly regularization: number })[];
  readonly wasserstein: number;
  readonly sliced: Estimate;
};

const key = Key.of(0);
const { x, y } = golden;

const valueOf = (discrepancy: Discrepancy, a: number[][], b: number[][]): number =>
  tf.tidy(() => discrepancy.between(tensorOf(a), tensorOf(b), key).dataSync()[0]!);

const gradientsOf = (discrepancy: Discrepancy, a: number[][], b: number[][]): number[][] =>
  tf.tidy(() =>
    tf
      .grads((a: Tensor, b: Tensor) => discrepancy.between(a, b, key))([tensorOf(a), tensorOf(b)])
      .map((gradient) => [...gradient.dataSync()]),
  );

function expectEstimate(discrepancy: Discrepancy, expected: Estimate, tolerance: number): void {
  expect(valueOf(discrepancy, x, y)).toBeCloseToArray([expected.value], { relative: tolerance });
  const [gradient] = gradientsOf(discrepancy, x, y);
  expect(gradient).toBeCloseToArray(expected.gradient.flat(), { absolute: tolerance });
}

test.each(golden.sinkhorn)(
  'the Sinkhorn divergence and its gradient at a regularization of $regularization are those of NumPy',
  ({ regularization, ...expected }) =>
    expectEstimate(sinkhornDivergence({ regularization, iterations: 200 }), expected, 1e-4),
);

test('the Sinkhorn divergence comes near the Wasserstein distance with little regularization', () => {
  const divergence = sinkhornDivergence({ regularization: 0.02, iterations: 200 });
  expect(valueOf(divergence, x, y)).toBeCloseToArray([golden.wasserstein], { relative: 0.02 });
});

test('the Sinkhorn divergence of points and the same ones moved is the squared distance, at every regularization', () => {
  const moved = x.map(([a, b]) => [a! + 3, b! - 4]);
  for (const regularization of [0.5, 10, 1000]) {
    expect(valueOf(sinkhornDivergence({ regularization }), x, moved)).toBeCloseToArray([25], {
      relative: 1e-4,
    });
  }
});

test('the sliced Wasserstein distance and its gradient are those of NumPy, up to the noise of the directions', () =>
  expectEstimate(slicedWasserstein({ projections: 10_000 }), golden.sliced, 0.02));

test('the sliced Wasserstein distance in one dimension is that of sorted points', () => {
  const [a, b] = [
    [[3], [1], [2]],
    [[10], [0], [5]],
  ];
  const expected = (7 ** 2 + 3 ** 2 + 1 ** 2) / 3;
  expect(valueOf(slicedWasserstein({ projections: 1 }), a, b)).toBeCloseToArray([expected], {
    relative: 1e-5,
  });
});

test('mmd is squaredMmd of core: moved apart, two points a set have a closed form', () => {
  const biased = mmd({ kernel: gaussianKernel([1]), estimator: 'biased' });
  // (2 k(0) + 2 k(1)) / 4 for each set, and (2 k(4) + k(3) + k(5)) / 4 between them.
  const k = (distance: number): number => Math.exp(-(distance ** 2) / 2);
  const expected = 1 + k(1) - (2 * k(4) + k(3) + k(5)) / 2;
  expect(valueOf(biased, [[0], [1]], [[4], [5]])).toBeCloseToArray([expected], { relative: 1e-5 });
});

describe.each<[string, Discrepancy]>([
  ['mmd', mmd({ kernel: gaussianKernel([0.5, 2]), estimator: 'biased' })],
  ['slicedWasserstein', slicedWasserstein()],
  ['sinkhornDivergence', sinkhornDivergence({ regularization: 1 })],
])('%s', (_, discrepancy) => {
  it('is 0 between a set and itself in another order', () => {
    expect(valueOf(discrepancy, x, [...x].reverse())).toBeCloseToArray([0], { absolute: 2e-5 });
  });

  it('has finite gradients where points coincide and where they are far apart', () => {
    const far = [...x.slice(1), [1e4, -1e4]];
    for (const other of [x, far]) {
      expect(gradientsOf(discrepancy, x, other).flat().every(Number.isFinite)).toBe(true);
    }
  });

  it('takes events of any rank, and refuses sets that do not match, without leaks', () => {
    tf.tidy(() => {
      const images = (n: number): Tensor => key.normal([n, 2, 2]);
      const [four, five] = [images(4), images(5)];
      expectNoLeaks(() => discrepancy.between(four, four, key).dispose());
      expect(() => discrepancy.between(four, tf.zeros([4, 3]), key)).toThrow('x and y');
      expect(() => discrepancy.between(images(0), images(0), key)).toThrow('x and y');
      if (discrepancy.name !== 'mmd') expect(() => discrepancy.between(four, five, key)).toThrow('x and y');
    });
  });
});

test.each<[string, () => unknown, string]>([
  ['a kernel that is none', () => mmd({ kernel: 'gaussian' as never }), 'expected kernel to be'],
  [
    'a set of points that is none',
    () => slicedWasserstein().between(undefined as never, tf.zeros([2, 1]), key),
    'expected x to be',
  ],
  [
    'another that is none',
    () => mmd({ kernel: gaussianKernel([1]) }).between(tf.zeros([2, 1]), 3 as never, key),
    'expected y to be',
  ],
  ['no kernel', () => mmd({} as never), 'kernel'],
  ['a misspelt option', () => mmd({ kernel: gaussianKernel([1]), estimate: 'biased' } as never), 'estimator'],
  ['no options', () => sinkhornDivergence(undefined as never), 'options'],
  ['no regularization', () => sinkhornDivergence({ regularization: 0 }), 'regularization'],
  ['half an iteration', () => sinkhornDivergence({ regularization: 1, iterations: 0.5 }), 'iterations'],
  ['no directions', () => slicedWasserstein({ projections: 0 }), 'projections'],
  [
    'a missing key',
    () => slicedWasserstein().between(tf.zeros([2, 1]), tf.zeros([2, 1]), undefined as never),
    'key',
  ],
])('refuses %s', (_, make, message) => {
  expect(make).toThrow(message);
});
