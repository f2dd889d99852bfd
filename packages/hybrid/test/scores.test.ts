import { auroc } from '@dgm/core';
import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  complexityScore,
  energyScore,
  entropyScore,
  fitTemperature,
  highestScores,
  likelihoodRatioScore,
  maxSoftmaxScore,
  typicalityScore,
  waicScore,
} from '../src/index';

interface Golden {
  readonly logits: number[][];
  readonly labels: number[];
  readonly temperature: number;
  readonly energy: number[];
  readonly energyAt2: number[];
  readonly maxSoftmax: number[];
  readonly entropy: number[];
}
const golden = JSON.parse(readFileSync(new URL('golden/scores.json', import.meta.url), 'utf8')) as Golden;

describe('scores of likelihoods', () => {
  test('typicality is the distance from the entropy, also of batches', () => {
    const logProbs = [-1, -3, -5, -6, -100];
    expect([...typicalityScore(logProbs, { entropy: 4 })]).toEqual([3, 1, 1, 2, 96]);
    expect([...typicalityScore(logProbs, { entropy: 4, batchSize: 2 })]).toEqual([2, 1.5]);
  });

  test('typicality finds what is too likely, which the likelihood takes for data', () => {
    const data = [-9, -10, -11, -12];
    const black = [-1, -2, -1.5];
    const minus = (values: number[]) => values.map((value) => -value);
    expect(auroc(minus(black), minus(data))).toBe(0);
    const typicality = (values: number[]) => typicalityScore(values, { entropy: 10.5 });
    expect(auroc(typicality(black), typicality(data))).toBe(1);
  });

  test('ratio, complexity and WAIC are their equations', () => {
    expect([...likelihoodRatioScore([-2, -5], [-3, -1])]).toEqual([-1, 4]);
    const [score] = complexityScore([-10], [2]);
    expect(score).toBeCloseTo(10 - 16 * Math.LN2, 12);
    expect([...waicScore([[-1, -4], [-3, -4]])]).toEqual([1 + 2, 4]); // prettier-ignore
  });

  test('are Infinity for what is impossible', () => {
    expect([...typicalityScore([-Infinity], { entropy: 4 })]).toEqual([Infinity]);
    expect([...likelihoodRatioScore([-Infinity, -1], [-Infinity, -Infinity])]).toEqual([Infinity, -Infinity]);
    expect([...complexityScore([-Infinity], [3])]).toEqual([Infinity]);
    expect([...waicScore([[-Infinity, -1], [-2, -1]])]).toEqual([Infinity, 1]); // prettier-ignore
  });

  test('refuse what is no number, and calls without arguments', () => {
    for (const wrong of [[Number.NaN], ['a'], undefined, null, 3]) {
      expect(() => typicalityScore(wrong as never, { entropy: 1 })).toThrow('expected logProbs to hold');
      expect(() => likelihoodRatioScore([1], wrong as never)).toThrow('expected background to hold');
      expect(() => complexityScore(wrong as never, [1])).toThrow('expected logProbs to hold');
      expect(() => waicScore([[1], wrong as never])).toThrow('expected ensemble to hold');
    }
    expect(() => waicScore(undefined as never)).toThrow('ensemble.length');
    expect([...likelihoodRatioScore([], [])]).toEqual([]);
  });

  test('refuse what does not fit', () => {
    expect(() => likelihoodRatioScore([1, 2], [1])).toThrow('to hold numbers, 2 of them');
    expect(() => complexityScore([1], [])).toThrow('to hold numbers, 1 of them');
    expect(() => waicScore([[1]])).toThrow('ensemble.length');
    expect(() => waicScore([[1], [1, 2]])).toThrow('to hold numbers, 1 of them');
    expect(() => typicalityScore([-1], { entropy: Number.NaN })).toThrow('entropy');
    expect(() => typicalityScore([-1], { entropy: 1, batchSize: 2 })).toThrow('from 1 to 1');
    expect(() => typicalityScore([-1], { entropi: 1 } as never)).toThrow('did you mean "entropy"');
  });
});

