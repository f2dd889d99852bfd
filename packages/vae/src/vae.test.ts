import { adam, asLayer, bernoulliHead, evaluate, fit, normalHead, Key, mlp, Normal } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import '@dgm/testing';
import { describe, expect, test } from 'vitest';
import { elboTerms, logImportanceWeights } from './elbo';
import { exactLogLikelihood, linearVae, points } from '../test/support/linear-model';
import { vae } from './vae';

const mean = (values: Tensor) => tf.tidy(() => tf.mean(values).dataSync()[0]!);

describe('on a linear-Gaussian model', () => {
  test('with the true posterior every importance weight is the likelihood', () => {
    const model = linearVae();
    const x = points();
    const weights = model.logWeights(x, Key.of(3), 4).arraySync() as number[][];
    const exact = exactLogLikelihood(x).arraySync() as number[];
    for (const row of weights) row.forEach((weight, i) => expect(weight).toBeCloseTo(exact[i]!, 4));
    model.dispose();
  });

  test('with the true posterior the bound is tight', () => {
    const model = linearVae({ regularizer: 'monte-carlo' });
    const x = points();
    const bound = model.elbo(x, Key.of(3)).arraySync() as number[];
    const exact = exactLogLikelihood(x).arraySync() as number[];
    bound.forEach((value, i) => expect(value).toBeCloseTo(exact[i]!, 4));
    model.dispose();
  });

  test('with another posterior: ELBO < importance-sampled < exact, and the gap closes as K grows', () => {
    const model = linearVae({ posteriorShift: 0.4 });
    const x = tf.tidy(() => tf.tile(points(), [400, 1]));
    const exact = mean(exactLogLikelihood(x));
    const elbo = mean(model.elbo(x, Key.of(4)));
    const [few, more, many] = [2, 10, 200].map((k) => mean(model.logLikelihood(x, Key.of(5), k))) as [
      number,
      number,
      number,
    ];
    expect(elbo).toBeLessThan(few);
    expect(few).toBeLessThan(more);
    expect(more).toBeLessThan(many);
    expect(many).toBeLessThan(exact + 0.005);
    expect(exact - many).toBeLessThan((exact - elbo) / 20);
    model.dispose();
  });

  test('the terms make up the bound, and the weights of one draw are its sample', () => {
    const model = linearVae({ posteriorShift: 0.4, regularizer: 'monte-carlo' });
    const x = points();
    const { reconstruction, regularizer } = elboTerms(model, x, Key.of(7), 'monte-carlo');
    const bound = model.elbo(x, Key.of(7)).dataSync();
    const difference = tf.sub(reconstruction, regularizer).dataSync();
    expect(Array.from(bound)).toEqual(Array.from(difference));
    expect(Array.from(logImportanceWeights(model, x, Key.of(7), 1).dataSync())).toBeCloseToArray(
      Array.from(bound),
      {
        relative: 1e-5,
      },
    );
    model.dispose();
  });

  test('both regularizers have one expectation', () => {
    const x = tf.tidy(() => tf.tile(points(), [4000, 1]));
    const [closed, sampled] = [{}, { regularizer: 'monte-carlo' as const }].map((options) => {
      const model = linearVae({ posteriorShift: 0.4, ...options });
      const values = model.elbo(x, Key.of(6)).dataSync();
      model.dispose();
      return values;
    }) as [Float32Array, Float32Array];
    const difference = Array.from(closed, (value, i) => value - sampled[i]!);
    const average = difference.reduce((total, value) => total + value, 0) / difference.length;
    const variance =
      difference.reduce((total, value) => total + (value - average) ** 2, 0) / (difference.length - 1);
    expect(Math.abs(average)).toBeLessThan(4 * Math.sqrt(variance / difference.length));
  });
});

test('networks may be functions; variables of their own come with `asLayer`', async () => {
  const weights = tf.tidy(() => tf.variable(Key.of(2).normal([2, 3])));
  const model = vae({
    encoder: (x) => tf.concat([tf.slice(x, [0, 0], [-1, 2]), tf.zeros([x.shape[0]!, 2])], 1),
    decoder: asLayer((z) => tf.matMul(tf.tanh(z), weights), { parameters: { weights } }),
    posterior: normalHead({ shape: [2] }),
    likelihood: normalHead({ shape: [3], std: 1 }),
  });
  expect([...model.parameters()]).toEqual([['decoder/network/weights/weights', weights]]);
  const values = Float32Array.from({ length: 3 * 40 }, (_, i) => Math.sin(i));
  const train = { count: 40, shape: [3], values };
  const { curve } = await fit(
    model,
    { train },
    { key: Key.of(0), optimizer: adam(), batchSize: 8, epochs: 5 },
  );
  expect(curve.at(-1)!.train).toBeLessThan(curve[0]!.train);
  model.dispose();
  expect(weights.isDisposed).toBe(true);
});

describe('errors', () => {
  test('a batch of another shape is refused with both shapes', () => {
    const model = linearVae();
    expect(() => model.elbo(tf.zeros([2, 4]), Key.of(0))).toThrow('expected x of shape [n, 3], got [2, 4]');
    expect(() => model.elbo(tf.zeros([3]), Key.of(0))).toThrow('add a batch axis');
    model.dispose();
  });

  test('a prior over another space is refused when the model is made', () => {
    const parts = {
      encoder: mlp([3, 4], { key: Key.of(0) }),
      decoder: mlp([2, 3], { key: Key.of(1) }),
      posterior: normalHead({ shape: [2] }),
      likelihood: normalHead({ shape: [3], std: 1 }),
    };
    expect(() => vae({ ...parts, prior: new Normal(0, 1) })).toThrow(
      'expected prior with an event of shape [2]',
    );
  });
});

describe('on data that do not fit its likelihood', () => {
  const key = Key.of(1);
  const greys = { count: 4, shape: [8], values: new Float32Array(32).fill(0.5) };
  const model = () =>
    vae({
      encoder: mlp([8, 4], { key: key.fold('encoder') }),
      decoder: mlp([2, 8], { key: key.fold('decoder') }),
      posterior: normalHead({ shape: [2] }),
      likelihood: bernoulliHead({ shape: [8] }),
    });

  test('fit and evaluate name the values that a Bernoulli cannot have', async () => {
    const bits = model();
    const options = { key, optimizer: adam(), batchSize: 4, epochs: 1 };
    const message =
      /integers from 0 to 1, got 0.5 in row 0 at entry 0; binarize the data, or use continuousBernoulliHead/;
    await expect(fit(bits, { train: greys }, options)).rejects.toThrow(message);
    await expect(evaluate(bits, greys, { key })).rejects.toThrow(message);
    bits.dispose();
  });

  test('evaluate says that the bound is on a probability', async () => {
    const bits = model();
    const zeros = { ...greys, values: new Float32Array(32) };
    expect(await evaluate(bits, zeros, { key })).toMatchObject({
      kind: 'lower-bound',
      measure: 'probability',
    });
    bits.dispose();
  });
});
