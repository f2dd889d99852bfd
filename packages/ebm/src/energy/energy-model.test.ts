import {
  adam,
  classContext,
  Dropout,
  fit,
  Key,
  memoryStore,
  mlp,
  oneHot,
  prepareLoss,
  Sequential,
} from '@dgm/core';
import type { Examples } from '@dgm/core';
import { expectNoLeaks, take } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { DeepEnergyModel, energyModel, type JointEnergyModel, jointEnergyModel } from './energy-model';

const key = Key.of(0);
const chains = { shape: [2], range: [-1, 1] as const, bufferSize: 12, steps: 3, key };

const joint = (options: object = {}): JointEnergyModel =>
  jointEnergyModel({
    network: mlp([2, 24, 3], { key, activation: 'swish' }),
    classes: 3,
    ...chains,
    ...options,
  });

/** Three clusters, with their number as a label. */
const clusters: Examples = (() => {
  const labels = Int32Array.from({ length: 48 }, (_, row) => row % 3);
  const noise = Key.of(5).generator();
  const centres = [-0.7, -0.6, 0.7, -0.6, 0, 0.7];
  const values = Float32Array.from({ length: 96 }, (_, index) => {
    const label = Math.floor(index / 2) % 3;
    return centres[2 * label + (index % 2)]! + 0.1 * (noise.uniform() - 0.5);
  });
  return { count: 48, shape: [2], values, labels };
})();
const batch = classContext({ classes: 3 });
const training = { key, optimizer: adam({ learningRate: 0.01 }), batchSize: 16, batch };

it('splits its joint energy into the energy of x and the probability of y', () => {
  const model = joint();
  tf.tidy(() => {
    const x = tf.tensor2d([
      [0.1, -0.3],
      [0.5, 0.9],
    ]);
    const logProbs = model.classLogProbs(x);
    // -E(x, y) = -E(x) + ln p(y | x) for each class.
    for (const label of [0, 1, 2]) {
      const context = oneHot(tf.tensor1d([label, label]), { depth: 3 });
      const expected = tf.add(
        tf.neg(model.energy(x)),
        tf.squeeze(tf.slice(logProbs, [0, label], [2, 1]), [1]),
      );
      expect(take(tf.neg(model.jointEnergy({ x, context })))).toBeCloseToArray([...take(expected)]);
    }
    expect(take(tf.sum(tf.exp(logProbs), 1))).toBeCloseToArray([1, 1]);
  });
  model.dispose();
});

it('has the gradient of the energies of data and of negatives', () => {
  // E(x) = w x has the gradient mean(x) - mean(negatives).
  const network = mlp([2, 1], { key });
  const model = energyModel({ network, energyPenalty: 0, ...chains });
  tf.tidy(() => {
    const [objective] = model.objectives();
    const x = Key.of(1).uniform([6, 2]);
    const options = prepareLoss(objective!, x, Key.of(2), { training: true });
    const kernel = objective!.parameters[0]!;
    const { grads } = tf.variableGrads(() => objective!.loss(x, Key.of(2), options).total, [kernel]);
    const expected = tf.sub(tf.mean(x, 0), tf.mean(options.prepared!['negatives']!, 0));
    expect(take(grads[kernel.name]!)).toBeCloseToArray([...take(expected)]);
  });
  model.dispose();
});

it('moves each chain of the queue in turn, while it trains', () => {
  const model = joint({ restart: 0 });
  const queue = model.parameters().get('chains/queue')!;
  const [objective] = model.objectives();
  tf.tidy(() => {
    const before = [...queue.dataSync()];
    const x = tf.zeros([5, 2]);
    const context = tf.zeros([5, 3]);
    prepareLoss(objective!, { x, context }, key, { training: false });
    expect([...queue.dataSync()]).toEqual(before);
    const { prepared } = prepareLoss(objective!, { x, context }, key, { training: true });
    const after = [...queue.dataSync()];
    expect(after.slice(0, 14)).toEqual(before.slice(10));
    expect(after.slice(14)).toEqual([...prepared!['negatives']!.dataSync()]);
    expect(Math.max(...after.map(Math.abs))).toBeLessThanOrEqual(1);
  });
  model.dispose();
});

it('starts all chains anew with a restart of 1, and takes batches larger than the queue', () => {
  const model = joint({ restart: 1, stepSize: 1e-12, temperature: 0 });
  tf.tidy(() => {
    const queue = model.parameters().get('chains/queue')!;
    const before = [...queue.dataSync()];
    const x = tf.zeros([20, 2]);
    const { prepared } = prepareLoss(model.objectives()[0]!, { x, context: tf.zeros([20, 3]) }, key, {
      training: true,
    });
    expect(prepared!['negatives']!.shape).toEqual([12, 2]);
    expect([...queue.dataSync()].some((value, index) => value === before[index])).toBe(false);
  });
  model.dispose();
});

