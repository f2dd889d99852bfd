import { evaluate, fit, Key, sgd, type Examples } from '@dgm/core';
import { expectNoLeaks, STANDARD_ERRORS, take } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { rbm } from './rbm';
import { replicatedSoftmax, type ReplicatedSoftmax } from './replicated-softmax';
import { replicatedSoftmaxUnits } from './units';

const key = Key.of(0);
const WORDS = 3;
const CLOSE = { relative: 1e-5, absolute: 1e-5 };

function make(): ReplicatedSoftmax {
  const model = replicatedSoftmax({ words: WORDS, maxLength: 4, hidden: 2, key, sampleSteps: 20 });
  tf.tidy(() => {
    for (const [index, name] of ['weights', 'visibleBias', 'hiddenBias'].entries()) {
      const variable = model.parameters().get(name)!;
      variable.assign(Key.of(index + 1).normal(variable.shape));
    }
  });
  return model;
}

/** The mass of each vector of counts of documents of a length: a sum over all documents, word by word, and over all hidden states. */
function massesOf(model: ReplicatedSoftmax, length: number): ReadonlyMap<string, number> {
  const [weights, visible, hidden] = ['weights', 'visibleBias', 'hiddenBias'].map((name) => [
    ...model.parameters().get(name)!.dataSync(),
  ]) as [number[], number[], number[]];
  const masses = new Map<string, number>();
  for (let document = 0; document < WORDS ** length; document++) {
    const counts = [0, 0, 0];
    for (let place = 0; place < length; place++) counts[Math.floor(document / WORDS ** place) % WORDS]!++;
    let mass = 0;
    for (let h = 0; h < 4; h++) {
      let energy = 0;
      counts.forEach((count, k) => {
        energy -= count * visible[k]!;
        for (const j of [0, 1]) energy -= count * weights[2 * k + j]! * ((h >> j) & 1);
      });
      for (const j of [0, 1]) energy -= length * hidden[j]! * ((h >> j) & 1);
      mass += Math.exp(-energy);
    }
    masses.set(counts.join(), (masses.get(counts.join()) ?? 0) + mass);
  }
  return masses;
}

const totalOf = (masses: ReadonlyMap<string, number>): number =>
  [...masses.values()].reduce((sum, mass) => sum + mass, 0);

it('has the likelihood of sums over all documents of each length, in one batch', () => {
  const model = make();
  const lengths = [1, 2, 4];
  const all = lengths.map((length) => massesOf(model, length));
  expectNoLeaks(() =>
    tf.tidy(() => {
      const x = tf.tensor2d(
        all.flatMap((masses) => [...masses.keys()].map((counts) => counts.split(',').map(Number))),
      );
      const expected = all.flatMap((masses) =>
        [...masses.values()].map((mass) => Math.log(mass / totalOf(masses))),
      );
      expect(take(model.logProb(x))).toBeCloseToArray(expected, CLOSE);
      expect(take(model.energy(x))).toBeCloseToArray(
        all.flatMap((masses) => [...masses.values()].map((mass) => -Math.log(mass))),
        CLOSE,
      );
      expect(take(model.logPartition(tf.tensor2d(lengths, [3, 1])))).toBeCloseToArray(
        all.map((masses) => Math.log(totalOf(masses))),
        CLOSE,
      );
    }),
  );
  model.dispose();
});

it('draws documents of the given lengths with the exact means', () => {
  const model = make();
  const n = 1000;
  tf.tidy(() => {
    const lengths = [2, 4];
    const context = tf.tensor2d(lengths.flatMap((length) => new Array<number[]>(n).fill([length])));
    const x = model.sample(key, 2 * n, { context });
    expect([...take(tf.sum(x, 1, true))]).toEqual([...take(context)]);
    lengths.forEach((length, part) => {
      const masses = [...massesOf(model, length)];
      const total = masses.reduce((sum, [, mass]) => sum + mass, 0);
      const means = take(tf.mean(tf.slice(x, [part * n, 0], [n, WORDS]), 0));
      means.forEach((mean, word) => {
        const moment = (power: number): number =>
          masses.reduce((sum, [counts, mass]) => sum + Number(counts.split(',')[word]) ** power * mass, 0) /
          total;
        const error = Math.sqrt((moment(2) - moment(1) ** 2) / n);
        expect(Math.abs(mean - moment(1))).toBeLessThan(STANDARD_ERRORS * error);
      });
    });
  });
  model.dispose();
});

