import { hasKlDivergence, Key, klDivergence, oneHot, softmax } from '@dgm/core';
import '@dgm/testing';
import { meanAndError } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { gumbelSoftmax } from './gumbel-softmax';
import { OneHotCategorical } from './one-hot-categorical';

const LOGITS = [
  [0.3, -1, 1.2],
  [2, 0, 0.5],
];
/** Two variables of three values, and every event that they can take. */
const pair = () => new OneHotCategorical(tf.tensor2d(LOGITS), { eventRank: 2 });
const events = (): Tensor => {
  const rows = [0, 1, 2].flatMap((a) => [0, 1, 2].map((b) => [a, b]));
  return oneHot(tf.tensor2d(rows), { depth: 3 });
};

describe('OneHotCategorical', () => {
  test('sums to one over the one-hot vectors, and gives nothing to others', () => {
    tf.tidy(() => {
      const total = tf.sum(tf.exp(pair().logProb(events())));
      expect(total.dataSync()[0]).toBeCloseTo(1, 6);
      const others = tf.tensor3d([
        [
          [0.5, 0.5, 0],
          [0, 1, 0],
        ],
        [
          [1, 1, 0],
          [1, 0, 0],
        ],
        [
          [0, 0, 0],
          [1, 0, 0],
        ],
      ]);
      expect([...pair().logProb(others).dataSync()]).toEqual([-Infinity, -Infinity, -Infinity]);
    });
  });

  test('draws each value as often as it is probable', () => {
    tf.tidy(() => {
      const n = 20_000;
      const mean = tf.mean(pair().sample(Key.of(0), [n]), 0).dataSync();
      const expected = pair().mean().dataSync();
      const variance = pair().variance().dataSync();
      mean.forEach((value, i) => {
        expect(Math.abs(value - expected[i]!)).toBeLessThan(4 * Math.sqrt(variance[i]! / n));
      });
    });
  });

  test('has the entropy and the divergence of the sum over all events', () => {
    tf.tidy(() => {
      const [p, q] = [pair(), new OneHotCategorical([2, 3], { eventRank: 2 })];
      const logs = p.logProb(events());
      const entropy = tf.neg(tf.sum(tf.mul(tf.exp(logs), logs))).dataSync()[0]!;
      expect(p.entropy().dataSync()[0]).toBeCloseTo(entropy, 5);
      expect(hasKlDivergence(p, q)).toBe(true);
      expect(klDivergence(p, q).dataSync()[0]).toBeCloseTo(2 * Math.log(3) - entropy, 5);
      expect(hasKlDivergence(p, new OneHotCategorical([3, 2], { eventRank: 2 }))).toBe(false);
    });
  });

  test('gives an impossible value no mass, and no NaN', () => {
    tf.tidy(() => {
      const p = new OneHotCategorical(tf.tensor1d([0, 1, -Infinity]));
      const [equal, far] = [new OneHotCategorical([3]), new OneHotCategorical(tf.tensor1d([0, -200, 1]))];
      expect([...p.logProb(tf.eye(3)).dataSync()]).toBeCloseToArray([-1.313262, -0.313262, -Infinity]);
      expect(p.entropy().dataSync()[0]).toBeCloseTo(0.582203, 5);
      expect(klDivergence(p, equal).dataSync()[0]).toBeCloseTo(0.516409, 5);
      expect(klDivergence(equal, p).dataSync()[0]).toBe(Infinity);
      expect(klDivergence(far, new OneHotCategorical(tf.tensor1d([0, -Infinity, 1]))).dataSync()[0]).toBe(
        Infinity,
      );
      const gradient = tf.grad((logits) => tf.sum(new OneHotCategorical(logits).entropy()))(
        tf.tensor1d([0, 1, -Infinity]),
      );
      expect(gradient.dataSync().every(Number.isFinite)).toBe(true);
    });
  });

  test('has the mode that no event exceeds', () => {
    tf.tidy(() => {
      const best = Math.max(...pair().logProb(events()).dataSync());
      expect(pair().logProb(pair().mode()).dataSync()[0]).toBe(best);
    });
  });

  test('relaxed, draws the softmax whose largest entry the exact draw is', () => {
    tf.tidy(() => {
      const logits = tf.tensor1d(LOGITS[0]!);
      const relaxed = new OneHotCategorical(logits, { relaxed: true, temperature: 0.5 }).sample(
        Key.of(3),
        [50],
      );
      const exact = new OneHotCategorical(logits, { temperature: 0.5 }).sample(Key.of(3), [50]);
      expect(tf.sum(relaxed, 1).dataSync()).toBeCloseToArray(new Array(50).fill(1), { absolute: 1e-5 });
      expect([...tf.argMax(relaxed, 1).dataSync()]).toEqual([...tf.argMax(exact, 1).dataSync()]);
    });
  });

  test('passes the gradient of that softmax through an exact draw', () => {
    tf.tidy(() => {
      const weights = tf.tensor1d([1, -2, 0.5]);
      const draw = (relaxed: boolean) => (logits: Tensor) =>
        tf.sum(
          tf.mul(weights, new OneHotCategorical(logits, { relaxed, temperature: 0.7 }).sample(Key.of(5))),
        );
      const [throughExact, throughRelaxed] = [false, true].map((relaxed) =>
        tf.grad(draw(relaxed))(tf.tensor1d(LOGITS[0]!)).dataSync(),
      );
      expect(throughExact).toBeCloseToArray([...throughRelaxed!], { relative: 1e-6 });
    });
  });

  test('approaches the gradient of the expectation as the temperature falls', () => {
    tf.tidy(() => {
      const logits = tf.tensor1d([0.4, -0.4]);
      const weights = tf.tensor1d([1, 0]);
      const exact = tf
        .grad((l: Tensor) => tf.sum(tf.mul(weights, softmax(l))))(logits)
        .dataSync()[0]!;
      const estimate = (temperature: number) => {
        const gradients = tf.grad((l: Tensor) => {
          const z = new OneHotCategorical(l, { temperature, relaxed: true }).sample(Key.of(7));
          return tf.sum(tf.mul(weights, z));
        })(tf.tile(tf.expandDims(logits, 0), [20_000, 1]));
        return meanAndError([...tf.slice(gradients, [0, 0], [-1, 1]).dataSync()]);
      };
      const near = estimate(0.1);
      expect(Math.abs(near.mean - exact)).toBeLessThan(0.02 + 4 * near.standardError);
      expect(Math.abs(estimate(5).mean - exact)).toBeGreaterThan(0.1);
    });
  });

  test('refuses a temperature of 0', () => {
    expect(() => new OneHotCategorical([3], { temperature: 0 })).toThrow('above 0');
  });
});

test('gumbelSoftmax relaxes in training only, and only if it is told to', () => {
  tf.tidy(() => {
    const parameters = Key.of(1).normal([4, 6]);
    const isOneHot = (estimator: 'straight-through' | 'relaxed', training: boolean) => {
      const head = gumbelSoftmax({ variables: 2, classes: 3, estimator });
      const z = head.distribution(parameters, { training }).sample(Key.of(2));
      expect(z.shape).toEqual([4, 2, 3]);
      return z.dataSync().every((value) => value === 0 || value === 1);
    };
    expect(isOneHot('relaxed', true)).toBe(false);
    expect(isOneHot('relaxed', false)).toBe(true);
    expect(isOneHot('straight-through', true)).toBe(true);
  });
});
