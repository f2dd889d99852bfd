import { compiled } from '@dgm/compile';
import { adam, asLayer, DgmError, fit, Key, mlp, Normal, Sequential, standardNormal } from '@dgm/core';
import type { Examples } from '@dgm/core';
import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { HierarchicalImplicitModel, hierarchicalImplicitModel } from './hierarchical-implicit-model';
import type { HierarchicalImplicitModelOptions } from './hierarchical-implicit-model';

const key = Key.of(0);

/** x = b + .7 z + .5 e, of which nothing is used but draws. */
const [LOCAL, NOISE] = [0.7, 0.5];
const COUNT = 20;

/** All products of two of the variables, and the variables: what an exact log-ratio is affine in. */
const products = (told: Tensor): Tensor => {
  const width = told.shape[1]!;
  const pairs = Array.from({ length: width }, (_, index) =>
    tf.mul(told, tf.slice(told, [0, index], [-1, 1])),
  );
  return tf.concat([told, ...pairs], 1);
};
const quadratic = (width: number) =>
  new Sequential([asLayer(products), mlp([width + width ** 2, 1], { key: key.fold('ratio') })]);

const make = (options: Partial<HierarchicalImplicitModelOptions> = {}): HierarchicalImplicitModel =>
  hierarchicalImplicitModel({
    ...{ prior: standardNormal([1]), locals: 1, noise: 1, count: COUNT },
    simulator: (told: Tensor) => tf.matMul(told, tf.tensor2d([[1], [LOCAL], [NOISE]])),
    encoder: mlp([2, 2], { key: key.fold('encoder') }),
    ratio: quadratic(3),
    ...options,
  });

const values = tf.tidy(() => {
  const std = Math.hypot(LOCAL, NOISE);
  return tf.add(1, tf.mul(std, key.fold('data').normal([COUNT]))).dataSync() as Float32Array;
});
/** Each of them ten times, so that a batch says more of the ratio. */
const REPEATS = 10;
const train: Examples = {
  count: COUNT * REPEATS,
  shape: [1],
  values: Float32Array.from({ length: COUNT * REPEATS }, (_, row) => values[row % COUNT]!),
};

/** The posterior of the mean b of normal numbers whose variance is known, with a standard normal prior. */
function exactPosterior(variance: number): { readonly mean: number; readonly std: number } {
  const precision = 1 + COUNT / variance;
  const sum = values.reduce((total, value) => total + value, 0);
  return { mean: sum / variance / precision, std: 1 / Math.sqrt(precision) };
}

const posteriorOf = (model: HierarchicalImplicitModel): { readonly mean: number; readonly std: number } =>
  tf.tidy(() => {
    const posterior = model.posterior();
    const { variance } = tf.moments(posterior.sample(key, [4000]));
    return { mean: posterior.mean().dataSync()[0]!, std: Math.sqrt(variance.dataSync()[0]!) };
  });

describe('hierarchicalImplicitModel', () => {
  test.each<[string, Partial<HierarchicalImplicitModelOptions>, number]>([
    ['latent variables of each example', {}, LOCAL ** 2 + NOISE ** 2],
    [
      'none',
      {
        ...{ locals: 0, encoder: undefined as never, ratio: quadratic(2) },
        simulator: (told: Tensor) => tf.matMul(told, tf.tensor2d([[1], [Math.hypot(LOCAL, NOISE)]])),
      },
      LOCAL ** 2 + NOISE ** 2,
    ],
  ])(
    'finds the posterior of the conjugate model by simulations alone, with %s',
    async (_, options, variance) => {
      const model = make(options);
      expect(model).toBeInstanceOf(HierarchicalImplicitModel);
      await fit(
        model,
        { train },
        {
          ...{ key, batchSize: train.count, epochs: 800, engine: compiled() },
          optimizer: { ratio: adam({ learningRate: 2e-2 }), posterior: adam({ learningRate: 1e-2 }) },
          ema: { posterior: { decay: 0.99 } },
        },
      );
      const [exact, found] = [exactPosterior(variance), posteriorOf(model)];
      expect(Math.abs(found.mean - exact.mean)).toBeLessThan(0.1);
      expect(found.std / exact.std).toBeGreaterThan(0.8);
      expect(found.std / exact.std).toBeLessThan(1.25);
      model.dispose();
    },
  );

  test('draws examples of the posterior, and frees what it makes', () => {
    const model = make();
    expectNoLeaks(() => {
      const samples = model.sample(key, 2000);
      tf.tidy(() => {
        const { variance } = tf.moments(samples);
        // The posterior is standard normal at the start.
        expect(variance.dataSync()[0]).toBeCloseTo(1 + LOCAL ** 2 + NOISE ** 2, 0);
      });
      expect(samples.shape).toEqual([2000, 1]);
      samples.dispose();
    });
    model.dispose();
  });

  test.each<[string, Partial<HierarchicalImplicitModelOptions>, string]>([
    ['a misspelt option', { simulatr: 1 } as object, 'simulator'],
    ['no ratio', { ratio: undefined as never }, 'ratio'],
    ['latent variables without an encoder', { encoder: undefined as never }, 'encoder'],
    ['an encoder without latent variables', { locals: 0 }, 'encoder'],
    ['an encoder without variances', { encoder: mlp([2, 1], { key }) }, '[n, 2]'],
    ['a ratio of examples alone', { ratio: mlp([1, 1], { key }) }, 'Dense'],
    ['a prior of numbers', { prior: new Normal(0, 1) }, 'prior'],
    ['no noise', { noise: 0 }, 'noise'],
    ['no examples', { count: 0 }, 'count'],
  ])('refuses %s', (_, options, message) => {
    expect(() => make(options)).toThrow(DgmError);
    expect(() => make(options)).toThrow(message);
  });
});