it('learns to classify and to tell data from nonsense', async () => {
  const model = joint({ bufferSize: 64, steps: 5 });
  await fit(model, { train: clusters }, { ...training, epochs: 25 });
  tf.tidy(() => {
    const x = tf.tensor2d(clusters.values as Float32Array, [48, 2]);
    const predicted = tf.argMax(model.classLogProbs(x), 1).dataSync();
    expect([...predicted]).toEqual([...clusters.labels!]);
    const nonsense = tf.tensor2d([
      [0, -0.1],
      [-1, 1],
      [1, 1],
    ]);
    const [data, other] = [model.energy(x), model.energy(nonsense)].map(
      (energy) => tf.mean(energy).dataSync()[0]!,
    );
    expect(data!).toBeLessThan(other! - 0.5);
  });
  model.dispose();
});

it('is the plain classifier of its network where the generative weight is 0', () => {
  const model = joint({ generativeWeight: 0 });
  tf.tidy(() => {
    const [objective] = model.objectives();
    expect(objective!.prepare).toBeUndefined();
    const x = tf.tensor2d([[0.1, -0.3]]);
    const context = tf.tensor2d([[0, 1, 0]]);
    const terms = objective!.loss({ x, context }, key, { training: true });
    const expected = -take(model.classLogProbs(x))[1]!;
    expect(take(terms.total)).toBeCloseToArray([expected]);
    expect(Object.keys(terms)).toEqual(['total', 'classification']);
  });
  model.dispose();
});

it('drops units in the loss of training alone', () => {
  const network = new Sequential([new Dropout({ rate: 0.5 }), mlp([2, 24, 3], { key, activation: 'swish' })]);
  const model = joint({ network });
  const [objective] = model.objectives();
  tf.tidy(() => {
    const batch = { x: Key.of(1).uniform([8, 2]), context: oneHot(tf.zeros([8]), { depth: 3 }) };
    const prepared = { negatives: Key.of(2).uniform([8, 2]) };
    const terms = (seed: number, training: boolean): number[] =>
      Object.values(objective!.loss(batch, Key.of(seed), { training, prepared })).map(
        (term) => take(term)[0]!,
      );
    expect(terms(3, false)).toEqual(terms(4, false));
    terms(3, true).forEach((term, index) => expect(term).not.toBe(terms(4, true)[index]));
  });
  model.dispose();
});

it('runs new chains each time where none are kept', () => {
  const model = joint({ bufferSize: 0 });
  expect([...model.parameters().keys()].some((path) => path.startsWith('chains'))).toBe(false);
  tf.tidy(() => {
    const batch = { x: tf.zeros([5, 2]), context: tf.zeros([5, 3]) };
    const { prepared } = prepareLoss(model.objectives()[0]!, batch, key, { training: true });
    expect(prepared!['negatives']!.shape).toEqual([5, 2]);
    expect(model.sample(key, 4).shape).toEqual([4, 2]);
  });
  model.dispose();
});

it('resumes to the bit, chains included', async () => {
  const [whole, half, resumed] = [joint(), joint(), joint({ key: Key.of(9) })];
  const store = memoryStore();
  await fit(whole, { train: clusters }, { ...training, epochs: 4 });
  await fit(half, { train: clusters }, { ...training, epochs: 2, checkpoint: { store } });
  await fit(resumed, { train: clusters }, { ...training, epochs: 4, checkpoint: { store } });
  for (const [path, variable] of whole.parameters()) {
    expect([...resumed.parameters().get(path)!.dataSync()], path).toEqual([...variable.dataSync()]);
  }
  [whole, half, resumed].forEach((model) => model.dispose());
});

describe('refuses', () => {
  it.each([
    ['an unknown option', { bufersize: 3 }, /did you mean "bufferSize"/],
    ['a range that is none', { range: [1, 1] }, /range\[1\]/],
    ['a restart above 1', { restart: 2 }, /restart/],
    ['one class', { classes: 1 }, /classes/],
    ['a step size of 0', { stepSize: 0 }, /stepSize/],
    ['a negative weight', { generativeWeight: -1 }, /generativeWeight/],
    ['no network', { network: undefined }, /network/],
  ])('%s, and keeps nothing', (_, options, message) => {
    const network = mlp([2, 3], { key });
    expectNoLeaks(() =>
      expect(() => jointEnergyModel({ network, classes: 3, ...chains, ...options } as never)).toThrow(
        message,
      ),
    );
    network.dispose();
  });

  it('a network of another width, labels of another shape, and evaluation without a normalizer', () => {
    const model = energyModel({ network: mlp([2, 3], { key }), ...chains });
    expect(model).toBeInstanceOf(DeepEnergyModel);
    const x = tf.zeros([2, 2]);
    expectNoLeaks(() => expect(() => model.energy(x)).toThrow(/\[n, 1\]/));
    const labelled = joint();
    const context = tf.zeros([2, 4]);
    expectNoLeaks(() => expect(() => labelled.jointEnergy({ x, context })).toThrow(/\[2, 3\]/));
    tf.dispose([x, context]);
    model.dispose();
    labelled.dispose();
  });
});
