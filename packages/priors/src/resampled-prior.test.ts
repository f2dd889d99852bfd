import { adam, asLayer, fit, Key, logSigmoid, mlp, standardNormal } from '@dgm/core';
import type { CallOptions } from '@dgm/core';
import { meanAndError } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { DensityModel } from '../test/support/density-model';
import { resampledPrior } from './resampled-prior';

const truncation = 5;
const network = (z: tf.Tensor) => tf.sub(tf.mul(3, tf.slice(z, [0, 0], [-1, 1])), 1);
const make = (evaluationSamples: number) =>
  resampledPrior({ network, shape: [2], key: Key.of(0), truncation, evaluationSamples });

describe('the resampled prior', () => {
  test('draws what its density says: the first coordinate has the mean of both', () => {
    const prior = make(20_000);
    const { drawn, weighted } = tf.tidy(() => {
      const p = prior.given();
      const first = (z: tf.Tensor) => tf.squeeze(tf.slice(z, [0, 0], [-1, 1]), [1]);
      const proposals = Key.of(5).normal([20_000, 2]);
      const logProposal = tf.sub(tf.mul(-0.5, tf.sum(tf.square(proposals), 1)), Math.log(2 * Math.PI));
      const ratio = tf.exp(tf.sub(p.logProb(proposals), logProposal));
      return {
        drawn: first(p.sample(Key.of(6), [20_000])).dataSync(),
        weighted: tf.mul(ratio, first(proposals)).dataSync(),
      };
    });
    const moments = (values: ArrayLike<number>) => {
      const all = Array.from(values);
      const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
      const variance = all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / all.length;
      return { mean, squaredError: variance / all.length };
    };
    const [a, b] = [moments(drawn), moments(weighted)];
    expect(a.mean).toBeGreaterThan(0.5); // the proposal's is 0
    expect(Math.abs(a.mean - b.mean)).toBeLessThan(4 * Math.sqrt(a.squaredError + b.squaredError));
    prior.dispose();
  });

  test('is the formula of the paper at any point', () => {
    const prior = make(64);
    const { actual, expected } = tf.tidy(() => {
      const z = tf.tensor2d([
        [0.5, 1],
        [-2, 0],
      ]);
      const acceptance = (x: tf.Tensor) => [...tf.exp(logSigmoid(network(x))).dataSync()];
      const accepted = acceptance(Key.of(0).fold('normalizer').normal([64, 2]));
      const Z = accepted.reduce((sum, value) => sum + value, 0) / 64;
      const alpha = (1 - Z) ** (truncation - 1);
      const normal = [1.25, 4].map((square) => Math.exp(-0.5 * square) / (2 * Math.PI));
      return {
        actual: [...prior.given().logProb(z).dataSync()],
        expected: acceptance(z).map((a, i) => Math.log(normal[i]! * (((1 - alpha) * a) / Z + alpha))),
      };
    });
    expect(actual).toBeCloseToArray(expected, { relative: 1e-5 });
    prior.dispose();
  });

  test.each([2, 8, 16])(
    'has the mass 1 within its stated error after it is trained, in %s dimensions',
    async (dims) => {
      const prior = resampledPrior({
        network: mlp([dims, 32, 1], { key: Key.of(1) }),
        ...{ shape: [dims], key: Key.of(0), normalizerSamples: 512, evaluationSamples: 20_000 },
      });
      const model = new DensityModel([dims], prior);
      const values = tf.tidy(() => {
        const signs = tf.sub(tf.mul(2, Key.of(2).bernoulli([200, 1], 0.5)), 1);
        return tf.add(signs, tf.mul(0.3, Key.of(3).normal([200, dims]))).dataSync();
      }) as Float32Array;
      const options = { key: Key.of(4), optimizer: adam({ learningRate: 1e-2 }), batchSize: 100, epochs: 40 };
      await fit(model, { train: { count: 200, shape: [dims], values } }, options);
      const { mean, standardError } = tf.tidy(() => {
        const z = Key.of(5).normal([20_000, dims]); // drawn anew: neither those of training nor those of the prior
        const ratio = tf.sub(prior.given().logProb(z), standardNormal([dims]).logProb(z));
        return meanAndError([...tf.exp(ratio).dataSync()]);
      });
      const { relativeError } = prior.normalizer();
      expect(Math.abs(mean - 1)).toBeLessThan(4 * Math.hypot(standardError, relativeError));
      expect(relativeError).toBeLessThan(0.2);
      model.dispose();
    },
  );

  test('draws its normalizer anew in each step of training, and never outside it', () => {
    const prior = make(64);
    tf.tidy(() => {
      const z = tf.ones([1, 2]);
      const at = (call?: CallOptions) => prior.given(undefined, call).logProb(z).dataSync()[0];
      expect(at({ training: true, key: Key.of(1) })).not.toBe(at({ training: true, key: Key.of(2) }));
      expect(at({ key: Key.of(1) })).toBe(at());
    });
    prior.dispose();
  });

  test.each([25, -200])('has finite gradients where all or none are accepted: a logit of %s', (logit) => {
    const bias = tf.variable(tf.scalar(logit));
    const prior = resampledPrior({
      network: asLayer((z) => tf.add(tf.mul(0, tf.sum(z, 1, true)), bias), { parameters: { bias } }),
      ...{ shape: [2], key: Key.of(0), evaluationSamples: 64 },
    });
    tf.tidy(() => {
      const z = tf.zeros([1, 2]);
      expect(prior.given().logProb(z).dataSync()[0]).toBeCloseTo(-Math.log(2 * Math.PI), 4);
      const { grads } = tf.variableGrads(() => tf.sum(prior.given().logProb(z)), [bias]);
      expect(Number.isFinite(grads[bias.name]!.dataSync()[0])).toBe(true);
    });
    prior.dispose();
  });

  test('refuses a truncation that leaves nothing to reject', () => {
    expect(() => resampledPrior({ network, shape: [2], key: Key.of(0), truncation: 1 })).toThrow(
      'expected truncation to be an integer of at least 2, got 1',
    );
  });

  test('refuses a network or a proposal of another shape', () => {
    const key = Key.of(0);
    const wide = resampledPrior({ network: mlp([2, 2], { key }), shape: [2], key, evaluationSamples: 8 });
    expect(() => tf.tidy(() => wide.given().logProb(tf.zeros([3, 2])))).toThrow(
      'expected the output of network of shape [8, 1], got [8, 2]',
    );
    wide.dispose();
    expect(() => resampledPrior({ network, shape: [2], key, proposal: standardNormal([3]) })).toThrow(
      'expected proposal with an event of shape [2], got [3]',
    );
  });
});
