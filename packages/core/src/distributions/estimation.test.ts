import {
  bernoulliMap,
  bernoulliMle,
  Beta,
  categoricalMap,
  categoricalMle,
  choleskyFactor,
  conditionalNormal,
  Key,
  marginalNormal,
  MultivariateNormal,
  Normal,
  normalMap,
  normalMle,
} from '@dgm/core';
import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';

const FACTOR = [
  [1.5, 0, 0],
  [-0.4, 0.8, 0],
  [0.2, 1.1, 2],
];
const MEAN = [0.5, -1, 2];

/** Runs on tensors that are freed, and checks that nothing else is left. */
const within = (run: () => void) => expectNoLeaks(() => tf.tidy(() => void run()));

describe('facts about the multivariate normal distribution', () => {
  const moments = () => {
    const factor = tf.tensor2d(FACTOR);
    return { mean: tf.tensor1d(MEAN), covariance: tf.matMul(factor, factor, false, true) };
  };

  it('choleskyFactor undoes the product', () =>
    within(() => expect(choleskyFactor(moments().covariance).dataSync()).toBeCloseToArray(FACTOR)));

  it('choleskyFactor refuses what is not positive definite', () =>
    within(() => expect(() => choleskyFactor(tf.tensor2d([[1, 2], [2, 1]]))).toThrow('positive definite'))); // prettier-ignore

  it('marginalNormal picks dimensions, in the order wanted', () =>
    within(() => {
      const { mean, covariance } = marginalNormal(moments(), { keep: [2, 0] });
      const [a, , c] = FACTOR as [number[], number[], number[]];
      const dot = (p: number[], q: number[]) => p.reduce((sum, value, index) => sum + value * q[index]!, 0);
      expect(mean.dataSync()).toBeCloseToArray([2, 0.5]);
      expect(covariance.dataSync()).toBeCloseToArray([dot(c, c), dot(a, c), dot(a, c), dot(a, a)]);
    }));

  it('marginalNormal times conditionalNormal is the joint density', () =>
    within(() => {
      const x = Key.of(0).normal([5, 3]);
      const [seen, rest] = [tf.gather(x, [2, 0], 1), tf.slice(x, [0, 1], [5, 1])];
      const marginal = marginalNormal(moments(), { keep: [2, 0] });
      const conditional = conditionalNormal(moments(), { given: [2, 0], values: seen });
      const joint = MultivariateNormal.lowerTriangular(tf.tensor1d(MEAN), tf.tensor2d(FACTOR)).logProb(x);
      const density = ({ mean, covariance }: { mean: tf.Tensor; covariance: tf.Tensor }) =>
        MultivariateNormal.lowerTriangular(mean, choleskyFactor(covariance));
      const product = tf.add(density(marginal).logProb(seen), density(conditional).logProb(rest));
      expect(product.dataSync()).toBeCloseToArray(Array.from(joint.dataSync()), { relative: 1e-4 });
    }));

  it('conditionalNormal refuses dimensions that come twice, do not exist or leave none', () =>
    within(() => {
      for (const given of [[0, 0], [3], [0, 1, 2]]) {
        const values = tf.zeros([given.length]);
        expect(() => conditionalNormal(moments(), { given, values })).toThrow('distinct dimensions');
      }
      expect(() => conditionalNormal(moments(), { given: [0], values: tf.zeros([2]) })).toThrow('[..., 1]');
    }));
});

describe('estimates', () => {
  const x = () => tf.tensor2d([[1, 0], [1, 0], [0, 0], [1, 0]]); // prettier-ignore

  it('bernoulliMle counts; bernoulliMap counts the prior too', () =>
    within(() => {
      expect(bernoulliMle(x()).dataSync()).toBeCloseToArray([0.75, 0]);
      expect(bernoulliMap(x(), { alpha: 1, beta: 1 }).dataSync()).toBeCloseToArray([0.75, 0]);
      // The mode of the posterior, a beta distribution.
      const posterior = new Beta(tf.tensor1d([2 + 3, 2]), tf.tensor1d([3 + 1, 3 + 4]));
      const mode = Array.from(posterior.mode().dataSync());
      expect(bernoulliMap(x(), { alpha: 2, beta: 3 }).dataSync()).toBeCloseToArray(mode);
      expect(() => bernoulliMap(x(), { alpha: 0.5, beta: 3 })).toThrow('at least 1');
      expect(() => bernoulliMle(tf.zeros([0, 2]))).toThrow('at least one example');
    }));

  it('categoricalMle counts; categoricalMap counts the prior too', () =>
    within(() => {
      const drawn = tf.tensor1d([0, 2, 2, 2]);
      expect(categoricalMle(drawn, { levels: 3 }).dataSync()).toBeCloseToArray([0.25, 0, 0.75]);
      const estimate = categoricalMap(drawn, { levels: 3, concentration: 2 });
      expect(estimate.dataSync()).toBeCloseToArray([2 / 7, 1 / 7, 4 / 7]);
    }));

  it('normalMle has the highest likelihood', () =>
    within(() => {
      const drawn = tf.tensor1d([1, 2, 4, 7]);
      const { mean, variance } = normalMle(drawn);
      expect([mean.dataSync()[0]!, variance.dataSync()[0]!]).toBeCloseToArray([3.5, 5.25]);
    }));

  it('normalMap maximizes the posterior', () =>
    within(() => {
      const data = [1, 2, 4, 7];
      const prior = { mean: -1, strength: 0.7, shape: 1.3, scale: 2.1 };
      const { mean, variance } = normalMap(tf.tensor1d(data), prior);
      const logPosterior = (mu: number, v: number) =>
        data.reduce((sum, value) => sum - (value - mu) ** 2 / (2 * v) - 0.5 * Math.log(v), 0) -
        (prior.strength * (mu - prior.mean) ** 2) / (2 * v) -
        0.5 * Math.log(v) -
        (prior.shape + 1) * Math.log(v) -
        prior.scale / v;
      const [mu, v] = [mean.dataSync()[0]!, variance.dataSync()[0]!];
      const best = logPosterior(mu, v);
      for (const [dm, dv] of [
        [0.01, 0],
        [-0.01, 0],
        [0, 0.01],
        [0, -0.01],
      ] as const) {
        expect(logPosterior(mu + dm, v + dv)).toBeLessThan(best);
      }
    }));

  it('normalMle of many draws finds the parameters within 4 standard errors', () =>
    within(() => {
      const n = 10_000;
      const { mean, variance } = normalMle(new Normal(3, 2).sample(Key.of(1), [n]));
      expect(Math.abs(mean.dataSync()[0]! - 3)).toBeLessThan((4 * 2) / Math.sqrt(n));
      expect(Math.abs(variance.dataSync()[0]! - 4)).toBeLessThan(4 * 4 * Math.sqrt(2 / n));
    }));
});
