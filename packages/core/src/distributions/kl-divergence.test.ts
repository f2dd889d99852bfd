import {
  Bernoulli,
  Beta,
  Categorical,
  ContinuousBernoulli,
  Gamma,
  hasKlDivergence,
  Independent,
  klDivergence,
  Laplace,
  Logistic,
  MultivariateNormal,
  Normal,
  Poisson,
  standardNormal,
  TruncatedNormal,
  Uniform,
  type Distribution,
} from '@dgm/core';
import { expectNoLeaks, numericalGradients, automaticGradients } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import golden from '../../test/golden/distributions.json';

const t = (values: number[] | number[][]) => tf.tensor(values);

const FACTOR = [
  [1.5, 0, 0],
  [-0.4, 0.8, 0],
  [0.2, 1.1, 2],
];
const OTHER_FACTOR = [
  [0.9, 0, 0],
  [0.3, 1.2, 0],
  [-0.5, 0.1, 0.7],
];
const full = () => MultivariateNormal.lowerTriangular(t([0.5, -1, 2]), t(FACTOR));
const diagonal = () => MultivariateNormal.diagonal(t([0, 0.4, 1]), t([0.9, 1.2, 0.7]));
const product = () => new Independent(new Normal(t([0, 0.4, 1]), t([0.9, 1.2, 0.7])), 1);
const divergence = (p: Distribution, q: Distribution) => tf.tidy(() => klDivergence(p, q).dataSync());

const cases: [string, () => readonly [Distribution, Distribution], number | number[]][] = [
  [
    'Normal',
    () => [new Normal(t([0.5, -1]), t([0.3, 4])), new Normal(t([0, 2]), { logScale: t([0, Math.log(0.7)]) })],
    golden.klDivergence.Normal,
  ],
  [
    'Laplace',
    () => [new Laplace(t([0.5, -1]), t([0.3, 4])), new Laplace(t([0, 2]), t([1, 0.7]))],
    golden.klDivergence.Laplace,
  ],
  [
    'Uniform',
    () => [new Uniform(t([0, 1]), t([1, 2])), new Uniform(t([-1, 0.5]), t([4, 3]))],
    golden.klDivergence.Uniform,
  ],
  [
    'Bernoulli',
    () => [new Bernoulli(t([0.4, -3])), new Bernoulli(t([-1, 12]))],
    golden.klDivergence.Bernoulli,
  ],
  [
    'Categorical',
    () => [
      new Categorical(
        t([
          [0.3, -1.2, 2],
          [0, 0, 0],
        ]),
      ),
      new Categorical(
        t([
          [0, 1, 0.5],
          [3, -3, 0],
        ]),
      ),
    ],
    golden.klDivergence.Categorical,
  ],
  [
    'Beta',
    () => [new Beta(t([0.5, 2.5]), t([0.7, 30])), new Beta(t([1.5, 2]), t([3, 0.4]))],
    golden.klDivergence.Beta,
  ],
  [
    'Gamma',
    () => [new Gamma(t([0.5, 2.5]), t([0.7, 30])), new Gamma(t([1.5, 2]), t([3, 0.4]))],
    golden.klDivergence.Gamma,
  ],
  [
    'Poisson',
    () => [new Poisson(t([0.3, 900])), new Poisson({ logRate: t([Math.log(4), Math.log(901)]) })],
    golden.klDivergence.Poisson,
  ],
  [
    'TruncatedNormal',
    () => [
      new TruncatedNormal(0, 1, { low: t([-1, 5]), high: t([2, 6]) }),
      new TruncatedNormal(1, 2, { low: t([-5, 5]), high: t([5, 12]) }),
    ],
    golden.klDivergence.TruncatedNormal,
  ],
  [
    'TruncatedNormal to Normal',
    () => [new TruncatedNormal(0, 1, { low: -1, high: 2 }), new Normal(1, 2)],
    golden.klDivergence['TruncatedNormal to Normal'],
  ],
  [
    'ContinuousBernoulli',
    () => [new ContinuousBernoulli(t([0.3, -20])), new ContinuousBernoulli(t([-3, 1e-3]))],
    golden.klDivergence.ContinuousBernoulli,
  ],
  [
    'MultivariateNormal',
    () => [full(), MultivariateNormal.lowerTriangular(t([0, 0.4, 1]), t(OTHER_FACTOR))],
    golden.klDivergence.MultivariateNormal,
  ],
  [
    'MultivariateNormal to diagonal',
    () => [full(), diagonal()],
    golden.klDivergence['MultivariateNormal to diagonal'],
  ],
  [
    'MultivariateNormal to a product',
    () => [full(), product()],
    golden.klDivergence['MultivariateNormal to diagonal'],
  ],
  [
    'diagonal to MultivariateNormal',
    () => [diagonal(), full()],
    golden.klDivergence['MultivariateNormal from diagonal'],
  ],
  [
    'a product to MultivariateNormal',
    () => [product(), full()],
    golden.klDivergence['MultivariateNormal from diagonal'],
  ],
  [
    'MultivariateNormal between diagonals',
    () => [diagonal(), MultivariateNormal.diagonal(t([0.5, -1, 2]), 2)],
    golden.klDivergence['MultivariateNormal between diagonals'],
  ],
];

