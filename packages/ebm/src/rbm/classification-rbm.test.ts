import { classContext, fit, Key, oneHot, sgd } from '@dgm/core';
import type { Examples } from '@dgm/core';
import { checkModelFile, expectNoLeaks, STANDARD_ERRORS, take } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { annealedImportanceSampling } from '../partition/annealed-importance-sampling';
import { bitStates } from '../partition/enumerate';
import { classificationRbm, type ClassificationRbm } from './classification-rbm';
import { bernoulliUnits, categoricalUnits } from './units';

const key = Key.of(0);
const visible = bernoulliUnits({ shape: [3] });
const CLASSES = 2;
const CLOSE = { relative: 1e-5, absolute: 1e-5 };

interface Weights {
  readonly weights: number[][];
  readonly visible: number[];
  readonly hidden: number[];
}

/** Three bits, two classes and two hidden units, with random weights. */
function make(): ClassificationRbm {
  const model = classificationRbm({ visible, hidden: 2, classes: CLASSES, key, sampleSteps: 30 });
  const parameters = model.parameters();
  tf.tidy(() => {
    parameters.get('joint/weights')!.assign(Key.of(1).normal([5, 2]));
    parameters.get('joint/visibleBias')!.assign(Key.of(2).normal([5]));
    parameters.get('joint/hiddenBias')!.assign(Key.of(3).normal([2]));
  });
  return model;
}

function weightsOf(model: ClassificationRbm): Weights {
  const values = (name: string): number[] => [...model.parameters().get(`joint/${name}`)!.dataSync()];
  const flat = values('weights');
  return {
    weights: [0, 1, 2, 3, 4].map((row) => flat.slice(2 * row, 2 * row + 2)),
    visible: values('visibleBias'),
    hidden: values('hiddenBias'),
  };
}

/** $\sum_h e^{-E(x, y, h)}$ for each state of x and each class, by the sums of the definition. */
function massesOf({ weights, visible: b, hidden: c }: Weights): number[][] {
  return Array.from({ length: 8 }, (_, state) =>
    Array.from({ length: CLASSES }, (__, label) => {
      const t = [0, 1, 2].map((bit) => (state >> bit) & 1).concat([0, 1].map((y) => (y === label ? 1 : 0)));
      let mass = 0;
      for (let h = 0; h < 4; h++) {
        const bits = [h & 1, h >> 1];
        let energy = 0;
        t.forEach((value, i) => {
          energy -= b[i]! * value;
          bits.forEach((bit, j) => (energy -= weights[i]![j]! * value * bit));
        });
        bits.forEach((bit, j) => (energy -= c[j]! * bit));
        mass += Math.exp(-energy);
      }
      return mass;
    }),
  );
}

it('has the energies, class probabilities and normalizer of enumeration', () => {
  const model = make();
  const masses = massesOf(weightsOf(model));
  tf.tidy(() => {
    const x = bitStates(3)[0]!();
    const sums = masses.map((row) => row.reduce((sum, mass) => sum + mass, 0));
    const logProbs = masses.flatMap((row, state) => row.map((mass) => Math.log(mass / sums[state]!)));
    expect(take(model.classLogProbs(x))).toBeCloseToArray(logProbs, CLOSE);
    expect(take(model.energy(x))).toBeCloseToArray(
      sums.map((sum) => -Math.log(sum)),
      CLOSE,
    );
    const context = oneHot(tf.fill([8], 1), { depth: CLASSES });
    expect(take(model.jointEnergy({ x, context }))).toBeCloseToArray(
      masses.map((row) => -Math.log(row[1]!)),
      CLOSE,
    );
    const total = sums.reduce((sum, mass) => sum + mass, 0);
    expect(take(model.logPartition())).toBeCloseToArray([Math.log(total)], CLOSE);
  });
  model.dispose();
});

