import { compiled } from '@dgm/compile';
import { adam, DgmError, fit, Key, mlp } from '@dgm/core';
import type { Examples } from '@dgm/core';
import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { r1, r2 } from '../losses/gradient-penalty';
import { BiGan, biGan } from './bi-gan';
import type { BiGanOptions } from './bi-gan';

const key = Key.of(0);

const make = (codes: number, options: Partial<BiGanOptions> = {}): BiGan =>
  biGan({
    latent: 1,
    generator: mlp([1, 16, 2], { key: key.fold('generator'), activation: 'leakyRelu' }),
    encoder: mlp([2, 16, codes], { key: key.fold('encoder'), activation: 'leakyRelu' }),
    critic: mlp([3, 32, 1], { key: key.fold('critic'), activation: 'leakyRelu' }),
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

const errorOf = (model: BiGan): number =>
  tf.tidy(() => {
    const x = tf.tensor2d(points, [64, 2]);
    return tf.mean(tf.squaredDifference(x, model.reconstruct(x))).dataSync()[0]!;
  });

describe('biGan', () => {
  test.each([
    ['a code for each example (BiGAN)', 1],
    ['a distribution of codes (ALI)', 2],
  ])('learns to reconstruct without a loss of reconstructions, with %s', async (_, codes) => {
    const model = make(codes);
    expect(model).toBeInstanceOf(BiGan);
    const before = errorOf(model);
    const optimizer = adam({ learningRate: 1e-2, beta1: 0.5 });
    await fit(model, { train }, { key, optimizer, batchSize: 64, epochs: 400, engine: compiled() });
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

  test('exchanges the pairs for the generator: each gains what the other loses in a Wasserstein GAN', () => {
    const model = make(1, { loss: 'wasserstein', penalties: [] });
    tf.tidy(() => {
      const x = tf.tensor2d(points, [64, 2]);
      const [critic, generator] = model.objectives();
      const prepared = critic!.prepare!(x, key.fold('prepare'), { training: false });
      const [a, b] = [
        critic!.loss(x, key, { training: false, prepared }),
        generator!.loss(x, key, { training: false }),
      ].map(({ total }) => total.dataSync()[0]!);
      expect(a).toBeCloseTo(-b!, 5);
      expect(a).not.toBe(0);
    });
    model.dispose();
  });

  test.each<[string, Partial<BiGanOptions>, string]>([
    ['a misspelt option', { encodr: 1 } as object, 'encoder'],
    ['no encoder', { encoder: undefined as never }, 'encoder'],
    ['codes of another width', { encoder: mlp([2, 3], { key }) }, '[n, 1] or [n, 2]'],
    ['a critic of examples alone', { critic: mlp([2, 1], { key }) }, 'got [2, 3]'],
    ['half a level', { levels: 2.5 }, 'levels'],
  ])('refuses %s', (_, options, message) => {
    expect(() => make(1, options)).toThrow(DgmError);
    expect(() => make(1, options)).toThrow(message);
  });

  test('refuses examples of another shape', () => {
    const model = make(1);
    tf.tidy(() => {
      expect(() => model.encode(tf.zeros([2, 3]))).toThrow('BiGan.encode');
      expect(() => model.reconstruct(tf.zeros([2, 3]))).toThrow('BiGan.reconstruct');
      expect(() => model.sample(key, 1, { context: tf.zeros([1, 1]) })).toThrow('context');
    });
    model.dispose();
  });
});
