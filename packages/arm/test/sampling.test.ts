import { bernoulliHead, categoricalHead, normalHead, Key } from '@dgm/core';
import { chiSquareScore, everyEvent, expectNoLeaks, STANDARD_ERRORS, tensorOf } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { finiteMemory, recurrentArm, zigZagOrder } from '../src/index';
import type { AutoregressiveModel, ArmSampleOptions } from '../src/index';
import { isStepNetwork } from '../src/model/network';
import { allMakers, makers } from './arm.cases';

const likelihood = categoricalHead({ shape: [], levels: 5 });
const key = Key.of(0);

const drawn = (model: AutoregressiveModel, n: number, options: ArmSampleOptions = {}) =>
  tf.tidy(() => Array.from(model.sample(Key.of(3), n, options).dataSync()));

describe.each(Object.entries(allMakers))('%s', (name, make) => {
  it('draws the same, cached, by full passes and predictively', () => {
    const order = name in makers ? { order: zigZagOrder([3, 3]) } : {};
    const model = make({ shape: [3, 3], likelihood, key, ...order });
    const expected = drawn(model, 16, { method: 'full' });
    expect(new Set(expected).size).toBe(5);
    expect(drawn(model, 16)).toEqual(expected);
    expect(drawn(model, 16, { method: 'predictive' })).toEqual(expected);
    expect(drawn(model, 16, { method: 'predictive', temperature: 0.5, topK: 3 })).toEqual(
      drawn(model, 16, { temperature: 0.5, topK: 3 }),
    );
    model.dispose();
  });

  it('conditions on a context: steps give what a pass gives, and the context matters', () => {
    const model = make({ shape: [2, 2], likelihood, key, contextSize: 2 });
    tf.tidy(() => {
      const context = tf.oneHot([0, 1, 0, 1], 2);
      const distribution = model.given(context);
      expect(distribution.batchShape).toEqual([4]);
      const x = distribution.sample(Key.of(1), [3]);
      expect(x.shape).toEqual([3, 4, 2, 2]);
      const logProb = distribution.logProb(x).arraySync() as number[][];
      const alone = model
        .given(tf.slice(context, [1, 0], [1, 2]))
        .logProb(tf.slice(x, [2, 1, 0, 0], [1, 1, 2, 2]));
      expect(alone.dataSync()).toBeCloseToArray([logProb[2]![1]!]);
      const same = tf.zeros([4, 2, 2]);
      const [ofFirst, ofSecond] = distribution.logProb(same).dataSync();
      expect(ofFirst).not.toBe(ofSecond);
      expect(drawn(model, 4, { context })).toEqual(drawn(model, 4, { context, method: 'full' }));
      const total = tf.exp(model.given(tf.slice(context, 0, 1)).logProb(tf.expandDims(everything(), 1)));
      expect(tf.sum(total).dataSync()).toBeCloseToArray([1]);
      const loss = model.objectives()[0]!.loss({ x: same, context }, Key.of(0), { training: false });
      const mean = tf.neg(tf.mean(distribution.logProb(same)));
      expect(loss.total.dataSync()).toBeCloseToArray(mean.dataSync());
    });
    model.dispose();
  });
});

const everything = (): Tensor => tf.reshape(tensorOf(everyEvent([0, 1, 2, 3, 4], 4)), [-1, 2, 2]);

