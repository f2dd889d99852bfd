import { Dense, normalHead, Independent, Key, Mixture, Normal } from '@dgm/core';
import '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { exactLogLikelihood, linearVae, points } from '../../test/support/linear-model';
import { topDownVae } from '../hierarchical/top-down-vae';
import { vae } from '../vae';
import { analyzeLatents } from './analyze-latents';
import { analyzeLevels } from './analyze-levels';
import { chiUpperBound } from './chi-upper-bound';

/** Draws of the linear model, whose posterior is the true one. */
function draws(count: number) {
  const model = linearVae();
  const values = tf.tidy(() => model.sample(Key.of(8), count).dataSync()) as Float32Array;
  model.dispose();
  return { count, shape: [3], values };
}

describe('analyzeLatents', () => {
  test('takes the bound apart into terms that add up', async () => {
    const model = linearVae();
    const before = tf.memory().numTensors;
    const parts = await analyzeLatents(model, draws(300), { key: Key.of(1), chunkSize: 64 });
    expect(tf.memory().numTensors).toBe(before);
    const { elbo, reconstruction, crossEntropy, posteriorEntropy, aggregatedEntropy } = parts;
    expect(elbo).toBeCloseTo(reconstruction - crossEntropy + posteriorEntropy, 6);
    expect(parts.mutualInformation).toBeCloseTo(aggregatedEntropy - posteriorEntropy, 6);
    expect(parts.mutualInformation + parts.marginalDivergence).toBeCloseTo(
      crossEntropy - posteriorEntropy,
      6,
    );
    expect(parts.activeUnits).toBe(2);
    expect(parts.warning).toBeUndefined();
    model.dispose();
  });

  test('does not depend on the size of its chunks but for the draws', async () => {
    const model = linearVae();
    const examples = draws(50);
    const [whole, parts] = [
      await analyzeLatents(model, examples, { key: Key.of(1), chunkSize: 50 }),
      await analyzeLatents(model, examples, { key: Key.of(1), chunkSize: 49 }),
    ];
    expect(parts.meanVariances).toBeCloseToArray([...whole.meanVariances], { relative: 1e-5 });
    expect(Math.abs(parts.mutualInformation - whole.mutualInformation)).toBeLessThan(0.2);
    model.dispose();
  });

  test('finds the mutual information of a model that is known: half a log of the determinant', async () => {
    const model = linearVae();
    const { mutualInformation, marginalDivergence, posteriorEntropy } = await analyzeLatents(
      model,
      draws(1000),
      {
        key: Key.of(2),
      },
    );
    // The prior is the aggregated posterior of the model's own draws, so I = H[p(z)] - H[p(z|x)], in 2 dimensions.
    const priorEntropy = 1 + Math.log(2 * Math.PI);
    expect(Math.abs(mutualInformation - (priorEntropy - posteriorEntropy))).toBeLessThan(0.15);
    expect(Math.abs(marginalDivergence)).toBeLessThan(0.15);
    model.dispose();
  });

  test('splits the marginal divergence where posterior and prior are products', async () => {
    const model = linearVae();
    const parts = await analyzeLatents(model, draws(300), { key: Key.of(4) });
    expect(parts.totalCorrelation! + parts.dimensionwiseDivergence!).toBeCloseTo(parts.marginalDivergence, 5);
    // The model's own draws have independent latent variables.
    expect(Math.abs(parts.totalCorrelation!)).toBeLessThan(0.2);
    model.dispose();
    const tied = linearVae({
      prior: new Mixture([0], new Independent(new Normal(0, 1, { shape: [1, 2] }), 1)),
    });
    const { totalCorrelation, dimensionwiseDivergence } = await analyzeLatents(tied, draws(50), {
      key: Key.of(4),
    });
    expect([typeof totalCorrelation, typeof dimensionwiseDivergence]).toEqual(['number', 'undefined']);
    tied.dispose();
  });

  test('finds the total correlation of two variables that are copies, -ln(1 - r^2) / 2 of the aggregate', async () => {
    // q(z|x) = N((x, x), 0.5^2) of x ~ N(0, 1): variances 1.25, correlation 1 / 1.25.
    const model = vae({
      encoder: (x) => tf.concat([x, x, tf.fill([x.shape[0]!, 2], 2 * Math.log(0.5))], 1),
      decoder: (z) => tf.sum(z, 1, true),
      posterior: normalHead({ shape: [2] }),
      likelihood: normalHead({ shape: [1], std: 1 }),
    });
    const values = tf.tidy(() => Key.of(5).normal([1000]).dataSync()) as Float32Array;
    const { totalCorrelation } = await analyzeLatents(
      model,
      { count: 1000, shape: [1], values },
      { key: Key.of(6) },
    );
    expect(Math.abs(totalCorrelation! + 0.5 * Math.log(1 - (1 / 1.25) ** 2))).toBeLessThan(
      (4 * 0.8) / Math.sqrt(1000),
    );
  });

  test('warns of latent variables that say nothing', async () => {
    const model = vae({
      encoder: new Dense({ inputs: 3, outputs: 8, key: Key.of(0) }),
      decoder: new Dense({ inputs: 4, outputs: 3, key: Key.of(1) }),
      posterior: normalHead({ shape: [4] }),
      likelihood: normalHead({ shape: [3], std: 1 }),
    });
    tf.tidy(() => model.parameters().forEach((variable) => variable.assign(tf.zerosLike(variable))));
    const { activeUnits, mutualInformation, warning } = await analyzeLatents(model, draws(100), {
      key: Key.of(3),
    });
    expect(activeUnits).toBe(0);
    expect(Math.abs(mutualInformation)).toBeLessThan(1e-4);
    expect(warning).toContain('only 0 of 4 latent variables');
    model.dispose();
  });
});

