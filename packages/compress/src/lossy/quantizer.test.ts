import { DgmError, Key, mlp, trainable } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { factorizedEntropy } from './factorized';
import { neuralCompressor } from './neural-compressor';
import { mixedQuantizer, noiseQuantizer, softQuantizer, straightThroughQuantizer } from './quantizer';
import type { Quantizer } from './quantizer';

const y = [-1.3, -0.2, 0.4, 2.6];
const key = Key.of(0);
const numbers = (quantizer: Quantizer, of: 'coded' | 'decoded') =>
  tf.tidy(() => Array.from(quantizer.relax(tf.tensor1d(y), key)[of].dataSync()));
/** The slope of each entry. */
const slopes = (quantizer: Quantizer, of: 'coded' | 'decoded') =>
  tf.tidy(() =>
    Array.from(
      tf
        .grad((x: tf.Tensor) => quantizer.relax(x, key)[of])(tf.tensor1d(y))
        .dataSync(),
    ),
  );

describe('quantizers', () => {
  it('round with the gradient of the identity', () => {
    for (const of of ['coded', 'decoded'] as const) {
      expect(numbers(straightThroughQuantizer(), of)).toEqual([-1, -0, 0, 3]);
      expect(slopes(straightThroughQuantizer(), of)).toEqual([1, 1, 1, 1]);
    }
  });

  it('add the same uniform noise to what is coded and decoded', () => {
    const coded = numbers(noiseQuantizer(), 'coded');
    expect(coded).toEqual(numbers(noiseQuantizer(), 'decoded'));
    coded.forEach((value, at) => expect(Math.abs(value - y[at]!)).toBeLessThan(0.5));
    const many = tf.tidy(
      () =>
        noiseQuantizer()
          .relax(tf.zeros([20000]), key)
          .coded.dataSync() as Float32Array,
    );
    const second = many.reduce((sum, value) => sum + value ** 2, 0) / many.length;
    expect(second).toBeCloseTo(1 / 12, 2);
  });

  it('mix noise for the rate with rounding for the decoder', () => {
    expect(numbers(mixedQuantizer(), 'coded')).toEqual(numbers(noiseQuantizer(), 'coded'));
    expect(numbers(mixedQuantizer(), 'decoded')).toEqual([-1, -0, 0, 3]);
  });

  it('round softly: the identity at the integers and between them, with a slope that is never 0', () => {
    const values = numbers(softQuantizer({ sharpness: 6 }), 'coded');
    const expected = y.map((each) => {
      const middle = Math.floor(each) + 0.5;
      return middle + Math.tanh(6 * (each - middle)) / (2 * Math.tanh(3));
    });
    values.forEach((value, at) => expect(value).toBeCloseTo(expected[at]!, 6));
    for (const slope of slopes(softQuantizer(), 'decoded')) expect(slope).toBeGreaterThan(0.05);
    const code = () => softQuantizer({ sharpness: 0 });
    expect(code).toThrow(DgmError);
  });
});

/** The printed quantizer of the book lets a gradient through in 6 % of the batches. */
it.each([straightThroughQuantizer, noiseQuantizer, mixedQuantizer, softQuantizer])(
  '%o lets the encoder learn in every batch',
  (quantizer) => {
    const model = neuralCompressor({
      eventShape: [6],
      encoder: mlp([6, 3], { key: key.fold('e') }),
      decoder: mlp([3, 6], { key: key.fold('d') }),
      entropyModel: factorizedEntropy({ size: 3 }),
      quantizer: quantizer(),
    });
    const [objective] = model.objectives();
    const kernel = trainable(model).get('encoder/0/kernel')!;
    for (let batch = 0; batch < 20; batch++) {
      const norm = tf.tidy(() => {
        const x = key.fold(batch).normal([4, 6]);
        const { grads } = tf.variableGrads(
          () => objective!.loss(x, key.fold(batch), { training: true }).total,
          [kernel],
        );
        return tf.norm(grads[kernel.name]!).dataSync()[0]!;
      });
      expect(norm).toBeGreaterThan(1e-6);
    }
    model.dispose();
  },
);
