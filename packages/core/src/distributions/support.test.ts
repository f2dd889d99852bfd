import {
  Bernoulli,
  Categorical,
  checkSameSpace,
  Independent,
  Mixture,
  Normal,
  standardNormal,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';

test('distributions say what space they are over', () => {
  tf.tidy(() => {
    expect(standardNormal([2]).space).toBe('reals');
    expect(new Bernoulli(0).space).toBe('integers');
    expect(new Independent(new Categorical(tf.zeros([2, 3])), 1).space).toBe('integers');
    expect(new Mixture([0, 0], new Normal(tf.zeros([2]), 1)).space).toBe('reals');
  });
});

test('densities over different spaces are refused, and what says nothing passes', () => {
  const normal = standardNormal([2]);
  expect(() => checkSameSpace('vae', 'prior', normal, { space: 'sphere' })).toThrow(
    'vae: expected prior to be a distribution over the unit sphere, got one over real numbers',
  );
  expect(() => checkSameSpace('vae', 'prior', normal, normal)).not.toThrow();
  expect(() => checkSameSpace('vae', 'prior', normal, {})).not.toThrow();
});
