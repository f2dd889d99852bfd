import {
  Bernoulli,
  Categorical,
  Independent,
  Laplace,
  Logistic,
  Normal,
  standardNormal,
  Uniform,
} from '@dgm/core';
import { describeDistribution, everyEvent, type DistributionTable, type GoldenRow } from '@dgm/testing';
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

export const distributionTable: DistributionTable = {
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
    pathwise: 'none',
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
    pathwise: 'none',
    make: () => standardNormal([2]),
    support: { kind: 'real' },
    golden: [
      { x: [1, 2], logProb: -4.337877066409, entropy: 2.837877066409, mean: [0, 0], variance: [1, 1] },
    ],
  }),
};

describeDistribution(distributionTable);
