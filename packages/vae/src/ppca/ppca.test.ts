import { choleskyFactor, DgmError, evaluate, Key, MultivariateNormal } from '@dgm/core';
import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { ppcaExpectationMaximization } from './expectation-maximization';
import { ppcaMaximumLikelihood } from './maximum-likelihood';
import { ppca } from './ppca';
import type { Ppca } from './ppca';

const truth = {
  weights: [
    [2, 0.5],
    [-1, 0.5],
    [0, 2],
    [1, 1],
  ],
  bias: [0.3, -0.2, 5, 1],
  noiseVariance: 0.25,
};

/** Draws of the true model. */
function data(count: number, missing = 0) {
  const model = ppca(truth);
  const values = tf.tidy(() => model.sample(Key.of(1), count).dataSync()) as Float32Array;
  const holes = Key.of(2).generator();
  model.dispose();
  return { count, shape: [4], values: values.map((value) => (holes.uniform() < missing ? NaN : value)) };
}

const parameter = (model: Ppca, path: string) => [...model.parameters().get(path)!.dataSync()];
const nats = async (model: Ppca, examples: ReturnType<typeof data>) =>
  (await evaluate(model, examples, { key: Key.of(0) })).nats;

describe('ppca', () => {
  test('has the density of a normal distribution with the covariance W W^T + sigma^2 I', () => {
    const model = ppca(truth);
    tf.tidy(() => {
      const covariance = truth.weights.map((row, i) =>
        truth.weights.map((other, k) => row[0]! * other[0]! + row[1]! * other[1]! + (i === k ? 0.25 : 0)),
      );
      const factor = choleskyFactor(tf.tensor2d(covariance));
      const x = tf.add(tf.mul(3, Key.of(3).normal([20, 4])), 1);
      const expected = MultivariateNormal.lowerTriangular(tf.tensor1d(truth.bias), factor).logProb(x);
      expect(model.logProb(x).dataSync()).toBeCloseToArray([...expected.dataSync()], { relative: 1e-5 });
    });
    model.dispose();
  });

  test('has the posterior of Bayes: p(z|x) p(x) = p(x|z) p(z)', () => {
    const model = ppca(truth);
    tf.tidy(() => {
      const [x, z] = [Key.of(3).normal([6, 4]), Key.of(4).normal([6, 2])];
      const logNormal = (squares: tf.Tensor, variance: number, size: number) =>
        tf.sub(tf.mul(-0.5 / variance, tf.sum(squares, 1)), (size / 2) * Math.log(2 * Math.PI * variance));
      const joint = tf.add(
        logNormal(tf.square(tf.sub(x, model.decode(z))), truth.noiseVariance, 4),
        logNormal(tf.square(z), 1, 2),
      );
      const other = tf.add(model.encode(x).logProb(z), model.logProb(x));
      expect(other.dataSync()).toBeCloseToArray([...joint.dataSync()], { relative: 1e-4, absolute: 1e-4 });
    });
    model.dispose();
  });

  test('frees what it makes, and refuses another shape and noise that is none', () => {
    expectNoLeaks(() => {
      const model = ppca(truth);
      const x = tf.zeros([3, 4]);
      tf.dispose([model.logProb(x), model.sample(Key.of(0), 2), x]);
      expect(model.objectives()).toEqual([]);
      model.dispose();
    });
    const model = ppca(truth);
    tf.tidy(() => {
      expect(() => model.logProb(tf.zeros([3, 5]))).toThrow('expected x of shape [n, 4], got [3, 5]');
      expect(() => model.decode(tf.zeros([3, 4]))).toThrow('expected z of shape [n, 2]');
    });
    model.dispose();
    expect(() => ppca({ ...truth, noiseVariance: 0 })).toThrow('fewer latent variables');
  });
});

