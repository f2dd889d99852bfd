import { compiled } from '@dgm/compile';
import { adam, DgmError, fit, Key, mlp, prepareLoss } from '@dgm/core';
import type { Examples, LossTerms } from '@dgm/core';
import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { r1, r2 } from '../losses/gradient-penalty';
import { VaeGan, vaeGan } from './vae-gan';
import type { VaeGanOptions } from './vae-gan';

const key = Key.of(0);

const make = (options: Partial<VaeGanOptions> = {}): VaeGan =>
  vaeGan({
    latent: 1,
    generator: mlp([1, 16, 2], { key: key.fold('generator'), activation: 'leakyRelu' }),
    encoder: mlp([2, 16, 2], { key: key.fold('encoder'), activation: 'leakyRelu' }),
    features: mlp([2, 16], { key: key.fold('features'), outputActivation: 'leakyRelu' }),
    critic: mlp([16, 16, 1], { key: key.fold('critic'), activation: 'leakyRelu' }),
    penalties: [r1({ gamma: 0.1 }), r2({ gamma: 0.1 })],
    ...options,
  });

/** Points along a line, of which one number says almost all. */
const points = tf.tidy(
  () =>
    tf
      .add(tf.mul(key.fold('t').normal([64, 1]), [[1, -1]]), tf.mul(0.05, key.normal([64, 2])))
      .dataSync() as Float32Array,
);
const train: Examples = { count: 64, shape: [2], values: points };

const errorOf = (model: VaeGan): number =>
  tf.tidy(() => {
    const x = tf.tensor2d(points, [64, 2]);
    return tf.mean(tf.squaredDifference(x, model.reconstruct(x))).dataSync()[0]!;
  });

describe('vaeGan', () => {
  test('learns to reconstruct by the features of its critic', async () => {
    const model = make();
    expect(model).toBeInstanceOf(VaeGan);
    const before = errorOf(model);
    const optimizer = adam({ learningRate: 1e-2, beta1: 0.5 });
    await fit(model, { train }, { key, optimizer, batchSize: 64, epochs: 100, engine: compiled() });
    expect(errorOf(model)).toBeLessThan(before / 5);
    expectNoLeaks(() => {
      const x = tf.zeros([3, 2]);
      const [code, again] = [model.encode(x), model.reconstruct(x)];
      expect([code.shape, again.shape]).toEqual([
        [3, 1],
        [3, 2],
      ]);
      tf.dispose([x, code, again]);
    });
    model.dispose();
  });

  test('has the terms of the paper: a divergence from the prior, the error of features, and the loss of a GAN', () => {
    // z = x / 2 but for noise of no size, and G(z) = 3 z: a reconstruction is 1.5 x, and its features, 2 x, differ by |x|^2.
    const logVariance = -40;
    const model = make({
      ...{ latent: 2, loss: 'wasserstein', penalties: [], reconstructionWeight: 0.25 },
      encoder: (x: Tensor) =>
        tf.concat([tf.mul(x, 0.5), tf.fill(x.shape as [number, number], logVariance)], 1),
      generator: (z: Tensor) => tf.mul(z, 3),
      features: (x: Tensor) => tf.mul(x, 2),
      critic: (f: Tensor) => tf.sum(f, 1, true),
    });
    tf.tidy(() => {
      const x = tf.tensor2d([
        [1, 2],
        [-1, 0],
      ]);
      const [critic, generator, encoder] = model.objectives().map((objective): LossTerms => {
        const options = prepareLoss(objective, x, key, { training: true });
        return objective.loss(x, key, options);
      });
      const valueOf = (term: Tensor | undefined): number => term!.dataSync()[0]!;
      const meanSquare = (5 + 1) / 2;
      expect(valueOf(encoder!['reconstruction'])).toBeCloseTo(meanSquare / 2, 5);
      expect(valueOf(encoder!['prior'])).toBeCloseTo(0.5 * (meanSquare / 4 - 2 - 2 * logVariance), 4);
      expect(valueOf(generator!['reconstruction'])).toBeCloseTo((0.25 * meanSquare) / 2, 5);
      // Scores are 2 (x1 + x2): 2 on average for examples, 3 for reconstructions; the samples are the same of both.
      const ofSamples = 2 * valueOf(critic!.total) + 2 * 2 - 3;
      const z = key.fold('fakes').fold('z').normal([2, 2]);
      const drawn = (2 * 3 * tf.sum(z).dataSync()[0]!) / 2;
      expect(valueOf(generator!['loss'])).toBeCloseTo(-(3 + drawn) / 2, 4);
      const own = key.fold('prepare').fold('z').normal([2, 2]);
      expect(ofSamples).toBeCloseTo((2 * 3 * tf.sum(own).dataSync()[0]!) / 2, 3);
    });
    model.dispose();
  });

  test('clips all weights of its critic', async () => {
    const model = make({ loss: 'wasserstein', penalties: [], weightClip: 0.01 });
    await fit(model, { train }, { key, optimizer: adam(), batchSize: 64, epochs: 1 });
    for (const network of [model.features, model.critic])
      for (const weight of network.parameters().values())
        expect(Math.max(...weight.dataSync().map(Math.abs))).toBeLessThan(0.0101);
    model.dispose();
  });

  test.each<[string, Partial<VaeGanOptions>, string]>([
    ['a misspelt option', { featurs: 1 } as object, 'features'],
    ['no encoder', { encoder: undefined as never }, 'encoder'],
    ['an encoder without variances', { encoder: mlp([2, 1], { key }) }, '[n, 2]'],
    ['a critic of examples', { critic: mlp([2, 1], { key }) }, 'Dense'],
    ['a negative weight', { reconstructionWeight: -1 }, 'reconstructionWeight'],
    ['half a level', { levels: 2.5 }, 'levels'],
  ])('refuses %s', (_, options, message) => {
    expect(() => make(options)).toThrow(DgmError);
    expect(() => make(options)).toThrow(message);
  });

  test('refuses examples of another shape', () => {
    const model = make();
    tf.tidy(() => {
      expect(() => model.encode(tf.zeros([2, 3]))).toThrow('VaeGan.encode');
      expect(() => model.reconstruct(tf.zeros([2, 3]))).toThrow('VaeGan.reconstruct');
      expect(() => model.sample(key, 1, { context: tf.zeros([1, 1]) })).toThrow('context');
    });
    model.dispose();
  });
});
