import { Key } from '@dgm/core';
import { STANDARD_ERRORS, take } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { annealedImportanceSampling } from '../partition/annealed-importance-sampling';
import { rbm, type Rbm } from './rbm';
import { replicatedSoftmaxUnits } from './units';

const key = Key.of(0);
const [WORDS, LENGTH] = [3, 4];
const CLOSE = { relative: 1e-5, absolute: 1e-5 };

function make(): Rbm {
  const visible = replicatedSoftmaxUnits({ words: WORDS, length: LENGTH });
  const model = rbm({ visible, hidden: 2, key, sampleSteps: 30 });
  tf.tidy(() => {
    for (const [index, name] of ['weights', 'visibleBias', 'hiddenBias'].entries()) {
      const variable = model.parameters().get(name)!;
      variable.assign(Key.of(index + 1).normal(variable.shape));
    }
  });
  return model;
}

/** The mass of each vector of counts: a sum over all documents, word by word, and over all hidden states. */
function massesOf(model: Rbm): ReadonlyMap<string, number> {
  const [weights, visible, hidden] = ['weights', 'visibleBias', 'hiddenBias'].map((name) => [
    ...model.parameters().get(name)!.dataSync(),
  ]) as [number[], number[], number[]];
  const masses = new Map<string, number>();
  for (let document = 0; document < WORDS ** LENGTH; document++) {
    const counts = [0, 0, 0];
    for (let place = 0; place < LENGTH; place++) counts[Math.floor(document / WORDS ** place) % WORDS]!++;
    let mass = 0;
    for (let h = 0; h < 4; h++) {
      let energy = 0;
      counts.forEach((count, k) => {
        energy -= count * visible[k]!;
        for (const j of [0, 1]) energy -= count * weights[2 * k + j]! * ((h >> j) & 1);
      });
      for (const j of [0, 1]) energy -= hidden[j]! * ((h >> j) & 1);
      mass += Math.exp(-energy);
    }
    masses.set(counts.join(), (masses.get(counts.join()) ?? 0) + mass);
  }
  return masses;
}

it('has the energies and the normalizer of sums over all documents', () => {
  const model = make();
  const masses = massesOf(model);
  tf.tidy(() => {
    const x = tf.tensor2d([...masses.keys()].map((counts) => counts.split(',').map(Number)));
    const energies = [...masses.values()].map((mass) => -Math.log(mass));
    expect(take(model.energy(x))).toBeCloseToArray(energies, CLOSE);
    const total = [...masses.values()].reduce((sum, mass) => sum + mass, 0);
    expect(take(model.logPartition())).toBeCloseToArray([Math.log(total)], CLOSE);
  });
  model.dispose();
});

it('draws documents of its length with the exact means, and is annealed to its normalizer', async () => {
  const model = make();
  const masses = [...massesOf(model)];
  const total = masses.reduce((sum, [, mass]) => sum + mass, 0);
  const n = 2000;
  tf.tidy(() => {
    const x = model.sample(key, n);
    expect(new Set(take(tf.sum(x, 1)))).toEqual(new Set([LENGTH]));
    const means = take(tf.mean(x, 0));
    means.forEach((mean, word) => {
      const moment = (power: number): number =>
        masses.reduce((sum, [counts, mass]) => sum + Number(counts.split(',')[word]) ** power * mass, 0) /
        total;
      const error = Math.sqrt((moment(2) - moment(1) ** 2) / n);
      expect(Math.abs(mean - moment(1))).toBeLessThan(STANDARD_ERRORS * error);
    });
  });
  const options = { key, chains: 100, temperatures: 30 };
  const { logPartition, standardError } = await annealedImportanceSampling(model.annealedPath(), options);
  expect(Math.abs(logPartition - Math.log(total))).toBeLessThan(STANDARD_ERRORS * standardError);
  model.dispose();
});

it('starts at the frequencies of words', () => {
  const examples = tf.tensor2d([
    [2, 2, 0],
    [4, 0, 0],
  ]);
  const model = rbm({
    visible: replicatedSoftmaxUnits({ words: WORDS, length: LENGTH }),
    ...{ hidden: 2, key, examples },
  });
  const bias = [...model.parameters().get('visibleBias')!.dataSync()];
  expect(bias.map(Math.exp)).toBeCloseToArray([6.1 / 8.3, 2.1 / 8.3, 0.1 / 8.3], CLOSE);
  examples.dispose();
  model.dispose();
});

it('refuses one word, and documents of one', () => {
  expect(() => replicatedSoftmaxUnits({ words: 1, length: 3 })).toThrow(/words/);
  expect(() => replicatedSoftmaxUnits({ words: 3, length: 1 })).toThrow(/length/);
  expect(() => replicatedSoftmaxUnits({ word: 3, length: 2 } as never)).toThrow(/did you mean "words"/);
});