it('draws examples with the exact means, and is annealed to its normalizer', async () => {
  const model = make();
  const masses = massesOf(weightsOf(model)).map((row) => row.reduce((sum, mass) => sum + mass, 0));
  const total = masses.reduce((sum, mass) => sum + mass, 0);
  const n = 2000;
  const means = tf.tidy(() => take(tf.mean(model.sample(key, n), 0)));
  means.forEach((mean, bit) => {
    const expected = masses.reduce((sum, mass, state) => sum + ((state >> bit) & 1 ? mass : 0), 0) / total;
    const error = Math.sqrt((expected * (1 - expected)) / n);
    expect(Math.abs(mean - expected)).toBeLessThan(STANDARD_ERRORS * error);
  });
  const options = { key, chains: 200, temperatures: 50 };
  const { logPartition, standardError } = await annealedImportanceSampling(model.annealedPath(), options);
  expect(Math.abs(logPartition - Math.log(total))).toBeLessThan(STANDARD_ERRORS * standardError);
  const { kind } = await model.partition(key);
  expect(kind).toBe('exact');
  model.dispose();
});

it.each([0, 0.1])(
  'learns whether both bits are 1, with a generative weight of %s',
  async (generativeWeight) => {
    const values = Uint8Array.from(
      { length: 160 },
      (_, index) => (index % 2 === 0 ? index >> 1 : index >> 2) & 1,
    );
    const labels = Int32Array.from({ length: 80 }, (_, row) => values[2 * row]! & values[2 * row + 1]!);
    const train: Examples = { count: 80, shape: [2], values, labels };
    const units = bernoulliUnits({ shape: [2] });
    const model = classificationRbm({
      visible: units,
      hidden: 8,
      classes: 2,
      key: Key.of(4),
      generativeWeight,
    });
    const [objective] = model.objectives();
    expect(objective!.prepare === undefined).toBe(generativeWeight === 0);
    const optimizer = sgd({ learningRate: 1, momentum: 0.9 });
    await fit(
      model,
      { train },
      { key, optimizer, batch: classContext({ classes: 2 }), batchSize: 40, epochs: 30 },
    );
    const predicted = tf.tidy(() => {
      const x = tf.tensor2d(values.slice(0, 16), [8, 2], 'float32');
      return take(tf.argMax(model.classLogProbs(x), 1));
    });
    expect(predicted).toEqual([...labels.slice(0, 8)]);
    model.dispose();
  },
);

it('is read back from a file to the bit, with the means of its examples', async () => {
  const examples = tf.tensor2d([
    [0, 2],
    [1, 2],
  ]);
  const units = categoricalUnits({ shape: [2], levels: 3 });
  const model = classificationRbm({ visible: units, hidden: 2, classes: 3, key, examples, sampleSteps: 2 });
  const bias = [...model.parameters().get('joint/visibleBias')!.dataSync()];
  expect(bias[0]).toBeCloseTo(Math.log(1.1 / 2.3), 5);
  expect(bias.slice(6)).toEqual([0, 0, 0]);
  await checkModelFile(model, (each) => ({
    logProbs: each.classLogProbs(examples),
    sample: each.sample(Key.of(1), 2),
  }));
  examples.dispose();
  model.dispose();
});

describe('refuses', () => {
  it.each([
    ['an unknown option', { visible, hidden: 2, classes: 2, key, class: 3 }, /did you mean "classes"/],
    ['one class', { visible, hidden: 2, classes: 1, key }, /classes/],
    ['a negative weight', { visible, hidden: 2, classes: 2, key, generativeWeight: -1 }, /generativeWeight/],
    ['no units', { hidden: 2, classes: 2, key }, /bernoulliUnits/],
    ['no hidden unit', { visible, hidden: 0, classes: 2, key }, /hidden/],
  ])('%s, and keeps nothing', (_, options, message) => {
    expectNoLeaks(() => expect(() => classificationRbm(options as never)).toThrow(message));
  });

  it('examples without labels, and labels of another number of classes', () => {
    const model = make();
    const [x, context] = [tf.zeros([2, 3]), tf.zeros([2, 3])];
    expectNoLeaks(() => expect(() => model.jointEnergy(x as never)).toThrow(/classContext/));
    expectNoLeaks(() => expect(() => model.jointEnergy({ x, context })).toThrow(/\[2, 2\]/));
    tf.dispose([x, context]);
    model.dispose();
  });
});