describe('scores of logits', () => {
  test('agree with SciPy', () => {
    tf.tidy(() => {
      const logits = tf.tensor2d(golden.logits);
      const close = { relative: 2e-5, absolute: 1e-6 };
      expect(energyScore(logits).dataSync()).toBeCloseToArray(golden.energy, close);
      expect(energyScore(logits, { temperature: 2 }).dataSync()).toBeCloseToArray(golden.energyAt2, close);
      expect(maxSoftmaxScore(logits).dataSync()).toBeCloseToArray(golden.maxSoftmax, close);
      expect(entropyScore(logits).dataSync()).toBeCloseToArray(golden.entropy, close);
    });
  });

  test('give a class of probability 0 no share, and nothing for no rows', () => {
    tf.tidy(() => {
      const logits = tf.tensor2d([[0, 0, -Infinity]]);
      expect(entropyScore(logits).dataSync()[0]).toBeCloseTo(Math.LN2, 6);
      expect(maxSoftmaxScore(logits).dataSync()[0]).toBeCloseTo(0.5, 6);
      expect(energyScore(logits).dataSync()[0]).toBeCloseTo(-Math.LN2, 6);
      for (const score of [energyScore, maxSoftmaxScore, entropyScore]) {
        expect(score(tf.zeros([0, 3])).shape).toEqual([0]);
        expect(() => score(undefined as never)).toThrow('logits');
      }
    });
  });

  test('are finite for extreme logits, free what they make and refuse vectors', () => {
    const logits = tf.tensor2d([[1000, -1000, 0]]);
    tf.tidy(() => {
      expect(energyScore(logits).dataSync()[0]).toBe(-1000);
      expect(maxSoftmaxScore(logits).dataSync()[0]).toBe(0);
      expect(entropyScore(logits).dataSync()[0]).toBeCloseTo(0, 12);
      expect(() => energyScore(tf.zeros([3]))).toThrow('of shape [n, classes]');
      expect(() => energyScore(logits, { temperature: 0 })).toThrow('above 0');
    });
    for (const score of [energyScore, maxSoftmaxScore, entropyScore]) {
      expectNoLeaks(() => score(logits).dispose(), score.name);
    }
    logits.dispose();
  });
});

describe('highestScores', () => {
  test('gives the rows from the highest score, the first of equal ones first, without those chosen', () => {
    const scores = [1, 5, 3, 5, -Infinity, Infinity];
    expect([...highestScores(scores, { count: 4 })]).toEqual([5, 1, 3, 2]);
    expect([...highestScores(scores, { count: 3, chosen: Int32Array.of(1, 5) })]).toEqual([3, 2, 0]);
    expect([...highestScores(Float32Array.of(0, 1), { count: 2 })]).toEqual([1, 0]);
    expect([...highestScores([], { count: 0 })]).toEqual([]);
  });

  test('refuses more rows than there are, rows that are none, and NaN', () => {
    expect(() => highestScores([1, 2], { count: 2, chosen: [0] })).toThrow('from 0 to 1');
    expect(() => highestScores([1, 2], { count: 1, chosen: [2] })).toThrow('chosen');
    expect(() => highestScores([1, Number.NaN], { count: 1 })).toThrow('scores to hold numbers');
    expect(() => highestScores(undefined as never, { count: 1 })).toThrow('scores to hold numbers');
    expect(() => highestScores([1], { counts: 1 } as never)).toThrow('did you mean "count"');
  });
});

describe('fitTemperature', () => {
  test('finds the optimum of SciPy', async () => {
    const logits = tf.tensor2d(golden.logits);
    const temperature = await fitTemperature(logits, golden.labels);
    logits.dispose();
    expect(Math.abs(temperature / golden.temperature - 1)).toBeLessThan(1e-7); // where a minimum is flat in doubles
  });

  test('scales with the logits', async () => {
    const [logits, warmer] = [tf.tensor2d(golden.logits), tf.tidy(() => tf.mul(golden.logits, 4))];
    const [one, four] = [
      await fitTemperature(logits, golden.labels),
      await fitTemperature(warmer, golden.labels),
    ];
    tf.dispose([logits, warmer]);
    expect(four / one).toBeCloseTo(4, 10);
  });

  test('refuses logits without a best temperature, labels that are no classes, and counts that differ', async () => {
    const right = tf.tensor2d([[2, 0], [0, 2]]); // prettier-ignore
    await expect(fitTemperature(right, [0, 1])).rejects.toThrow('every prediction is right');
    await expect(fitTemperature(right, [1, 0])).rejects.toThrow('no better than guesses');
    await expect(fitTemperature(right, [0, 2])).rejects.toThrow('from 0 to 1');
    await expect(fitTemperature(right, [0])).rejects.toThrow('to hold 2 classes');
    await expect(fitTemperature(right, undefined as never)).rejects.toThrow('to hold 2 classes');
    const broken = tf.tensor2d([[Number.NaN, 0]]);
    await expect(fitTemperature(broken, [0])).rejects.toThrow('to be finite, got NaN');
    broken.dispose();
    right.dispose();
  });
});
