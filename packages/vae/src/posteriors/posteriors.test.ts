import { hasKlDivergence, Key, klDivergence, Normal, Independent, standardNormal } from '@dgm/core';
import type { DistributionHead } from '@dgm/core';
import '@dgm/testing';
import { meanAndError } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { HypersphericalUniform } from '../hypersphere/hyperspherical-uniform';
import { VonMisesFisher } from '../hypersphere/von-mises-fisher';
import { fullCovariance } from './full-covariance';
import { householder, HouseholderNormal } from './householder';
import { vonMisesFisher } from './von-mises-fisher';

const heads: Readonly<Record<string, DistributionHead>> = {
  fullCovariance: fullCovariance({ shape: [3] }),
  householder: householder({ shape: [3], reflections: 2 }),
};

describe.each(Object.entries(heads))('%s', (_, head) => {
  test('has the KL to the standard normal that its draws have', () => {
    tf.tidy(() => {
      const q = head.distribution(tf.mul(0.7, Key.of(1).normal([2, head.numParameters])));
      const p = standardNormal([3]);
      expect(hasKlDivergence(q, p)).toBe(true);
      const exact = klDivergence(q, p).dataSync();
      const z = q.sample(Key.of(2), [4000]);
      const ratios = tf.transpose(tf.sub(q.logProb(z), p.logProb(z))).arraySync() as number[][];
      ratios.forEach((ratio, i) => {
        const { mean, standardError } = meanAndError(ratio);
        expect(Math.abs(mean - exact[i]!)).toBeLessThan(4 * standardError);
      });
    });
  });

  test('correlates the latent variables', () => {
    tf.tidy(() => {
      const z = head.distribution(Key.of(3).normal([1, head.numParameters])).sample(Key.of(4), [4000]);
      const centered = tf.squeeze(tf.sub(z, tf.mean(z, 0)), [1]);
      const covariance = tf.div(tf.matMul(centered, centered, true, false), 4000).arraySync() as number[][];
      const correlation = covariance[0]![1]! / Math.sqrt(covariance[0]![0]! * covariance[1]![1]!);
      expect(Math.abs(correlation)).toBeGreaterThan(4 / Math.sqrt(4000));
    });
  });

  test('refuses parameters of another number', () => {
    tf.tidy(() => {
      expect(() => head.distribution(tf.zeros([2, head.numParameters + 1]))).toThrow(
        `expected parameters of shape [n, ${head.numParameters}]`,
      );
    });
  });
});

test('fullCovariance puts the entries in their places', () => {
  tf.tidy(() => {
    const logs = [2, 3, 5].map(Math.log);
    const q = heads['fullCovariance']!.distribution(tf.tensor2d([[7, 8, 9, ...logs, -1, 4, 6]]));
    // L = [[2, 0, 0], [-1, 3, 0], [4, 6, 5]]
    expect([...q.mean().dataSync()]).toEqual([7, 8, 9]);
    expect(q.variance().dataSync()).toBeCloseToArray([4, 10, 77], { relative: 1e-6 });
  });
});

test.each([1e-30, 1e-10, 1, 1e20])(
  'only the direction of a reflection of a posterior counts: a vector of length %f',
  (length) => {
    tf.tidy(() => {
      const posterior = new HouseholderNormal(tf.tensor1d([1, 2]), 1, tf.tensor2d([[length, 0]]));
      expect(posterior.mean().dataSync()).toBeCloseToArray([-1, 2]);
      const mean = (vectors: tf.Tensor) => new HouseholderNormal(tf.tensor1d([1, 2]), 1, vectors).mean();
      const gradient = tf
        .grad((vectors) => tf.sum(mean(vectors)))(tf.tensor2d([[0, 0]]))
        .dataSync();
      expect([...gradient].every(Number.isFinite)).toBe(true);
    });
  },
);

test('householder reflects nothing by a vector of zeros', () => {
  tf.tidy(() => {
    const q = householder({ shape: [2], reflections: 1 }).distribution(tf.tensor2d([[1, 2, 0, 0, 0, 0]]));
    expect([...q.mean().dataSync()]).toEqual([1, 2]);
    expect(q.logProb(tf.tensor2d([[1, 2]])).dataSync()[0]).toBeCloseTo(-Math.log(2 * Math.PI), 5);
    // Against a normal that is not the standard one, reflections matter.
    expect(hasKlDivergence(q, new Independent(new Normal(0, 2, { shape: [2] }), 1))).toBe(false);
  });
});

test('a latent variable that is no vector is refused', () => {
  expect(() => householder({ shape: [2, 2] as never, reflections: 1 })).toThrow('that of a vector, [M]');
});

test('vonMisesFisher keeps a concentration of 1 at least, and shares the KL with all directions', () => {
  tf.tidy(() => {
    const head = vonMisesFisher({ shape: [3] });
    const parameters = [
      [0, 0, 2, -100],
      [5, 0, 0, -100],
      [1, 1, 1, 3],
    ];
    const q = head.distribution(tf.tensor2d(parameters));
    expect(q.mode().dataSync().slice(0, 6)).toBeCloseToArray([0, 0, 1, 1, 0, 0], { absolute: 1e-6 });
    const [first, second, third] = klDivergence(q, new HypersphericalUniform(3)).dataSync();
    // coth(1) - 1 - ln(sinh(1)), in closed form for three dimensions.
    expect(first).toBeCloseTo(1 / Math.tanh(1) - 1 - Math.log(Math.sinh(1)), 5);
    expect(second).toBe(first);
    expect(third).toBeGreaterThan(first!);
  });
});

describe('pick', () => {
  const key = Key.of(9);
  test.each([
    [
      'HouseholderNormal',
      () =>
        new HouseholderNormal(
          key.normal([3, 2]),
          { logScale: key.fold(1).normal([3, 2]) },
          key.normal([3, 1, 2]),
        ),
    ],
    ['VonMisesFisher', () => new VonMisesFisher(key.normal([3, 2]), tf.tensor1d([1, 2, 3]))],
  ])('gives the distributions at flat indices of the batch: %s', (_, make) => {
    tf.tidy(() => {
      const x = tf.tensor1d([0.6, 0.8]);
      const all = make().logProb(x).dataSync();
      const picked = make().pick(tf.tensor1d([2, 0], 'int32'))!;
      expect(picked.logProb(x).dataSync()).toBeCloseToArray([all[2]!, all[0]!]);
    });
  });
});
