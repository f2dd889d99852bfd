import '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import {
  checkWeight,
  cyclicAnnealing,
  linearAnnealing,
  weightAt,
  type ScheduledWeight,
} from './scheduled-weight';

const weights = (annealing: ScheduledWeight, steps: readonly number[]) =>
  steps.map((step) => tf.tidy(() => annealing.at(tf.scalar(step)).dataSync()[0]!));

describe('scheduled weights', () => {
  test('rises linearly and stays', () => {
    expect(weights(linearAnnealing({ steps: 4 }), [1, 2, 3, 4, 5, 6, 100])).toEqual([
      0, 0.25, 0.5, 0.75, 1, 1, 1,
    ]);
    expect(weights(linearAnnealing({ steps: 2, from: 5, to: 1 }), [1, 2, 3])).toEqual([5, 3, 1]);
  });

  test('rises in cycles, and stays after the last', () => {
    const annealing = cyclicAnnealing({ period: 4, cycles: 2 });
    expect(weights(annealing, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])).toEqual([0, 0.5, 1, 1, 0, 0.5, 1, 1, 1, 1]);
  });

  test('has its final weight where nothing is trained', () => {
    expect(weightAt(linearAnnealing({ steps: 10, to: 2 }), { training: false })).toBe(2);
    expect(weightAt(0.5, { training: true })).toBe(0.5);
  });

  test('refuses lengths that are none', () => {
    expect(() => linearAnnealing({ steps: 0 })).toThrow('expected steps to be a number above 0, got 0');
    expect(() => cyclicAnnealing({ period: 5, cycles: -1 })).toThrow('cycles');
  });

  test('refuses weights that are negative or missing', () => {
    expect(() => checkWeight('model', 'weight', linearAnnealing({ steps: 1, to: -1 }))).toThrow('weight');
    expect(() => checkWeight('model', 'weight', undefined as never)).toThrow('weight');
    expect(() => checkWeight('model', 'weight', 0)).not.toThrow();
  });
});
