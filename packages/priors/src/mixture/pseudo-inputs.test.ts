import { Key } from '@dgm/core';
import '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { dataPseudoInputs, meanPseudoInputs, randomPseudoInputs } from './pseudo-inputs';

const examples = { count: 4, shape: [2], values: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) };

describe('pseudo-inputs', () => {
  test('at random fill the range', () => {
    const values = Array.from(
      tf.tidy(() => randomPseudoInputs({ count: 200, shape: [5], min: 2, max: 17 })(Key.of(0)).dataSync()),
    );
    expect(values).toHaveLength(1000);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(2);
    expect(Math.max(...values)).toBeLessThan(17);
    const mean = values.reduce((sum, value) => sum + value, 0) / 1000;
    expect(Math.abs(mean - 9.5)).toBeLessThan((4 * 15) / Math.sqrt(12 * 1000));
  });

  test('of the data are distinct examples', () => {
    const rows = tf.tidy(() => dataPseudoInputs(examples, { count: 4 })(Key.of(0)).arraySync()) as number[][];
    expect(rows.sort((a, b) => a[0]! - b[0]!)).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
      [7, 8],
    ]);
    expect(() => dataPseudoInputs(examples, { count: 5 })).toThrow(
      'expected count to be at most the 4 examples, got 5',
    );
  });

  test('around the mean differ from it by the noise', () => {
    const rows = tf.tidy(() =>
      meanPseudoInputs(examples, { count: 1000, std: 0.1 })(Key.of(0)).arraySync(),
    ) as number[][];
    for (const [column, mean] of [4, 5].entries()) {
      const deviations = rows.map((row) => row[column]! - mean);
      const average = deviations.reduce((sum, value) => sum + value, 0) / 1000;
      const variance = deviations.reduce((sum, value) => sum + value ** 2, 0) / 1000;
      expect(Math.abs(average)).toBeLessThan((4 * 0.1) / Math.sqrt(1000));
      expect(Math.abs(Math.sqrt(variance) - 0.1)).toBeLessThan((4 * 0.1) / Math.sqrt(2000));
    }
  });
});
