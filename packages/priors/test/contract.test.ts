import { conditional, normalHead, Key, mlp, Normal } from '@dgm/core';
import { describeCoverage, describeDistribution, describeModel } from '@dgm/testing';
import type { DistributionTable } from '@dgm/testing';
import { afterAll } from 'vitest';
import * as api from '../src/index';
import { aggregatedPosterior } from '../src/index';
import { priors } from './priors.cases';

const encoder = conditional(mlp([3, 8, 4], { key: Key.of(1) }), normalHead({ shape: [2] }));
afterAll(() => encoder.dispose());

const examples = [
  [1, 2, 3],
  [0, -4, 1],
  [5, 0, -1],
  [-2, -2, 2],
  [0.5, 3, -3],
];

const distributions: DistributionTable = {
  aggregatedPosterior: () => ({
    parameters: { x: examples },
    make: (x) => aggregatedPosterior(encoder, x),
    support: { kind: 'real', scale: 3 },
    differentiable: { parameters: [] },
  }),
  'aggregatedPosterior (scalar z, an encoder that is a function)': () => ({
    parameters: { x: [-3, 0, 1, 4] },
    make: (x) => aggregatedPosterior((some) => new Normal(some, 0.5), x),
    support: { kind: 'real', scale: 3 },
    differentiable: { parameters: ['x'] },
  }),
};

describeModel(priors);
describeDistribution(distributions);
describeCoverage({
  exports: api,
  tables: [priors, distributions],
  testedIn: {
    BaseMixturePrior: 'src/mixture/base-mixture-prior.test.ts',
    dataPseudoInputs: 'src/mixture/pseudo-inputs.test.ts',
    latentGrid: 'src/mixture/latent-grid.test.ts',
    meanPseudoInputs: 'src/mixture/pseudo-inputs.test.ts',
    randomPseudoInputs: 'src/mixture/pseudo-inputs.test.ts',
  },
});
