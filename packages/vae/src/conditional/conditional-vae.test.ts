import { compiled } from '@dgm/compile';
import {
  adam,
  bernoulliHead,
  conditional,
  fit,
  normalHead,
  gatherExamples,
  Key,
  mlp,
  oneHot,
} from '@dgm/core';
import type { ConditionalDistribution, Examples, MakeBatch } from '@dgm/core';
import { expectNoLeaks, meanAndError } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { OneHotCategorical } from '../discrete/one-hot-categorical';
import { conditionalVae } from './conditional-vae';
import type { ConditionedExamples } from './conditional-vae';

const key = Key.of(0);
const make = (prior?: ConditionalDistribution) =>
  conditionalVae({
    encoder: mlp([4, 8, 2], { key: key.fold('encoder') }),
    decoder: mlp([3, 8, 2], { key: key.fold('decoder') }),
    posterior: normalHead({ shape: [1] }),
    likelihood: bernoulliHead({ shape: [2] }),
    contexts: new OneHotCategorical([2]),
    ...(prior && { prior }),
  });
/** Every x for the first class, then for the second. */
const everything = (): ConditionedExamples => ({
  x: tf.tensor2d([0, 0, 0, 1, 1, 0, 1, 1, 0, 0, 0, 1, 1, 0, 1, 1], [8, 2]),
  context: oneHot(tf.tensor1d([0, 0, 0, 0, 1, 1, 1, 1]), { depth: 2 }),
});
/** The second entry is the class, the first a coin. */
const examples: Examples = {
  count: 64,
  shape: [2],
  values: Float32Array.from(
    { length: 128 },
    (_, i) => (i % 2 === 0 ? (i / 4) % 2 : Math.floor(i / 2) % 2) | 0,
  ),
  labels: Int32Array.from({ length: 64 }, (_, row) => row % 2),
};
const byClass: MakeBatch<ConditionedExamples> = (set, rows) =>
  tf.tidy(() => ({
    x: gatherExamples(set, rows),
    context: oneHot(tf.tensor1d(rows.map((row) => set.labels![row]!)), { depth: 2 }),
  }));

describe('conditionalVae', () => {
  test('is a distribution for each context: its estimated likelihoods sum to one', () => {
    const model = make();
    tf.tidy(() => {
      const likelihoods = tf.exp(model.logLikelihood(everything(), key, 4000));
      expect(tf.sum(tf.reshape(likelihoods, [2, 4]), 1).dataSync()).toBeCloseToArray([1, 1], {
        absolute: 0.02,
      });
    });
    model.dispose();
  });

  test('has a bound below its likelihood', () => {
    const model = make();
    tf.tidy(() => {
      const truth = model.logLikelihood(everything(), key, 4000).dataSync();
      const bounds = Key.of(1)
        .split(100)
        .map((each) => [...model.elbo(everything(), each).dataSync()]);
      truth.forEach((value, row) => {
        const { mean, standardError } = meanAndError(bounds.map((bound) => bound[row]!));
        expect(mean).toBeLessThan(value + 4 * standardError + 0.01);
      });
    });
    model.dispose();
  });

  test.each([
    ['a fixed prior', () => undefined],
    ['a prior that knows the context', () => conditional(mlp([2, 2], { key }), normalHead({ shape: [1] }))],
  ])('learns, with %s, what the context says', async (_, prior) => {
    const model = make(prior());
    const optimizer = adam({ learningRate: 2e-2 });
    await fit(
      model,
      { train: examples },
      { key, optimizer, batchSize: 32, epochs: 60, batch: byClass, engine: compiled() },
    );
    const drawn = (label: number): Tensor =>
      tf.tidy(() => {
        const context = oneHot(tf.fill([200], label), { depth: 2 });
        return tf.mean(model.sample(key, 200, { context }), 0);
      });
    const second = [0, 1].map((label) => {
      const mean = drawn(label);
      const value = mean.dataSync()[1]!;
      mean.dispose();
      return value;
    });
    expect(second[0]).toBeLessThan(0.15);
    expect(second[1]).toBeGreaterThan(0.85);
    expectNoLeaks(() => model.sample(key, 3).dispose(), 'sample without a context');
    model.dispose();
  });

  test('refuses contexts of another size or number', () => {
    const model = make();
    tf.tidy(() => {
      const { x } = everything();
      expect(() => model.elbo({ x, context: tf.zeros([8, 3]) }, key)).toThrow('context');
      expect(() => model.elbo({ x, context: tf.zeros([5, 2]) }, key)).toThrow('a row for each of 8');
    });
    model.dispose();
  });
});
