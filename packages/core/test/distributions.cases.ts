import {
  Affine,
  Bernoulli,
  Beta,
  Categorical,
  Chain,
  ContinuousBernoulli,
  DiscretizedLogistic,
  Exp,
  Gamma,
  Independent,
  Laplace,
  Logistic,
  LogisticPixelMixture,
  Mixture,
  MultivariateNormal,
  Normal,
  Poisson,
  Sigmoid,
  standardNormal,
  StudentT,
  Transformed,
  TruncatedNormal,
  Uniform,
} from '@dgm/core';
import { everyEvent, type DistributionTable, type GoldenRow } from '@dgm/testing';
import golden from './golden/distributions.json';

const rows = (name: keyof typeof golden): readonly GoldenRow[] =>
  golden[name] as unknown as readonly GoldenRow[];

const locationScale = {
  parameters: { location: [0.5, -1], scale: [0.7, 1.3] },
  support: { kind: 'real', scale: 2 },
  extremes: [
    {
      x: [
        [1e4, -1e4],
        [1e15, -1e15],
      ],
    },
    {
      x: [3, 3],
      parameters: [
        [0, 0],
        [1e-4, 1e4],
      ],
    },
  ],
} as const;

export const distributions: DistributionTable = {
  Normal: () => ({ ...locationScale, make: (mean, std) => new Normal(mean!, std!), golden: rows('Normal') }),
  'Normal (log-scale)': () => ({
    parameters: { location: [0.5, -1], logScale: [-0.4, 0.3] },
    make: (mean, logScale) => new Normal(mean!, { logScale: logScale! }),
    support: { kind: 'real', scale: 2 },
    extremes: [
      {
        x: [1, 1],
        parameters: [
          [0, 0],
          [-15, 15],
        ],
      },
    ],
  }),
  'Normal (numbers)': () => ({
    parameters: {},
    make: () => new Normal(1, 2, { shape: [2] }),
    support: { kind: 'real', center: 1, scale: 2 },
    golden: [{ x: [1, 1], logProb: [-1.612085713765, -1.612085713765], mean: [1, 1], variance: [4, 4] }],
  }),
  Logistic: () => ({
    ...locationScale,
    make: (mean, scale) => new Logistic(mean!, scale!),
    golden: rows('Logistic'),
  }),
  Laplace: () => ({
    ...locationScale,
    make: (mean, scale) => new Laplace(mean!, scale!),
    golden: rows('Laplace'),
  }),
  Uniform: () => ({
    parameters: { low: 0.5, high: 2 },
    make: (low, high) => new Uniform(low!, high!),
    support: { kind: 'real', from: 0.5, to: 2 },
    golden: rows('Uniform'),
    extremes: [
      {
        x: [0.4, 0.5, 2, 2.1, -1e30],
        logProb: [-Infinity, -Math.log(1.5), -Math.log(1.5), -Infinity, -Infinity],
      },
    ],
  }),
  Bernoulli: () => ({
    parameters: { logits: [0.4, -3] },
    make: (logits) => new Bernoulli(logits!),
    support: { kind: 'integers', from: 0, to: 1 },
    golden: rows('Bernoulli'),
    extremes: [
      {
        x: [
          [0, 1],
          [1, 0],
        ],
        parameters: [[1e4, 1e4]],
        logProb: [
          [-1e4, 0],
          [0, -1e4],
        ],
      },
      {
        x: [
          [-1, 2],
          [0.5, 1e9],
        ],
        logProb: [
          [-Infinity, -Infinity],
          [-Infinity, -Infinity],
        ],
      },
    ],
  }),
  ContinuousBernoulli: () => ({
    parameters: { logits: [0.3, -3] },
    make: (logits) => new ContinuousBernoulli(logits!),
    support: { kind: 'real', from: 0, to: 1 },
    pathwise: 'path',
    extremes: [
      { x: [-1e-6, 1.001], logProb: [-Infinity, -Infinity] },
      { x: [0, 1], parameters: [[0, 0]], logProb: [0, 0] },
    ],
  }),
  Categorical: () => ({
    parameters: {
      logits: [
        [0.3, -1.2, 2],
        [0, 1, 0.5],
      ],
    },
    make: (logits) => new Categorical(logits!),
    support: { kind: 'integers', from: 0, to: 2 },
    golden: rows('Categorical'),
    extremes: [
      { x: [-1, 3], logProb: [-Infinity, -Infinity] },
      { x: [0.5, 1e9], logProb: [-Infinity, -Infinity] },
      {
        x: [0, 1],
        parameters: [
          [
            [1e4, -1e4],
            [1e4, -1e4],
          ],
        ],
        logProb: [0, -2e4],
      },
    ],
  }),
  Independent: () => ({
    parameters: {
      mean: [
        [0.5, -1],
        [0, 2],
      ],
      std: [0.5, 2],
    },
    shared: ['std'],
    make: (mean, std) => new Independent(new Normal(mean!, std!), 1),
    support: { kind: 'real', scale: 2 },
  }),
  'Independent (categorical)': () => ({
    parameters: {
      logits: [
        [0.3, -1.2, 2],
        [0, 1, 0.5],
      ],
    },
    make: (logits) => new Independent(new Categorical(logits!), 1),
    support: { kind: 'events', events: everyEvent([0, 1, 2], 2) },
  }),
  standardNormal: () => ({
    parameters: {},
    make: () => standardNormal([2]),
    support: { kind: 'real' },
    golden: [
      { x: [1, 2], logProb: -4.337877066409, entropy: 2.837877066409, mean: [0, 0], variance: [1, 1] },
    ],
  }),
  'Independent (rank 0)': () => ({
    parameters: { mean: [0.5, -1] },
    make: (mean) => new Independent(new Normal(mean!, 1), 0),
    support: { kind: 'real' },
  }),
  MultivariateNormal: () => ({
    parameters: {
      mean: [[0.5, -1]],
      factor: [
        [1, 7],
        [-0.4, 0.8],
      ],
    },
    make: (mean, factor) => MultivariateNormal.lowerTriangular(mean!, factor!),
    support: { kind: 'real', scale: 1.5 },
    extremes: [{ x: [[1e6, -1e6]] }],
  }),
  'MultivariateNormal (golden)': () => ({
    parameters: {
      mean: [0.5, -1, 2],
      factor: [
        [1.5, 0, 0],
        [-0.4, 0.8, 0],
        [0.2, 1.1, 2],
      ],
    },
    make: (mean, factor) => MultivariateNormal.lowerTriangular(mean!, factor!),
    support: { kind: 'real', scale: 3 },
    golden: rows('MultivariateNormal'),
  }),
  'MultivariateNormal (batch of factors)': () => ({
    parameters: {
      mean: 0.5,
      factor: [
        [
          [1, 0],
          [-0.4, 0.8],
        ],
        [
          [0.5, 0],
          [1, 1.2],
        ],
      ],
    },
    make: (mean, factor) => MultivariateNormal.lowerTriangular(mean!, factor!),
    support: { kind: 'real', scale: 1.5 },
  }),
  'MultivariateNormal (diagonal)': () => ({
    parameters: { mean: [0.5, -1], logScale: [0.3, -0.4] },
    make: (mean, logScale) => MultivariateNormal.diagonal(mean!, { logScale: logScale! }),
    support: { kind: 'real', scale: 1.5 },
  }),
  Beta: () => ({
    parameters: { alpha: [1.3, 2.5], beta: [2.4, 1.5] },
    make: (alpha, beta) => new Beta(alpha!, beta!),
    support: { kind: 'real', from: 0, to: 1 },
    step: 2 ** -8,
    golden: rows('Beta'),
    extremes: [
      {
        x: [
          [0, 1],
          [-1, 2],
        ],
        logProb: [
          [-Infinity, -Infinity],
          [-Infinity, -Infinity],
        ],
      },
      { x: [1e-30, 1 - 2 ** -24] },
      {
        x: [1e-30, 0.5],
        parameters: [
          [1e-3, 1e3],
          [1e-3, 1e3],
        ],
      },
    ],
  }),
  Gamma: () => ({
    parameters: { concentration: [1.2, 2.5], rate: [0.5, 3] },
    make: (concentration, rate) => new Gamma(concentration!, rate!),
    support: { kind: 'real', from: 0 },
    step: 2 ** -8,
    golden: rows('Gamma'),
    extremes: [
      { x: [0, -1], logProb: [-Infinity, -Infinity] },
      { x: [1e-30, 1e30] },
      {
        x: [1e-30, 1e3],
        parameters: [
          [1e-3, 1e3],
          [1, 1],
        ],
      },
    ],
  }),
  Poisson: () => ({
    parameters: { rate: [0.7, 12.5] },
    make: (rate) => new Poisson(rate!),
    support: { kind: 'integers', from: 0, to: 60 },
    golden: rows('Poisson'),
    extremes: [
      { x: [-1, 0.5], logProb: [-Infinity, -Infinity] },
      { x: [Infinity, -Infinity], logProb: [-Infinity, -Infinity] },
      { x: [1e6, 3], parameters: [[1e-3, 1e6]] },
    ],
  }),
  'Poisson (log-rate)': () => ({
    parameters: { logRate: [-1, 3.5] },
    make: (logRate) => new Poisson({ logRate: logRate! }),
    support: { kind: 'integers', from: 0, to: 90 },
  }),
  StudentT: () => ({
    parameters: { degreesOfFreedom: [5, 12], location: [0.5, -1], scale: [0.7, 1.3] },
    make: (degreesOfFreedom, location, scale) => new StudentT(degreesOfFreedom!, location!, scale!),
    support: { kind: 'real', scale: 2 },
    golden: rows('StudentT'),
    extremes: [
      {
        x: [
          [1e4, -1e4],
          [1e15, -1e15],
        ],
      },
    ],
  }),
  'StudentT (known degrees of freedom)': () => ({
    parameters: { location: [0.5, -1], logScale: [-0.4, 0.3] },
    make: (location, logScale) => new StudentT(4, location!, { logScale: logScale! }),
    support: { kind: 'real', scale: 2 },
  }),
  TruncatedNormal: () => ({
    parameters: { mean: [0, 1], std: [1, 2] },
    make: (mean, std) => new TruncatedNormal(mean!, std!, { low: -0.5, high: 1.5 }),
    support: { kind: 'real', from: -0.5, to: 1.5 },
    extremes: [
      { x: [-0.6, 1.6], logProb: [-Infinity, -Infinity] },
      {
        x: [-0.5, 1.5],
        parameters: [
          [-8, 30],
          [1, 2],
        ],
      },
    ],
  }),
  'TruncatedNormal (tensor ends)': () => ({
    parameters: { mean: 0.2, std: 0.7, low: -1, high: 0.5 },
    make: (mean, std, low, high) => new TruncatedNormal(mean!, std!, { low: low!, high: high! }),
    support: { kind: 'real', from: -1, to: 0.5 },
    golden: rows('TruncatedNormal'),
  }),
  'TruncatedNormal (one end)': () => ({
    parameters: { mean: 0.3, std: 0.8 },
    make: (mean, std) => new TruncatedNormal(mean!, std!, { low: 1 }),
    support: { kind: 'real', from: 1 },
  }),
  DiscretizedLogistic: () => ({
    parameters: { mean: [0.3, -2.6], scale: [0.8, 2.5] },
    make: (mean, scale) => new DiscretizedLogistic(mean!, scale!),
    support: { kind: 'integers', from: -60, to: 60 },
    golden: rows('DiscretizedLogistic'),
    extremes: [
      {
        x: [1000, -1000],
        parameters: [
          [0, 0],
          [1e-3, 1e-3],
        ],
      },
      {
        x: [1000, -1000],
        parameters: [
          [0, 0],
          [1e3, 1e3],
        ],
      },
      { x: [0.5, -2.25], logProb: [-Infinity, -Infinity] },
    ],
  }),
  'DiscretizedLogistic (open edges)': () => ({
    parameters: { mean: [7.3, 14], logScale: [0.7, 1.5] },
    make: (mean, logScale) =>
      new DiscretizedLogistic(mean!, { logScale: logScale! }, { minimum: 0, maximum: 15 }),
    support: { kind: 'integers', from: 0, to: 15 },
    extremes: [
      { x: [-1, 16], logProb: [-Infinity, -Infinity] },
      {
        x: [0, 15],
        parameters: [
          [1000, -1000],
          [-6, -6],
        ],
      },
      {
        x: [0, 15],
        parameters: [
          [-1000, 1000],
          [-6, -6],
        ],
        logProb: [0, 0],
      },
    ],
  }),
  'DiscretizedLogistic (open edges, golden)': () => ({
    parameters: { mean: 7.3, scale: 2 },
    make: (mean, scale) => new DiscretizedLogistic(mean!, scale!, { minimum: 0, maximum: 15 }),
    support: { kind: 'integers', from: 0, to: 15 },
    golden: rows('DiscretizedLogistic (open edges)'),
  }),
  'DiscretizedLogistic (grid)': () => ({
    parameters: { mean: [0.1, -0.9], scale: [0.1, 0.5] },
    make: (mean, scale) => new DiscretizedLogistic(mean!, scale!, { minimum: -1, maximum: 1, step: 0.25 }),
    support: { kind: 'events', events: [-1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 1] },
  }),
  Mixture: () => ({
    parameters: {
      logits: [0.4, -0.6],
      mean: [
        [-1, -1],
        [2, 1],
      ],
      std: [
        [0.5, 1],
        [1.5, 0.7],
      ],
    },
    make: (logits, mean, std) => new Mixture(logits!, new Independent(new Normal(mean!, std!), 1)),
    support: { kind: 'real', scale: 2 },
    golden: rows('Mixture'),
    extremes: [{ x: [1e6, -1e6] }],
  }),
  'Mixture (of scalars, batch of weights)': () => ({
    parameters: {
      logits: [
        [0.4, -0.6],
        [0, 2],
      ],
      mean: [-1, 2],
    },
    shared: ['mean'],
    make: (logits, mean) => new Mixture(logits!, new Normal(mean!, 0.8)),
    support: { kind: 'real', scale: 2 },
  }),
  'Mixture (discretized logistic)': () => ({
    parameters: { logits: [0.4, -0.6], mean: [2.2, 11], scale: [0.5, 2] },
    make: (logits, mean, scale) =>
      new Mixture(logits!, new DiscretizedLogistic(mean!, scale!, { minimum: 0, maximum: 15 })),
    support: { kind: 'integers', from: 0, to: 15 },
    extremes: [{ x: [-1, 16], logProb: [-Infinity, -Infinity] }],
  }),
  'Mixture (one component)': () => ({
    parameters: { logits: [0.4], mean: [2.2], scale: [1.5] },
    make: (logits, mean, scale) =>
      new Mixture(logits!, new DiscretizedLogistic(mean!, scale!, { minimum: 0, maximum: 7 })),
    support: { kind: 'integers', from: 0, to: 7 },
  }),
  LogisticPixelMixture: () => ({
    parameters: {
      logits: [0.5, -0.75],
      mean: [
        [0.5, 1.25, 1],
        [2, -1, 1.5],
      ],
      logScale: [
        [-0.5, -1, 0.5],
        [-1, 1, -0.75],
      ],
      coefficients: [
        [0.75, -0.5, 0.25],
        [-0.25, 0.5, 0.875],
      ],
    },
    make: (logits, mean, logScale, coefficients) =>
      new LogisticPixelMixture(
        { logits: logits!, mean: mean!, logScale: logScale!, coefficients: coefficients! },
        3,
      ),
    support: { kind: 'events', events: everyEvent([0, 1, 2], 3) },
    extremes: [{ x: [-1, 0, 0], logProb: -Infinity }],
  }),
  'LogisticPixelMixture (two channels, batch)': () => ({
    parameters: {
      logits: [[0.2], [0.4]],
      mean: [[[0.5, 2]], [[4, 1]]],
      logScale: [[[-0.5, -1]], [[0.25, -4]]],
      coefficients: [[[0.75]], [[-0.5]]],
    },
    make: (logits, mean, logScale, coefficients) =>
      new LogisticPixelMixture(
        { logits: logits!, mean: mean!, logScale: logScale!, coefficients: coefficients! },
        5,
      ),
    support: { kind: 'events', events: everyEvent([0, 1, 2, 3, 4], 2) },
  }),
  'LogisticPixelMixture (eight values)': () => ({
    parameters: {
      logits: [0.5, -0.75],
      mean: [
        [1.5, 2.25, 6],
        [4, 3, 3.5],
      ],
      logScale: [
        [0.25, 0.5, 0.5],
        [-0.5, 1, 0],
      ],
      coefficients: [
        [0.75, -0.5, 0.25],
        [-0.25, 0.5, 0.875],
      ],
    },
    make: (logits, mean, logScale, coefficients) =>
      new LogisticPixelMixture(
        { logits: logits!, mean: mean!, logScale: logScale!, coefficients: coefficients! },
        8,
      ),
    support: { kind: 'events', events: everyEvent([0, 1, 2, 3, 4, 5, 6, 7], 3) },
    golden: rows('LogisticPixelMixture'),
  }),
  Transformed: () => ({
    parameters: { mean: [0.2, -0.4], std: [0.5, 0.8] },
    make: (mean, std) => new Transformed(new Normal(mean!, std!), new Exp()),
    support: { kind: 'real', from: 0 },
    step: 2 ** -8,
  }),
  'Transformed (falling)': () => ({
    parameters: { mean: [0.2, -0.4], std: [0.5, 0.8] },
    make: (mean, std) =>
      new Transformed(
        new Normal(mean!, std!),
        new Chain([new Affine({ scale: -2, shift: 1 }), new Sigmoid()]),
      ),
    support: { kind: 'real', from: 0, to: 1 },
    step: 2 ** -8,
  }),
  'Transformed (vectors)': () => ({
    parameters: { mean: [0.2, -0.4] },
    make: (mean) =>
      new Transformed(new Independent(new Normal(mean!, 1), 1), new Affine({ scale: 2, shift: 1 })),
    support: { kind: 'real', center: 1, scale: 3 },
  }),
};
