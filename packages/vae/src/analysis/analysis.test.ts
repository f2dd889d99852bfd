import { Dense, gaussian, Key } from '@dgm/core';
import '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { exactLogLikelihood, linearVae, points } from '../../test/support/linear-model';
import { vae } from '../vae';
import { analyzeLatents } from './analyze-latents';
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
      draws(1500),
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

  test('warns of latent variables that say nothing', async () => {
    const model = vae({
      encoder: new Dense({ inputs: 3, outputs: 8, key: Key.of(0) }),
      decoder: new Dense({ inputs: 4, outputs: 3, key: Key.of(1) }),
      posterior: gaussian({ shape: [4] }),
      likelihood: gaussian({ shape: [3], std: 1 }),
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
        'more than 1',
      );
    });
    model.dispose();
  });
});
