import {
  Key,
  bitsPerDim,
  bitsToNats,
  classificationError,
  expectedCalibrationError,
  maximumMeanDiscrepancy,
  natsPerExample,
  natsToBits,
  peakSignalToNoiseRatio,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';

describe('units', () => {
  it('convert there and back', () => {
    expect(natsToBits(Math.log(8))).toBeCloseTo(3, 12);
    expect(bitsToNats(natsToBits(1.7))).toBeCloseTo(1.7, 12);
    // Uniform over 17 values in 64 entries: the baseline of the digits.
    expect(bitsPerDim(64 * Math.log(17), 64)).toBeCloseTo(Math.log2(17), 12);
    expect(natsPerExample(bitsPerDim(96.6, 64), 64)).toBeCloseTo(96.6, 10);
  });
});

describe('maximumMeanDiscrepancy', () => {
  it('is what its definition says on three points', async () => {
    const k = (distance: number) => Math.exp(-0.5 * distance ** 2);
    const value = await maximumMeanDiscrepancy(tf.tensor2d([[0], [1]]), tf.tensor2d([[0], [3]]), {
      bandwidth: 1,
    });
    expect(value).toBeCloseTo(k(1) + k(3) - (2 * (k(0) + k(3) + k(1) + k(2))) / 4, 12);
  });

  it('is unbiased: 0 on average for one distribution, and positive for two', async () => {
    const keys = Key.of(3).split(40);
    const values = await Promise.all(
      keys.map(async (key) => {
        const [a, b] = key.split(2);
        return maximumMeanDiscrepancy(a!.normal([30, 2]), b!.normal([20, 2]), { bandwidth: 1 });
      }),
    );
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
    expect(Math.abs(mean)).toBeLessThan(4 * Math.sqrt(variance / values.length));
    const far = await maximumMeanDiscrepancy(keys[0]!.normal([30, 2]), tf.add(keys[1]!.normal([20, 2]), 3));
    expect(far).toBeGreaterThan(10 * Math.sqrt(variance));
  });

  it('refuses single points, other events and no bandwidth', async () => {
    const [x, y] = [tf.zeros([3, 2]), tf.zeros([1, 2])];
    await expect(maximumMeanDiscrepancy(x, y)).rejects.toMatchObject({ code: 'shape' });
    await expect(maximumMeanDiscrepancy(x, tf.zeros([3, 4]))).rejects.toMatchObject({ code: 'shape' });
    await expect(maximumMeanDiscrepancy(x, x)).rejects.toMatchObject({
      code: 'argument',
      argument: 'bandwidth',
    });
  });
});

describe('peakSignalToNoiseRatio', () => {
  it('is 20 dB for errors of a tenth of the peak, and infinite for none', async () => {
    const x = tf.zeros([2, 3]);
    expect(await peakSignalToNoiseRatio(x, tf.fill([2, 3], 1.6), { peak: 16 })).toBeCloseTo(20, 5);
    expect(await peakSignalToNoiseRatio(x, x, { peak: 1 })).toBe(Infinity);
    await expect(peakSignalToNoiseRatio(x, tf.zeros([3, 2]), { peak: 1 })).rejects.toMatchObject({
      code: 'shape',
    });
  });
});

describe('classification', () => {
  const probabilities = () =>
    tf.tensor2d([
      [0.9, 0.1],
      [0.7, 0.3],
      [0.2, 0.8],
      [0.4, 0.6],
    ]);

  it('counts wrong predictions', async () => {
    expect(await classificationError(probabilities(), [0, 1, 1, 0])).toBe(0.5);
    await expect(classificationError(probabilities(), [0, 1])).rejects.toMatchObject({ code: 'shape' });
  });

  it('measures calibration in bins', async () => {
    // Bins (0.5, 0.75] and (0.75, 1]: confidences 0.7, 0.6 with no hit; 0.9, 0.8 with two.
    const expected = (Math.abs(0.7 + 0.6 - 0) + Math.abs(0.9 + 0.8 - 2)) / 4;
    expect(await expectedCalibrationError(probabilities(), [0, 1, 1, 0], { bins: 4 })).toBeCloseTo(
      expected,
      6,
    );
    const sure = tf.tensor2d([
      [1, 0],
      [0, 1],
    ]);
    expect(await expectedCalibrationError(sure, [0, 1])).toBe(0);
    await expect(expectedCalibrationError(tf.mul(sure, 3), [0, 1])).rejects.toMatchObject({ code: 'domain' });
  });
});
