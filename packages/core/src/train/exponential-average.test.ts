import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { ExponentialAverage } from './exponential-average';

function withWeight(use: (weight: tf.Variable, average: ExponentialAverage) => void | Promise<void>) {
  return async (): Promise<void> => {
    const before = tf.memory().numTensors;
    const weight = tf.tidy(() => tf.variable(tf.tensor1d([1, -2])));
    const average = new ExponentialAverage(new Map([['w', weight]]), { decay: 0.75 });
    await use(weight, average);
    average.dispose();
    average.dispose();
    weight.dispose();
    expect(tf.memory().numTensors).toBe(before);
  };
}

function assign(weight: tf.Variable, values: number[]): void {
  tf.tidy(() => weight.assign(tf.tensor1d(values)));
}

const averageOf = (average: ExponentialAverage): Iterable<number> =>
  average.parameters().get('w')!.dataSync();

describe('ExponentialAverage', () => {
  it(
    'starts at the weights and moves a quarter of the way for a decay of 3/4',
    withWeight((weight, average) => {
      expect([...averageOf(average)]).toEqual([1, -2]);
      assign(weight, [5, 2]);
      expectNoLeaks(() => average.update());
      expect([...averageOf(average)]).toEqual([2, -1]);
      expect([...weight.dataSync()]).toEqual([5, 2]);
    }),
  );

  it(
    'lends its values to the weights during an action, and puts both back, also when the action throws',
    withWeight(async (weight, average) => {
      assign(weight, [5, 2]);
      const seen = await average.during(() => Promise.resolve([...weight.dataSync()]));
      expect(seen).toEqual([1, -2]);
      await expect(average.during(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
      expect([...weight.dataSync()]).toEqual([5, 2]);
      expect([...averageOf(average)]).toEqual([1, -2]);
    }),
  );

  it(
    'can be adopted for good',
    withWeight((weight, average) => {
      assign(weight, [5, 2]);
      average.adopt();
      expect([...weight.dataSync()]).toEqual([1, -2]);
    }),
  );

  it.each([0, 1, 5, NaN])('refuses a decay of %s', (decay) => {
    expect(() => new ExponentialAverage(new Map(), { decay })).toThrow(
      'ExponentialAverage: expected decay to be a number in (0, 1)',
    );
  });
});