it('is an RBM of replicatedSoftmaxUnits for documents of one length, with hidden biases D times as large', () => {
  const model = make();
  const fixed = rbm({ visible: replicatedSoftmaxUnits({ words: WORDS, length: 4 }), hidden: 2, key });
  tf.tidy(() => {
    const [own, other] = [model.parameters(), fixed.parameters()];
    for (const name of ['weights', 'visibleBias']) other.get(name)!.assign(own.get(name)!);
    other.get('hiddenBias')!.assign(tf.mul(4, own.get('hiddenBias')!));
    const x = tf.tensor2d([[4, 0, 0], [1, 2, 1]]); // prettier-ignore
    expect(take(model.energy(x))).toBeCloseToArray([...take(fixed.energy(x))], CLOSE);
    expect(take(model.logPartition(tf.tensor2d([[4]])))).toBeCloseToArray(
      [...take(fixed.logPartition())],
      CLOSE,
    );
  });
  [model, fixed].forEach((each) => each.dispose());
});

it('learns topics of documents of different lengths, and is evaluated exactly', async () => {
  const count = 60;
  const values = new Uint8Array(count * 4);
  // Words 0 and 1, or 2 and 3, in documents of 2 to 7 words.
  for (let row = 0; row < count; row++) {
    const [topic, length] = [row % 2, 2 + (row % 6)];
    values[row * 4 + 2 * topic] = Math.ceil(length / 2);
    values[row * 4 + 2 * topic + 1] = Math.floor(length / 2);
  }
  const train: Examples = { count, shape: [4], values };
  const model = replicatedSoftmax({ words: 4, maxLength: 7, hidden: 2, key });
  const before = await evaluate(model, train, { key });
  const optimizer = sgd({ learningRate: 0.1, momentum: 0.5 });
  await fit(model, { train }, { key, optimizer, batchSize: 20, epochs: 20 });
  const { kind, nats } = await evaluate(model, train, { key });
  expect(kind).toBe('exact');
  expect(nats).toBeLessThan(before.nats - 1);
  model.dispose();
});

describe('refuses', () => {
  it.each<[string, object, RegExp]>([
    ['an unknown option', { maxlength: 3 }, /did you mean "maxLength"/],
    ['one length of all', { length: 3 }, /options/],
    ['no longest document', { maxLength: undefined }, /maxLength/],
    ['one word', { words: 1 }, /words/],
    ['no key', { key: undefined }, /key/],
    ['half a penalty', { sparsity: { target: 0.1 } }, /sparsity.weight/],
  ])('%s, and keeps nothing', (_, options, message) => {
    expectNoLeaks(() =>
      expect(() =>
        replicatedSoftmax({ words: 3, maxLength: 4, hidden: 2, key, ...options } as never),
      ).toThrow(message),
    );
  });

  it('samples without lengths, and documents of another vocabulary', () => {
    const model = replicatedSoftmax({ words: 3, maxLength: 4, hidden: 21, key });
    expect(model.likelihoodKind).toBe('none');
    expectNoLeaks(() =>
      tf.tidy(() => {
        expect(() => model.sample(key, 2)).toThrow(/context/);
        expect(() => model.sample(key, 2, { context: tf.zeros([2, 3]) })).toThrow(/context/);
        expect(() => model.energy(tf.zeros([2, 4]))).toThrow(/x/);
        expect(() => model.logProb(tf.zeros([2, 3]))).toThrow(/at most 20 bits/);
        const examples = tf.tensor2d([[1, 0, 4]]);
        const make = () => replicatedSoftmax({ words: 3, maxLength: 4, hidden: 2, key, examples });
        expect(make).toThrow('at most maxLength words, 4, got one of 5');
      }),
    );
    model.dispose();
  });
});
