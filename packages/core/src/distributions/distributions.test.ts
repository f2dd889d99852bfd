import {
  Bernoulli,
  Beta,
  Categorical,
  DiscretizedLogistic,
  Gamma,
  Independent,
  Key,
  Laplace,
  Logistic,
  Mixture,
  MultivariateNormal,
  Normal,
  standardNormal,
  StudentT,
  Transformed,
  TruncatedNormal,
  Uniform,
  Exp,
  Permutation,
  type Distribution,
} from '@dgm/core';
import { expectNoLeaks, STANDARD_ERRORS } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';

const read = (make: () => Tensor) => tf.tidy(() => Array.from(make().dataSync()));

const ofNumbers: [string, () => Distribution][] = [
  ['Normal', () => new Normal(0, 1)],
  ['Normal by its log-scale', () => new Normal(0, { logScale: 0.5 })],
  ['Logistic', () => new Logistic(0, 1)],
  ['Laplace', () => new Laplace(0, 1)],
  ['StudentT', () => new StudentT(5, 0, 1)],
  ['Uniform', () => new Uniform(0, 1)],
  ['Beta', () => new Beta(2, 3)],
  ['Gamma', () => new Gamma(2, 3)],
  ['Bernoulli', () => new Bernoulli(0.3)],
  ['Categorical', () => new Categorical([0.3, 0, 1])],
  ['TruncatedNormal', () => new TruncatedNormal(0, 1, { low: -1, high: 3 })],
  ['DiscretizedLogistic', () => new DiscretizedLogistic(3, 2, { minimum: 0, maximum: 7 })],
  ['standardNormal', () => standardNormal([])],
];

describe('a distribution of numbers', () => {
  it.each(ofNumbers)('owns no tensor: %s', (_name, make) => {
    const before = tf.memory().numTensors;
    const distribution = make();
    expect(tf.memory().numTensors).toBe(before);
    expectNoLeaks(() => tf.dispose(distribution.sample(Key.of(0), [3])));
  });

  it.each(ofNumbers)('gives NaN for NaN, not an improbable value: %s', (_name, make) => {
    expect(read(() => make().logProb(tf.tensor1d([NaN])))).toEqual([NaN]);
  });
});

describe('constructors', () => {
  it.each<[string, () => unknown]>([
    ['Normal', () => new Normal(0, 0)],
    ['Logistic', () => new Logistic(0, -1)],
    ['Laplace', () => new Laplace(0, NaN)],
    ['StudentT', () => new StudentT(0, 0, 1)],
    ['Gamma', () => new Gamma(1, 0)],
    ['Beta', () => new Beta(0, 1)],
    ['DiscretizedLogistic', () => new DiscretizedLogistic(0, 0)],
    ['TruncatedNormal', () => new TruncatedNormal(0, -1, { low: 0 })],
  ])('refuse a number that must be positive: %s', (name, make) => {
    expect(make).toThrow(new RegExp(`^${name}: expected \\w+ to be positive`));
  });

  it('refuse ends that are not in order', () => {
    expect(() => new Uniform(1, 1)).toThrow('low = 1, high = 1');
    expect(() => new TruncatedNormal(0, 1, { low: 2, high: 1 })).toThrow('low = 2, high = 1');
    expect(() => new DiscretizedLogistic(0, 1, { minimum: 0, maximum: 1, step: 0.3 })).toThrow(
      'whole number of steps',
    );
  });

  it('refuse shapes that do not fit, naming both', () => {
    expect(() => new Independent(new Normal(0, 1), 1)).toThrow('rank');
    expect(() => new Mixture([0, 0, 0], new Normal(0, 1, { shape: [2] }))).toThrow('[2]');
    expect(() => new Transformed(new Normal(0, 1, { shape: [3] }), new Permutation([2, 0, 1]))).toThrow(
      'new Independent(base, 1)',
    );
    expect(() => MultivariateNormal.diagonal(0, 1)).toThrow('standardNormal');
    tf.tidy(() => {
      const [matrix, mean] = [tf.ones([2, 3]), tf.ones([3])];
      expect(() => MultivariateNormal.lowerTriangular(0, matrix)).toThrow('[..., D, D]');
      expect(() => MultivariateNormal.lowerTriangular(mean, tf.eye(2))).toThrow('[..., 2]');
    });
  });
});

describe('broadcasting', () => {
  it('scores a value without a batch under each entry of the batch', () => {
    const shape = tf.tidy(() => new Normal(0, 1, { shape: [4] }).logProb(tf.scalar(0)).shape);
    expect(shape).toEqual([4]);
  });

  it('joins the shapes of the parameters and of the option', () => {
    tf.tidy(() => {
      expect(new Normal(tf.zeros([3, 1]), tf.ones([2])).batchShape).toEqual([3, 2]);
      expect(new Normal(tf.zeros([2]), 1, { shape: [5, 1] }).sample(Key.of(0), [7]).shape).toEqual([7, 5, 2]);
    });
  });
});