describe('analyzeLevels', () => {
  const identity = (r: Tensor) => r;
  /** z2 says nothing, z1 all: two variables of z1, one of which is the prior's. */
  const model = topDownVae({
    levels: [
      {
        latent: 2,
        bottomUp: identity,
        // z1 = x in the first variable; the second stays as it is.
        evidence: (x) => tf.concat([x, tf.zerosLike(x), tf.tile([[-1, 0]], [x.shape[0]!, 1])], 1),
        prior: (z2) => tf.zeros([z2.shape[0]!, 4]),
      },
      { latent: 1, bottomUp: identity, evidence: (x) => tf.zeros([x.shape[0]!, 2]) },
    ],
    decoder: (z) => tf.sum(z, 1, true),
    likelihood: normalHead({ shape: [1], std: 1 }),
  });
  const examples = { count: 5, shape: [1], values: Float32Array.of(-2, -1, 0, 1, 2) };

  test('gives what each variable of each level holds, and leaves nothing behind', async () => {
    const before = tf.memory().numTensors;
    const { elbo, reconstruction, levels } = await analyzeLevels(model, examples, {
      key: Key.of(7),
      chunkSize: 2,
    });
    expect(tf.memory().numTensors).toBe(before);
    const held = 0.5 * (2 + Math.exp(-1) + 1 - 1); // the mean of x^2 is 2
    expect(levels[0]!.perVariable).toBeCloseToArray([held, 0], { relative: 1e-5, absolute: 1e-6 });
    expect(levels.map(({ activeUnits }) => activeUnits)).toEqual([1, 0]);
    expect(elbo).toBeCloseTo(reconstruction - held, 5);
  });

  test('names the level that has collapsed', async () => {
    const { warning } = await analyzeLevels(model, examples, { key: Key.of(8) });
    expect(warning).toContain('only 0 of 1 variables of z2 are used');
    expect(warning).not.toContain('z1');
  });

  test('has one number for a level whose variables are tied together', async () => {
    const tied = topDownVae({
      levels: [{ latent: 2, bottomUp: identity, evidence: (x) => tf.zeros([x.shape[0]!, 4]) }],
      decoder: (z) => tf.sum(z, 1, true),
      likelihood: normalHead({ shape: [1], std: 1 }),
      topPrior: new Mixture([0], new Independent(new Normal(0, 1, { shape: [1, 2] }), 1)),
    });
    const { levels, warning } = await analyzeLevels(tied, examples, { key: Key.of(9) });
    expect(Object.keys(levels[0]!)).toEqual(['regularizer']);
    expect(levels[0]!.regularizer).toBeCloseTo(0, 5); // the posterior is the prior
    expect(warning).toBeUndefined();
  });
});

describe('chiUpperBound', () => {
  test('brackets the likelihood together with the ELBO', () => {
    const model = linearVae({ posteriorShift: 0.2 });
    tf.tidy(() => {
      const x = points();
      const exact = exactLogLikelihood(x).arraySync() as number[];
      const upper = chiUpperBound(model, x, { key: Key.of(1), numSamples: 20_000 }).arraySync() as number[];
      const lower = tf.mean(model.logWeights(x, Key.of(2), 2000), 0).arraySync() as number[];
      exact.forEach((value, i) => {
        expect(lower[i]).toBeLessThan(value);
        expect(upper[i]).toBeGreaterThan(value);
        expect(upper[i]! - value).toBeLessThan(1);
      });
    });
    model.dispose();
  });

  test('is the likelihood at the true posterior', () => {
    const model = linearVae();
    tf.tidy(() => {
      const x = points();
      const upper = chiUpperBound(model, x, { key: Key.of(1), numSamples: 5, order: 3 }).dataSync();
      expect(upper).toBeCloseToArray([...exactLogLikelihood(x).dataSync()], { relative: 1e-4 });
      expect(() => chiUpperBound(model, x, { key: Key.of(1), numSamples: 5, order: 1 })).toThrow(
        'order to be a number above 1',
      );
    });
    model.dispose();
  });
});
