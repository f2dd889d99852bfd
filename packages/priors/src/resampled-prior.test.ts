import { Key, logSigmoid } from '@dgm/core';
import '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { resampledPrior } from './resampled-prior';

const truncation = 5;
const network = (z: tf.Tensor) => tf.sub(tf.mul(3, tf.slice(z, [0, 0], [-1, 1])), 1);
const make = (normalizerSamples: number) =>
  resampledPrior({ network, shape: [2], key: Key.of(0), truncation, normalizerSamples });

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
      const accepted = acceptance(Key.of(0).normal([64, 2]));
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

  test('refuses a truncation that leaves nothing to reject', () => {
    expect(() => resampledPrior({ network, shape: [2], key: Key.of(0), truncation: 1 })).toThrow(
      'expected truncation to be an integer of at least 2, got 1',
    );
  });
});
