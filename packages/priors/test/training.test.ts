import { asLayer, conditional, Key, normalHead } from '@dgm/core';
import type { CallOptions, ConditionalDistribution } from '@dgm/core';
import { realNvp } from '@dgm/flows';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import {
  gtmPrior,
  gtmVampPrior,
  mixtureOfGaussiansPrior,
  modelPrior,
  resampledPrior,
  vampPrior,
} from '../src/index';
import { DensityModel } from './support/density-model';

/** A layer that keeps how it was called. */
function recorder(outputs: number) {
  const calls: CallOptions[] = [];
  const layer = asLayer((x, call) => {
    calls.push(call);
    return tf.tile(tf.sum(x, 1, true), [1, outputs]);
  });
  return { calls, layer };
}

const key = Key.of(0);
const components = normalHead({ shape: [2] });
const grid = { pointsPerAxis: 2 };
const pseudoInputs = () => tf.ones([3, 2]);

/** Priors with a network, and the calls of it. */
const priors: Readonly<
  Record<string, () => { prior: ConditionalDistribution; calls: readonly CallOptions[] }>
> = {
  gtmPrior: () => {
    const { layer, calls } = recorder(4);
    return { prior: gtmPrior({ network: layer, components, grid }), calls };
  },
  'gtmVampPrior (its network)': () => {
    const { layer, calls } = recorder(2);
    const encoder = conditional((x) => tf.tile(x, [1, 2]), components);
    return { prior: gtmVampPrior({ network: layer, encoder, grid }), calls };
  },
  resampledPrior: () => {
    const { layer, calls } = recorder(1);
    return { prior: resampledPrior({ network: layer, shape: [2], key, evaluationSamples: 16 }), calls };
  },
};

test.each(Object.entries(priors))('a network knows when it is in training: %s', (_, make) => {
  const { prior, calls } = make();
  tf.tidy(() => prior.given(undefined, { training: true, key }).logProb(tf.zeros([1, 2])));
  expect(calls.length).toBeGreaterThan(0);
  expect(calls.every(({ training, key: own }) => training === true && own !== undefined)).toBe(true);
  const before = calls.length;
  tf.tidy(() => prior.given().logProb(tf.zeros([1, 2])));
  expect(calls.slice(before).some(({ training }) => training === true)).toBe(false);
  prior.dispose();
});

test.each([
  ['vampPrior', (encoder: ConditionalDistribution) => vampPrior({ encoder, pseudoInputs, key })],
  ['gtmVampPrior', (encoder: ConditionalDistribution) => gtmVampPrior({ network: (u) => u, encoder, grid })],
])('%s evaluates its encoder without dropout, in training as at evaluation', (_, make) => {
  const { layer, calls } = recorder(4);
  const prior = make(conditional(layer, components));
  tf.tidy(() => prior.given(undefined, { training: true, key }).logProb(tf.zeros([1, 2])));
  expect(calls.length).toBeGreaterThan(0);
  expect(calls.some(({ training }) => training === true)).toBe(false);
  prior.dispose();
});

test('a context is refused by priors that take none', () => {
  const mixture = mixtureOfGaussiansPrior({ shape: [2], components: 2, key });
  expect(() => mixture.given(tf.zeros([1, 2]))).toThrow('context to be left out');
  mixture.dispose();
});

test('modelPrior refuses what is a prior as it is, and models without an exact likelihood', () => {
  const flow = realNvp({ dims: 2, couplings: 1, hidden: [4], key });
  expect(() => modelPrior(flow as never)).toThrow('give the model itself as the prior');
  flow.dispose();
  const mixture = mixtureOfGaussiansPrior({ shape: [2], components: 2, key });
  const model = new DensityModel([2], mixture);
  const bound = { ...model, likelihoodKind: 'lower-bound' } as never;
  expect(() => modelPrior(bound)).toThrow('to have an exact likelihood');
  model.dispose();
});

test.each([
  [
    'an unknown option',
    () => resampledPrior({ network: (z: tf.Tensor) => z, shape: [2], key, truncated: 5 } as never),
    'did you mean "truncation"',
  ],
  ['no key', () => mixtureOfGaussiansPrior({ shape: [2], components: 2 } as never), 'key'],
  ['no components', () => mixtureOfGaussiansPrior({ shape: [2], components: 0, key }), 'components'],
  [
    'weights of another name',
    () => mixtureOfGaussiansPrior({ shape: [2], components: 2, key, weights: 'fixed' as 'equal' }),
    'one of learned, equal',
  ],
  ['no encoder', () => vampPrior({ pseudoInputs, key } as never), 'encoder'],
])('%s is refused by name', (_, make, message) => {
  expect(make).toThrow(message);
});
