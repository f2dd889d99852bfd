import { categoricalHead, Key } from '@dgm/core';
import { chiSquareScore, everyEvent, expectNoLeaks, STANDARD_ERRORS, tensorOf } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { madeEnsemble } from '../src/index';
import type { MadeEnsemble, MadeEnsembleOptions } from '../src/index';

const MASKS = 4;
const DIMS = 3;
const likelihood = categoricalHead({ shape: [], levels: 3 });
const key = Key.of(0);
const events = everyEvent([0, 1, 2], DIMS);

function withModel(use: (model: MadeEnsemble) => void, options: Partial<MadeEnsembleOptions> = {}): void {
  const model = madeEnsemble({ shape: [DIMS], likelihood, hidden: [12, 12], masks: MASKS, key, ...options });
  tf.tidy(() => use(model));
  model.dispose();
}

describe('madeEnsemble', () => {
  it('is the mean of its members, each of which sums to 1', () => {
    withModel((model) => {
      const x = tensorOf(events);
      const members = model.members.map((member) => Array.from(tf.exp(member.logProb(x)).dataSync()));
      for (const member of members) {
        expect(member.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
      }
      const mean = events.map((_, at) => members.reduce((sum, each) => sum + each[at]! / MASKS, 0));
      expect(tf.exp(model.logProb(x)).dataSync()).toBeCloseToArray(mean);
      expect(members[0]).not.toBeCloseToArray(members[1]!);
    });
  });

  it('has members that take the entries in their own order: no gradient by what comes later', () => {
    withModel(
      (model) => {
        const x = key.fold('x').uniform([2, DIMS], { max: 2 });
        const orders = model.members.map((member) => {
          const seen = Array.from({ length: DIMS }, (_, d) => {
            const gradient = tf.grad((input: tf.Tensor) =>
              tf.sum(tf.square(tf.slice(member.conditionals(input), [0, d, 0], [-1, 1, -1]))),
            )(x);
            return Array.from(tf.sum(tf.abs(gradient), 0).dataSync(), (size) => size > 0);
          });
          // Variable d sees exactly d entries, and one more than the variable before.
          seen.forEach((entries, d) => expect(entries.filter(Boolean)).toHaveLength(d));
          seen[1]!.forEach((is, entry) => expect(!is || seen[2]![entry]).toBe(true));
          return String(seen);
        });
        expect(new Set(orders).size).toBeGreaterThan(1);
      },
      { encoding: 'scaled' },
    );
  });

  it('keeps to an order that is given, with masks of several kinds', () => {
    withModel(
      (model) => {
        const x = tf.zeros([1, DIMS]);
        const [first] = model.members.map((member) => member.conditionals(x).dataSync());
        const moved = tf.tensor2d([[1, 0, 2]]); // the first in the order, entry 2, and entry 0
        for (const member of model.members) {
          const [at, then] = [x, moved].map((each) => [
            ...tf.slice(member.conditionals(each), 0, [1, 1, 3]).dataSync(),
          ]);
          expect(then).toEqual(at);
        }
        expect(model.members[1]!.conditionals(x).dataSync()).not.toEqual(first);
      },
      { order: [2, 0, 1] },
    );
  });

  it('draws with the probabilities of the mixture', () => {
    withModel((model) => {
      const n = 3000;
      const counts = new Array<number>(27).fill(0);
      for (const row of model.sample(Key.of(4), n).arraySync() as number[][]) {
        counts[row.reduce((code, value) => 3 * code + value, 0)]!++;
      }
      const probabilities = [...tf.exp(model.logProb(tensorOf(events))).dataSync()];
      expect(chiSquareScore(counts, probabilities)).toBeLessThan(STANDARD_ERRORS);
    });
  });

  it('trains one mask at a time, each in its turn of luck, and validates the mixture', () => {
    withModel((model) => {
      const x = tensorOf(events.slice(0, 9));
      const [objective] = model.objectives();
      const lossOf = (index: number, training: boolean): number =>
        objective!.loss(x, Key.of(index), { training }).total.dataSync()[0]!;
      const ofMembers = model.members.map((member) => -tf.mean(member.logProb(x)).dataSync()[0]!);
      const taken = Array.from({ length: 40 }, (_, index) => {
        const loss = lossOf(index, true);
        return ofMembers.findIndex((each) => Math.abs(each - loss) < 1e-5);
      });
      expect([...new Set(taken)].sort()).toEqual([0, 1, 2, 3]);
      expect(lossOf(0, false)).toBeCloseTo(-tf.mean(model.logProb(x)).dataSync()[0]!, 5);
    });
  });

  it('conditions on a context', () => {
    withModel(
      (model) => {
        const context = tf.oneHot([0, 1, 1], 2);
        const distribution = model.given(context);
        const x = distribution.sample(Key.of(1), [2]);
        expect(x.shape).toEqual([2, 3, DIMS]);
        const everything = tf.expandDims(tensorOf(events), 1);
        const total = tf.sum(tf.exp(distribution.logProb(everything)), 0);
        expect(total.dataSync()).toBeCloseToArray([1, 1, 1]);
        const [first, second] = distribution.logProb(tf.zeros([3, DIMS])).dataSync();
        expect(first).not.toBe(second);
        const batch = { x: tf.zeros([3, DIMS]), context: tf.cast(context, 'float32') };
        const { total: loss } = model.objectives()[0]!.loss(batch, key, { training: true });
        expect(Number.isFinite(loss.dataSync()[0])).toBe(true);
      },
      { contextSize: 2 },
    );
  });

  it('frees what it makes, and says what it cannot be', () => {
    withModel((model) => {
      expectNoLeaks(() => model.sample(key, 5, { temperature: 0.5 }).dispose());
      expect(() => model.logProb(tf.zeros([2, 4]))).toThrow('[n, 3]');
      expect(() => model.given(tf.zeros([1, 2]))).toThrow('context');
    });
    const make = (options: Partial<MadeEnsembleOptions>) => () =>
      madeEnsemble({ shape: [DIMS], likelihood, hidden: [4], masks: 2, key, ...options });
    expectNoLeaks(() => {
      expect(make({ masks: 0 })).toThrow('at least 1');
      expect(make({ order: [0, 1, 2], orderAgnostic: true })).toThrow('order of its own');
      expect(make({ order: [0, 1, 1] })).toThrow('once');
    });
  });
});