describe('klDivergence', () => {
  it.each(cases)('of %s agrees with float64 values and leaks nothing', (_name, make, expected) => {
    tf.tidy(() => {
      const [p, q] = make();
      expectNoLeaks(() => klDivergence(p, q).dispose());
      expect(divergence(p, q)).toBeCloseToArray(expected, { relative: 2e-5 });
      // Of a distribution from itself: 0, up to the rounding of the terms.
      for (const own of divergence(p, p)) expect(Math.abs(own)).toBeLessThan(2e-6);
    });
  });

  it('keeps its digits for scales that are nearly equal, and for others', () => {
    const logScales = [1e-4, 0.01, 0.2, 0.2499, 0.2501, 0.3, 1, 5].flatMap((size) => [-size, size]);
    const expected = logScales.map((logScale) => 0.5 * (Math.expm1(2 * logScale) - 2 * logScale));
    tf.tidy(() => {
      const nearby = new Normal(0, { logScale: t(logScales) });
      expect(divergence(nearby, new Normal(0, 1))).toBeCloseToArray(expected, {
        absolute: 0,
        relative: 2e-6,
      });
    });
  });

  it('sums over the event of independent factors', () => {
    tf.tidy(() => {
      const posterior = new Independent(new Normal(t([[0.5, -1]]), t([[0.3, 4]])), 1);
      const factors = divergence(new Normal(t([0.5, -1]), t([0.3, 4])), new Normal(0, 1));
      expect(klDivergence(posterior, standardNormal([2])).shape).toEqual([1]);
      expect(divergence(posterior, standardNormal([2]))).toBeCloseToArray([factors[0]! + factors[1]!]);
    });
  });

  it('sums over the event of factors that numbers describe', () => {
    const ones = new Independent(new Normal(1, 1, { shape: [3] }), 1);
    expect(divergence(ones, standardNormal([3]))).toBeCloseToArray([1.5]);
    expect(divergence(new Normal(1, 1, { shape: [2] }), new Normal(0, 1))).toBeCloseToArray([0.5, 0.5]);
  });

  it('has the gradient that differences show, for both arguments', () => {
    const f = (mean: tf.Tensor, logScale: tf.Tensor, otherMean: tf.Tensor) =>
      klDivergence(new Normal(mean, { logScale }), new Normal(otherMean, 2));
    const at = [
      [0.5, -1],
      [0.3, -0.7],
      [1, 1],
    ];
    const expected = numericalGradients(f, at);
    automaticGradients(f, at).forEach((gradient, index) =>
      expect(gradient).toBeCloseToArray(expected[index]!, { relative: 1e-3, absolute: 1e-4 }),
    );
  });

  it('is infinite where q rules out what p allows, and not where p rules it out too', () => {
    expect(divergence(new Uniform(0, 2), new Uniform(0, 1))).toBeCloseToArray([Infinity]);
    const [free, bound] = [new Categorical([0, 0, -Infinity]), new Categorical([0, -Infinity, -Infinity])];
    expect(divergence(free, bound)).toBeCloseToArray([Infinity]);
    expect(divergence(bound, free)).toBeCloseToArray([Math.LN2]);
  });

  it('names Monte Carlo where there is no closed form', () => {
    const [p, q] = [new Logistic(0, 1), new Normal(0, 1)];
    expect(hasKlDivergence(p, q)).toBe(false);
    expect(hasKlDivergence(q, q)).toBe(true);
    expect(() => klDivergence(p, q)).toThrow(/Monte Carlo/);
    expect(hasKlDivergence(standardNormal([2, 2]), standardNormal([4]))).toBe(false);
  });

  it('asks the distribution itself first', () => {
    const own: Distribution = Object.assign(Object.create(new Normal(0, 1)) as Normal, {
      klDivergenceTo: () => () => tf.scalar(42),
    });
    expect(divergence(own, new Logistic(0, 1))).toBeCloseToArray([42]);
  });
});
