import { compiled } from '@dgm/compile';
import {
  adam,
  categoricalHead,
  DgmError,
  eager,
  fit,
  Key,
  maximumMeanDiscrepancy,
  mlp,
  normalHead,
  standardNormal,
} from '@dgm/core';
import type { Examples } from '@dgm/core';
import { glyphs } from '@dgm/data';
import { neuralSplineFlow } from '@dgm/flows';
import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { vae } from '../vae';
import { autoencoder } from './autoencoder';
import { latentExamples, withLatentDensity } from './latent-density';
import { adversarialPenalty, latentNorm, mmdPenalty } from './latent-penalties';

const key = Key.of(0);
const likelihood = categoricalHead({ shape: [64], levels: 17 });
const regularized = () =>
  autoencoder({
    encoder: mlp([64, 32, 2], { key: key.fold('encoder') }),
    decoder: mlp([2, 32, likelihood.numParameters], { key: key.fold('decoder') }),
    likelihood,
    latents: 2,
    penalty: latentNorm({ weight: 0.1 }),
  });
const some = (examples: Examples, count: number): Examples => ({
  ...examples,
  count,
  values: examples.values.slice(0, count * 64),
  ...(examples.labels && { labels: examples.labels.slice(0, count) }),
});

test('a penalty by maximum mean discrepancy refuses a batch of one', () => {
  const penalty = mmdPenalty({ prior: standardNormal([2]) });
  expect(() => tf.tidy(() => penalty.loss(tf.zeros([1, 2]), key, { training: true }))).toThrow(
    'no last batch of one',
  );
});

test('an adversarial penalty brings the latents to the prior: less than half of their discrepancy is left', async () => {
  const count = 256;
  const values = tf.tidy(() => {
    const centers = tf.tensor2d([
      [2, 0, 0, 1],
      [0, 2, 0, -1],
      [-2, 0, 1, 0],
      [0, -2, -1, 0],
    ]);
    const noise = tf.mul(0.3, key.fold('data').normal([count, 4]));
    return tf.add(tf.tile(centers, [count / 4, 1]), noise).dataSync() as Float32Array;
  });
  const train: Examples = { count, shape: [4], values };
  const [prior, ofPoints] = [standardNormal([2]), normalHead({ shape: [4] })];
  const discrepancyAt = async (weight: number): Promise<number> => {
    const critic = mlp([2, 16, 1], { key: key.fold('critic') });
    const model = autoencoder({
      encoder: mlp([4, 16, 2], { key: key.fold('encoder') }),
      decoder: mlp([2, 16, ofPoints.numParameters], { key: key.fold('decoder') }),
      likelihood: ofPoints,
      latents: 2,
      penalty: adversarialPenalty({ prior, critic, weight }),
    });
    await fit(
      model,
      { train },
      { key, optimizer: adam({ learningRate: 5e-3 }), batchSize: 64, epochs: 60, engine: eager() },
    );
    const codes = tf.tidy(() => model.encode(tf.tensor2d(values, [count, 4])));
    const draws = prior.sample(key.fold('draws'), [count]);
    const discrepancy = await maximumMeanDiscrepancy(codes, draws, { bandwidth: 1 });
    tf.dispose([codes, draws]);
    model.dispose();
    return discrepancy;
  };
  // Everything else is the same without the penalty, the initial weights and the batches as well.
  const without = await discrepancyAt(0);
  expect(without).toBeGreaterThan(0.1);
  expect(await discrepancyAt(3)).toBeLessThan(without / 2);
});

describe('an auto-encoder with a penalty on the norm', () => {
  test('pays half the squared norm times the weight', () => {
    tf.tidy(() => {
      const z = tf.tensor2d([
        [3, 4],
        [0, 1],
      ]);
      expect(latentNorm({ weight: 0.2 }).loss(z, key, { training: true }).dataSync()[0]).toBeCloseTo(
        0.1 * 13,
        5,
      );
    });
  });

  test('says how samples are to be had', () => {
    const model = regularized();
    const error = (() => {
      try {
        return model.sample(key, 1);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(DgmError.is(error, 'unsupported') && error.message).toContain('withLatentDensity');
    model.dispose();
  });

  test('samples from a density fitted to its latents, which lie where the data are', async () => {
    const data = { train: some(glyphs({ seed: 0 }).train, 256) };
    const model = regularized();
    const optimizer = adam({ learningRate: 3e-3 });
    const { curve } = await fit(model, data, {
      key,
      optimizer,
      batchSize: 64,
      epochs: 10,
      engine: compiled(),
    });
    expect(curve.at(-1)!.train).toBeLessThan(curve[0]!.train - 20);
    const latents = await latentExamples(model, data.train, { chunkSize: 100 });
    expect(latents).toMatchObject({ count: 256, shape: [2] });
    tf.tidy(() => {
      const whole = model.encode(tf.tensor2d(Float32Array.from(data.train.values), [256, 64]));
      expect(latents.values).toBeCloseToArray([...whole.dataSync()], { absolute: 1e-4 });
    });

    const density = neuralSplineFlow({ dims: 2, key: key.fold('density'), layers: 2, hidden: [16] });
    await fit(density, { train: latents }, { key, optimizer, batchSize: 64, epochs: 3, engine: compiled() });
    const generator = withLatentDensity(model, density);
    expectNoLeaks(() => generator.sample(key, 3).dispose(), 'sample');
    const samples = generator.sample(key, 5);
    expect(samples.shape).toEqual([5, 64]);
    samples.dispose();
    generator.dispose();
  });

  test('refuses a density of another shape', () => {
    const [model, density] = [regularized(), neuralSplineFlow({ dims: 3, key, layers: 1, hidden: [4] })];
    expect(() => withLatentDensity(model, density)).toThrow('of events of shape [2]');
    model.dispose();
    density.dispose();
  });
});

test('latentExamples takes the means of a posterior, and keeps labels: M1', async () => {
  const model = vae({
    encoder: mlp([64, 16, 4], { key }),
    decoder: mlp([2, 16, likelihood.numParameters], { key }),
    posterior: normalHead({ shape: [2] }),
    likelihood,
  });
  const examples = some(glyphs({ seed: 0 }).test, 20);
  const latents = await latentExamples(model, examples);
  expect(latents.labels).toEqual(examples.labels);
  tf.tidy(() => {
    const means = model.encode(tf.tensor2d(Float32Array.from(examples.values), [20, 64])).mean();
    expect(latents.values).toBeCloseToArray([...means.dataSync()], { absolute: 1e-5 });
  });
  model.dispose();
});