describe('AutoregressiveModel', () => {
  const small = (): AutoregressiveModel =>
    finiteMemory({ shape: [3], likelihood: categoricalHead({ shape: [], levels: 3 }), key, memory: 2 });
  const codes = (values: number[]): number[] =>
    Array.from({ length: values.length / 3 }, (_, row) =>
      values.slice(3 * row, 3 * row + 3).reduce((code, value) => 3 * code + value, 0),
    );

  it('draws with the probabilities that it computes', () => {
    const model = small();
    const n = 4000;
    const counts = new Array<number>(27).fill(0);
    codes(drawn(model, n)).forEach((code) => counts[code]!++);
    const probabilities = tf.tidy(() => [
      ...tf.exp(model.logProb(tensorOf(everyEvent([0, 1, 2], 3)))).dataSync(),
    ]);
    expect(chiSquareScore(counts, probabilities)).toBeLessThan(STANDARD_ERRORS);
    model.dispose();
  });

  it('keeps given entries, and draws the others given them', () => {
    const model = small();
    tf.tidy(() => {
      const values = tf.fill([500, 3], 2);
      const inPainted = model.sample(Key.of(3), 500, { given: { values, known: [1, 1, 0] } });
      const rows = inPainted.arraySync() as number[][];
      expect(rows.every(([a, b]) => a === 2 && b === 2)).toBe(true);
      const counts = [0, 1, 2].map((value) => rows.filter((row) => row[2] === value).length);
      const joint = tf.exp(model.logProb(tensorOf([0, 1, 2].map((last) => [2, 2, last]))));
      const probabilities = tf.div(joint, tf.sum(joint)).dataSync();
      expect(chiSquareScore(counts, [...probabilities])).toBeLessThan(STANDARD_ERRORS);
    });
    model.dispose();
  });

  it('keeps given entries in an order of their own', () => {
    const model = recurrentArm({ shape: [2, 2], likelihood, key, hidden: 4, order: [3, 0, 2, 1] });
    tf.tidy(() => {
      const values = tf.tensor3d([[[1, 2], [3, 4]]]); // prettier-ignore
      for (const method of ['cached', 'full', 'predictive'] as const) {
        const given = { values, known: [true, false, false, true] };
        const [row] = model.sample(Key.of(0), 1, { given, method }).arraySync() as number[][][];
        expect([row![0]![0], row![1]![1]]).toEqual([1, 4]);
      }
    });
    model.dispose();
  });

  it('draws the most probable value with topK 1, and nearly always at a low temperature', () => {
    const model = small();
    tf.tidy(() => {
      const greedy = drawn(model, 2, { topK: 1 });
      expect(greedy.slice(0, 3)).toEqual(greedy.slice(3));
      expect(drawn(model, 2, { temperature: 1e-4 })).toEqual(greedy);
      const first = tf.slice(model.conditionals(tf.zeros([1, 3])), [0, 0, 0], [1, 1, 3]);
      expect(greedy[0]).toBe(tf.argMax(tf.reshape(first, [3])).dataSync()[0]);
    });
    model.dispose();
  });

  it('draws by the tempered probabilities', () => {
    const model = finiteMemory({ shape: [1], likelihood: bernoulliHead({ shape: [] }), key, memory: 1 });
    const logit = tf.tidy(() => model.conditionals(tf.zeros([1, 1])).dataSync()[0]!);
    const values = drawn(model, 4000, { temperature: 0.25 });
    const ones = values.filter((value) => value === 1).length;
    const probability = 1 / (1 + Math.exp(-logit / 0.25));
    expect(chiSquareScore([values.length - ones, ones], [1 - probability, probability])).toBeLessThan(
      STANDARD_ERRORS,
    );
    model.dispose();
  });

  it('takes as long for a late variable as for an early one: with room for all, the state does not grow', () => {
    for (const make of Object.values(makers)) {
      const model = make({ shape: [6], likelihood, key });
      tf.tidy(() => {
        const { network } = model;
        if (!isStepNetwork(network)) return;
        let state = network.initialState(2, { capacity: 6 });
        const shapes = JSON.stringify(Object.values(state).map(({ shape }) => shape));
        for (let variable = 0; variable < 6; variable++) {
          const previous = variable === 0 ? {} : { previous: tf.zeros([2]) };
          state = network.step({ n: 2, ...previous }, state).state;
          expect(JSON.stringify(Object.values(state).map(({ shape }) => shape))).toBe(shapes);
        }
      });
      model.dispose();
    }
  });

  it('frees what every sampler makes', () => {
    const model = small();
    tf.tidy(() => {
      const values = tf.zeros([2, 3]);
      for (const method of ['cached', 'full', 'predictive'] as const) {
        const options = { method, temperature: 2, given: { values, known: [1, 0, 0] } };
        expectNoLeaks(() => model.sample(Key.of(0), 2, options).dispose(), method);
      }
    });
    model.dispose();
  });

  it('says what it cannot draw', () => {
    const model = small();
    const real = finiteMemory({ shape: [3], likelihood: normalHead({ shape: [] }), key, memory: 1 });
    expect(() => model.sample(key, 1, { temperature: 0 })).toThrow('temperature');
    expect(() => model.sample(key, 1, { topK: 4 })).toThrow('integer from 1 to 3');
    expect(() => real.sample(key, 1, { temperature: 0.5 })).toThrow('a finite number of levels');
    tf.tidy(() => {
      const context = tf.zeros([1, 2]);
      expect(() => model.sample(key, 1, { context })).toThrow('context to be left out');
      const given = { values: tf.zeros([1, 4]), known: [1, 0, 0] };
      expect(() => model.sample(key, 1, { given })).toThrow('[1, 3]');
      expect(() => model.given(context)).toThrow('context');
    });
    model.dispose();
    real.dispose();
  });

  it('says what does not fit together', () => {
    const options = { shape: [2, 2], key, memory: 1 };
    expect(() =>
      finiteMemory({ ...options, likelihood: categoricalHead({ shape: [4], levels: 3 }) }),
    ).toThrow('over one variable');
    expect(() => finiteMemory({ ...options, likelihood, order: [0, 1, 2, 2] })).toThrow('once');
    expect(() => zigZagOrder([4])).toThrow('[height, width]');
    expect(() =>
      finiteMemory({ ...options, likelihood: normalHead({ shape: [] }), encoding: 'one-hot' }),
    ).toThrow('raw for values without a largest one');
  });
});

it('zigZagOrder goes along the diagonals, to and fro', () => {
  expect([...zigZagOrder([3, 3])]).toEqual([0, 1, 3, 6, 4, 2, 5, 7, 8]);
  expect([...zigZagOrder([2, 1, 2])]).toEqual([0, 1, 2, 3]);
});
