import {
  bernoulliHead,
  categoricalHead,
  discretizedLogisticHead,
  Independent,
  Key,
  linearAnnealing,
  Mixture,
  mlp,
  Normal,
  normalHead,
} from '@dgm/core';
import type { DistributionHead } from '@dgm/core';
import { describeCoverage, describeDistribution, describeModel } from '@dgm/testing';
import type { DistributionTable, ModelTable } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { hierarchicalModels } from './hierarchical.cases';
import { codeModels } from './latent-codes.cases';
import * as api from '../src/index';
import {
  elboObjective,
  HouseholderNormal,
  HypersphericalUniform,
  iwaeObjective,
  vae,
  VonMisesFisher,
} from '../src/index';
import { posteriorModels } from './posteriors.cases';
import type { VaeOptions } from '../src/index';

const DIMS = 6;

function small(likelihood: DistributionHead, key: Key, options: Partial<VaeOptions> = {}) {
  return vae({
    encoder: mlp([DIMS, 16, 4], { key: key.fold('encoder') }),
    decoder: mlp([2, 16, likelihood.numParameters], { key: key.fold('decoder') }),
    posterior: normalHead({ shape: [2] }),
    likelihood,
    ...options,
  });
}

/** Two clusters of integers from 0 to `values` - 1. */
const integers = (values: number) => () =>
  tf.tidy(() => {
    const cluster = Key.of(1).bernoulli([32, 1], 0.5);
    const noise = Key.of(2).bernoulli([32, DIMS], 0.2);
    return tf.mul(tf.abs(tf.sub(tf.tile(cluster, [1, DIMS]), noise)), values - 1);
  });
const reals = () => tf.tidy(() => tf.add(Key.of(1).normal([32, DIMS]), 2));

const models: ModelTable = {
  'vae (categorical)': () => ({
    make: (key) => small(categoricalHead({ shape: [DIMS], levels: 5 }), key),
    data: integers(5),
    range: [0, 4],
  }),
  'vae (bernoulli)': () => ({
    make: (key) => small(bernoulliHead({ shape: [DIMS] }), key),
    data: integers(2),
    range: [0, 1],
  }),
  'vae (gaussian)': () => ({ make: (key) => small(normalHead({ shape: [DIMS] }), key), data: reals }),
  'vae (discretized logistic)': () => ({
    make: (key) => small(discretizedLogisticHead({ shape: [DIMS], levels: 5 }), key),
    data: integers(5),
    range: [0, 4],
  }),
  'vae (Monte-Carlo regularizer)': () => ({
    make: (key) => small(categoricalHead({ shape: [DIMS], levels: 5 }), key, { regularizer: 'monte-carlo' }),
    data: integers(5),
  }),
  'vae (mixture prior, no closed form)': () => ({
    make: (key) =>
      small(bernoulliHead({ shape: [DIMS] }), key, {
        prior: new Mixture([0, 0], new Independent(new Normal(0, 1, { shape: [2, 2] }), 1)),
      }),
    data: integers(2),
  }),
  'vae (annealed, with free bits)': () => ({
    make: (key) =>
      small(categoricalHead({ shape: [DIMS], levels: 5 }), key, {
        objective: elboObjective({
          weight: linearAnnealing({ steps: 10 }),
          freeBits: { nats: 0.1, groups: 'single' },
        }),
      }),
    data: integers(5),
  }),
  'vae (path gradient)': () => ({
    make: (key) =>
      small(categoricalHead({ shape: [DIMS], levels: 5 }), key, {
        objective: elboObjective({ gradient: 'path' }),
      }),
    data: integers(5),
  }),
  'vae (importance weighted)': () => ({
    make: (key) =>
      small(bernoulliHead({ shape: [DIMS] }), key, { objective: iwaeObjective({ numSamples: 3 }) }),
    data: integers(2),
  }),
  'vae (importance weighted, doubly reparameterized)': () => ({
    make: (key) =>
      small(bernoulliHead({ shape: [DIMS] }), key, {
        objective: iwaeObjective({ numSamples: 3, gradient: 'doubly-reparameterized' }),
      }),
    data: integers(2),
  }),
};

const distributions: DistributionTable = {
  HouseholderNormal: () => ({
    parameters: {
      mean: [0.5, -1],
      logScale: [-0.5, 0.3],
      vectors: [
        [1, 0.5],
        [-0.2, 2],
      ],
    },
    make: (mean, logScale, vectors) => new HouseholderNormal(mean!, { logScale: logScale! }, vectors!),
    support: { kind: 'real', scale: 2 },
    pathwise: 'path',
  }),
  VonMisesFisher: () => ({
    parameters: { direction: [0.6, -0.8], concentration: 2.5 },
    make: (direction, concentration) => new VonMisesFisher(direction!, concentration!),
    support: { kind: 'sphere' },
    pathwise: 'expectation',
  }),
  'VonMisesFisher (in three dimensions, batch)': () => ({
    parameters: {
      direction: [
        [0.2, 1, -0.5],
        [-1, 0.3, 0.4],
      ],
      concentration: [0.4, 6],
    },
    make: (direction, concentration) => new VonMisesFisher(direction!, concentration!),
    support: { kind: 'sphere' },
    pathwise: 'expectation',
    extremes: [
      {
        x: [
          [0, 0, 1],
          [1, 0, 0],
        ],
        parameters: [
          [
            [1, 0, 0],
            [0, 0, -1],
          ],
          [0, 1e5],
        ],
      },
    ],
  }),
  HypersphericalUniform: () => ({
    parameters: {},
    make: () => new HypersphericalUniform(4),
    support: { kind: 'sphere' },
  }),
};

describeDistribution(distributions);
describeModel({ ...models, ...posteriorModels, ...codeModels });
describeCoverage({
  exports: api,
  tables: [models, posteriorModels, codeModels, hierarchicalModels, distributions],
  testedIn: {
    OneHotCategorical: 'src/discrete/discrete.test.ts',
    adversarialPenalty: 'test/latent-codes.cases.ts',
    conditionalVae: 'src/conditional/conditional-vae.test.ts',
    gumbelSoftmax: 'src/discrete/discrete.test.ts',
    latentExamples: 'src/autoencoders/autoencoders.test.ts',
    latentNorm: 'src/autoencoders/autoencoders.test.ts',
    mmdPenalty: 'src/autoencoders/autoencoders.test.ts',
    characteristicVae: 'src/semi-supervised/characteristic-vae.test.ts',
    semiSupervisedVae: 'src/semi-supervised/semi-supervised-vae.test.ts',
    withLatentDensity: 'src/autoencoders/autoencoders.test.ts',
    BaseHierarchicalVae: 'src/hierarchical/hierarchical.test.ts',
    downscale: 'src/hierarchical/auxiliary-vae.test.ts',
    vonMisesFisher: 'src/posteriors/posteriors.test.ts',
    fullCovariance: 'src/posteriors/posteriors.test.ts',
    householder: 'src/posteriors/posteriors.test.ts',
    analyzeLatents: 'src/analysis/analysis.test.ts',
    analyzeLevels: 'src/analysis/analysis.test.ts',
    chiUpperBound: 'src/analysis/analysis.test.ts',
    elboObjective: 'src/objectives/objectives.test.ts',
    elboTerms: 'src/vae.test.ts',
    iwaeObjective: 'src/objectives/objectives.test.ts',
    logImportanceWeights: 'src/vae.test.ts',
    ppca: 'src/ppca/ppca.test.ts',
    ppcaExpectationMaximization: 'src/ppca/ppca.test.ts',
    ppcaMaximumLikelihood: 'src/ppca/ppca.test.ts',
  },
});