describe('ppcaMaximumLikelihood', () => {
  test('finds the model that the data are from', async () => {
    const examples = data(4000);
    const [learned, true_] = [ppcaMaximumLikelihood(examples, { latent: 2 }), ppca(truth)];
    expect(parameter(learned, 'bias')).toBeCloseToArray(truth.bias, { absolute: 0.15 });
    // The variance of an estimated variance is 2 s^4 / n, for the n = 2 * 4000 squares that the two left axes give.
    expect(Math.abs(parameter(learned, 'noiseVariance')[0]! - 0.25)).toBeLessThan(
      4 * 0.25 * Math.sqrt(2 / 8000),
    );
    const [best, reference] = [await nats(learned, examples), await nats(true_, examples)];
    expect(best).toBeLessThan(reference);
    expect(reference - best).toBeLessThan(0.01);
    learned.dispose();
    true_.dispose();
  });

  test('leaves no neighbour with a greater likelihood', async () => {
    const examples = data(200);
    const learned = ppcaMaximumLikelihood(examples, { latent: 2 });
    const best = await nats(learned, examples);
    const weights = parameter(learned, 'weights');
    const [noiseVariance] = parameter(learned, 'noiseVariance');
    const at = async (change: number[], noise: number) => {
      const rows = [0, 1, 2, 3].map((d) => [0, 1].map((j) => weights[2 * d + j]! + change[2 * d + j]!));
      const model = ppca({ weights: rows, bias: parameter(learned, 'bias'), noiseVariance: noise });
      const value = await nats(model, examples);
      model.dispose();
      return value;
    };
    for (const key of Key.of(5).split(10)) {
      const generator = key.generator();
      const change = weights.map(() => 0.05 * generator.normal());
      expect(await at(change, noiseVariance! * Math.exp(0.05 * generator.normal()))).toBeGreaterThan(best);
    }
    learned.dispose();
  });

  test('refuses as many latent variables as there are dimensions', () => {
    expect(() => ppcaMaximumLikelihood(data(10), { latent: 4 })).toThrow('to be an integer from 1 to 3');
  });
});

describe('ppcaExpectationMaximization', () => {
  const options = { latent: 2, key: Key.of(7), maxIterations: 300, tolerance: 1e-9 };

  test('rises to the maximum that is known in closed form', async () => {
    const examples = data(300);
    const closed = ppcaMaximumLikelihood(examples, { latent: 2 });
    const { model, logLikelihoods } = ppcaExpectationMaximization(examples, options);
    logLikelihoods.slice(1).forEach((value, i) => expect(value).toBeGreaterThan(logLikelihoods[i]! - 1e-9));
    expect(await nats(model, examples)).toBeCloseTo(await nats(closed, examples), 4);
    expect(-logLikelihoods.at(-1)!).toBeCloseTo(await nats(model, examples), 4);
    closed.dispose();
    model.dispose();
  });

  test('learns from what is there where a third is missing', async () => {
    const [examples, complete] = [data(1500, 1 / 3), data(1500)];
    const { model, logLikelihoods } = ppcaExpectationMaximization(examples, options);
    logLikelihoods.slice(1).forEach((value, i) => expect(value).toBeGreaterThan(logLikelihoods[i]! - 1e-9));
    const true_ = ppca(truth);
    // 12 free parameters, half a nat each over the data where all is there, cost about 6 / 1500 nats; less of it was.
    expect((await nats(model, complete)) - (await nats(true_, complete))).toBeLessThan(0.02);
    model.dispose();
    true_.dispose();
  });

  test('refuses what is missing or misspelt by name', () => {
    const learn = ppcaExpectationMaximization as (...values: unknown[]) => unknown;
    const isArgumentError = expect.toSatisfy((error) => DgmError.is(error, 'argument'));
    const examples = data(4);
    const key = Key.of(0);
    for (const bad of [
      undefined,
      { latent: 1 },
      { latent: 1, key, iterations: 3 },
      { latent: 1, key, tolerance: NaN },
    ]) {
      expect(() => learn(examples, bad)).toThrow(isArgumentError);
    }
    expect(() => learn(undefined, { latent: 1, key })).toThrow(isArgumentError);
    const closedForm = ppcaMaximumLikelihood as (...values: unknown[]) => unknown;
    expect(() => closedForm(undefined, { latent: 1 })).toThrow(isArgumentError);
    expect(() => closedForm(examples)).toThrow(isArgumentError);
  });

  test('names an entry that no example has', () => {
    const examples = { count: 2, shape: [3], values: Float32Array.of(1, NaN, 2, 3, NaN, 4) };
    expect(() => ppcaExpectationMaximization(examples, { latent: 1, key: Key.of(0) })).toThrow(
      'entry 1 missing in all of them',
    );
  });
});