describe('gradients of the score', () => {
  it.each<[string, (mean: Tensor) => Distribution]>([
    ['Normal', (mean) => new Normal(mean, { logScale: 0.3 })],
    ['Logistic', (mean) => new Logistic(mean, 0.7)],
    ['StudentT', (mean) => new StudentT(3, mean, 0.7)],
    ['TruncatedNormal', (mean) => new TruncatedNormal(mean, 1, { low: -2, high: 2 })],
    ['Mixture', (mean) => new Mixture([0.2, 0], new Normal(tf.stack([mean, tf.add(mean, 1)], -1), 0.5))],
  ])('are right at the second order: %s', (_name, make) => {
    const squaredScore = (mean: Tensor) => {
      const score = tf.grad((x) => tf.sum(make(mean).logProb(x)))(tf.tensor1d([0.4, -1.1]));
      return tf.sum(tf.square(score));
    };
    const [mean, step] = [0.2, 2 ** -6];
    const at = (value: number) => read(() => squaredScore(tf.scalar(value)))[0]!;
    const expected = (at(mean + step) - at(mean - step)) / (2 * step);
    expect(read(() => tf.grad(squaredScore)(tf.scalar(mean)))).toBeCloseToArray([expected], {
      relative: 5e-3,
      absolute: 1e-3,
    });
  });
});

describe('quantities without a closed form', () => {
  it('name the alternative and leak nothing', () => {
    const distribution = new Transformed(new Normal(0, 1), new Exp());
    expectNoLeaks(() => expect(() => distribution.entropy()).toThrow('mean of -logProb over samples'));
    expect(() => new DiscretizedLogistic(0, 1).mean()).toThrow('minimum and a maximum');
  });
});

describe('Gamma', () => {
  it('draws small concentrations without underflow, with the right mean of logarithms', () => {
    const n = 4000;
    const logarithms = read(() => tf.log(new Gamma(0.2, 1).sample(Key.of(0), [n])));
    // E ln x = psi(0.2), Var ln x = psi'(0.2).
    const mean = logarithms.reduce((sum, value) => sum + value, 0) / n;
    expect(Math.abs(mean - -5.289039896592188)).toBeLessThan(STANDARD_ERRORS * Math.sqrt(26.26737733 / n));
    expect(
      read(() => new Gamma(1e-3, 1).logProb(new Gamma(1e-3, 1).sample(Key.of(0), [100]))).every(
        Number.isFinite,
      ),
    ).toBe(true);
  });
});

describe('DiscretizedLogistic', () => {
  const logistic = (mean: Tensor) => new DiscretizedLogistic(mean, 0.8);

  it('has a smooth extension in x, which straight-through rounding differentiates', () => {
    const [x, mean] = [
      [-2, 0, 5],
      [0.3, 0.3, 0.3],
    ];
    const byX = read(() => tf.grad((value) => logistic(tf.tensor1d(mean)).logProb(value))(tf.tensor1d(x)));
    const byMean = read(() => tf.grad((value) => logistic(value).logProb(tf.tensor1d(x)))(tf.tensor1d(mean)));
    // x and the mean enter by their difference alone; the contract suite compares the latter with differences.
    expect(byX).toBeCloseToArray(byMean.map((slope) => -slope));
    expect(Math.min(...byMean.map(Math.abs))).toBeGreaterThan(0.1);
  });

  it('counts a value as reached on a grid that float32 cannot hold', () => {
    const values = Array.from({ length: 11 }, (_, index) => -1 + 0.2 * index);
    tf.tidy(() => {
      const grid = new DiscretizedLogistic(0.1, 0.3, { minimum: -1, maximum: 1, step: 0.2 });
      const mass = tf.exp(grid.logProb(tf.tensor1d(values)));
      const reached = grid.cdf(tf.tensor1d(values));
      expect(reached.dataSync()).toBeCloseToArray(Array.from(tf.cumsum(mass).dataSync()));
    });
  });

  it('sums to 1 over any step, however coarse against the scale', () => {
    for (const scale of [1e-3, 0.1, 1, 100]) {
      const mass = read(() => {
        const distribution = new DiscretizedLogistic(3.2, scale, { minimum: 0, maximum: 255 });
        return tf.sum(tf.exp(distribution.logProb(tf.range(0, 256))));
      });
      expect(mass).toBeCloseToArray([1], { relative: 1e-5 });
    }
  });
});

describe('Mixture', () => {
  it('draws one component for the whole event', () => {
    // Two far components: a draw that mixed them per dimension would sit at (-10, 10) half of the time.
    const draws = tf.tidy(() => {
      const means = tf.tensor2d([[-10, -10], [10, 10]]); // prettier-ignore
      return new Mixture([0, 0], new Independent(new Normal(means, 1), 1))
        .sample(Key.of(0), [200])
        .arraySync();
    }) as number[][];
    expect(draws.every(([a, b]) => Math.sign(a!) === Math.sign(b!))).toBe(true);
    expect(new Set(draws.map(([a]) => Math.sign(a!))).size).toBe(2);
  });
});

describe('TruncatedNormal', () => {
  it('stays inside an interval far in the upper tail', () => {
    const draws = read(() => new TruncatedNormal(0, 1, { low: 8, high: 9 }).sample(Key.of(0), [1000]));
    expect(Math.min(...draws)).toBeGreaterThanOrEqual(8);
    // The mean of the tail beyond 8 is 8 + 1/8 - 2/8^3 + ... = 8.1213 (1 sd = 0.118).
    const mean = draws.reduce((sum, value) => sum + value, 0) / draws.length;
    expect(Math.abs(mean - 8.1213)).toBeLessThan(STANDARD_ERRORS * (0.12 / Math.sqrt(1000)));
  });
});
