import { compiled } from '@dgm/compile';
import {
  adam,
  bernoulliHead,
  classContext,
  conditional,
  fit,
  Key,
  linearAnnealing,
  mlp,
  normalHead,
  oneHot,
  standardNormal,
} from '@dgm/core';
import type { ConditionalDistribution, ConditionedBatch, Examples } from '@dgm/core';
import { expectNoLeaks, meanAndError } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { OneHotCategorical } from '../discrete/one-hot-categorical';
import { elboObjective } from '../objectives/elbo-objective';
import { iwaeObjective } from '../objectives/iwae-objective';
import { conditionalVae } from './conditional-vae';
import type { ConditionalVae, ConditionalVaeOptions } from './conditional-vae';

const key = Key.of(0);
const options = (): ConditionalVaeOptions => ({
  contextSize: 2,
  encoder: mlp([4, 8, 2], { key: key.fold('encoder') }),
  decoder: mlp([3, 8, 2], { key: key.fold('decoder') }),
  posterior: normalHead({ shape: [1] }),
  likelihood: bernoulliHead({ shape: [2] }),
});
const make = (prior?: ConditionalDistribution) =>
  conditionalVae({ ...options(), contexts: new OneHotCategorical([2]), ...(prior && { prior }) });
const logLikelihood = (model: ConditionalVae, batch: ConditionedBatch) =>
  tf.sub(tf.logSumExp(model.logWeights(batch, key, 4000), 0), Math.log(4000));
/** Every x for the first class, then for the second. */
const everything = (): ConditionedBatch => ({
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

describe('conditionalVae', () => {
  test('is a distribution for each context: its estimated likelihoods sum to one', () => {
    const model = make();
    tf.tidy(() => {
      const likelihoods = tf.exp(logLikelihood(model, everything()));
      expect(tf.sum(tf.reshape(likelihoods, [2, 4]), 1).dataSync()).toBeCloseToArray([1, 1], {
        absolute: 0.02,
      });
    });
    model.dispose();
  });

  test('has a bound below its likelihood', () => {
    const model = make();
    tf.tidy(() => {
      const truth = logLikelihood(model, everything()).dataSync();
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
      { key, optimizer, batchSize: 32, epochs: 60, batch: classContext({ classes: 2 }), engine: compiled() },
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

  test('refuses contexts of another size or number, and none at all', () => {
    const [model, without] = [make(), conditionalVae(options())];
    tf.tidy(() => {
      const { x } = everything();
      expect(() => model.elbo({ x, context: tf.zeros([8, 3]) }, key)).toThrow('context');
      expect(() => model.elbo({ x, context: tf.zeros([4, 2]) }, key)).toThrow('of shape [8, 2], got [4, 2]');
      expect(() => model.logWeights({ x, context: tf.zeros([2, 2]) }, key, 3)).toThrow('of shape [8, 2]');
      expect(() => model.sample(key, 3, { context: tf.zeros([1, 2]) })).toThrow('of shape [3, 2]');
      expect(() => without.sample(key, 3)).toThrow('got none');
      expect(() => without.given(tf.zeros([3, 2])).decode(tf.zeros([4, 1]))).toThrow('of shape [4, 2]');
    });
    model.dispose();
    without.dispose();
  });

  test.each([
    ['an unknown option', { contextsize: 2 }, 'did you mean "contextSize"'],
    ['contexts of another width', { contexts: standardNormal([3]) }, 'with an event of shape [2]'],
    [
      'a regularizer beside an objective',
      { regularizer: 'monte-carlo', objective: elboObjective() },
      'both options',
    ],
    ['a distribution in place of a head', { likelihood: standardNormal([2]) }, 'got a distribution'],
    ['no likelihood', { likelihood: undefined }, 'likelihood to be a distribution head'],
  ])('refuses %s', (_, wrong, message) => {
    const given = options();
    expectNoLeaks(() => expect(() => conditionalVae({ ...given, ...wrong } as never)).toThrow(message));
    tf.dispose(
      [given.encoder, given.decoder].flatMap((network) => [
        ...(network as ReturnType<typeof mlp>).parameters().values(),
      ]),
    );
  });

  test('takes the objectives of a VAE', () => {
    const losses = [
      elboObjective({ weight: 0 }),
      elboObjective({ weight: linearAnnealing({ steps: 10 }), freeBits: { nats: 3, groups: 'single' } }),
      elboObjective({ gradient: 'path' }),
      iwaeObjective({ numSamples: 5 }),
      iwaeObjective({ numSamples: 5, gradient: 'doubly-reparameterized' }),
    ].map((objective) => {
      const model = conditionalVae({ ...options(), objective });
      const terms = tf.tidy(() => {
        const loss = model
          .objectives()[0]!
          .loss(everything(), key, { training: true, step: tf.scalar(6) as Scalar });
        return Object.fromEntries(Object.entries(loss).map(([name, term]) => [name, term.dataSync()[0]!]));
      });
      model.dispose();
      return terms;
    });
    const [free, annealed, path, iwae, dreg] = losses;
    expect(free!['total']).toBeCloseTo(free!['reconstruction']!, 6);
    expect(annealed!['total']).toBeCloseTo(annealed!['reconstruction']! + 0.5 * 3, 5); // half of three free nats
    expect(path!['reconstruction']).toBeCloseTo(free!['reconstruction']!, 5);
    expect(iwae!['total']).toBeLessThan(free!['total']! + annealed!['regularizer']! + 0.2);
    expect(dreg!['total']).toBeCloseTo(iwae!['total']!, 4);
  });
});
