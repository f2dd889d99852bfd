import { DgmError, Key, readSafetensors, writeSafetensors } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readContainer, writeContainer } from '../files/container';
import { factorizedEntropy } from '../lossy/factorized';
import { neuralCompressor } from '../lossy/neural-compressor';
import type { NeuralCompressor } from '../lossy/neural-compressor';
import { channelConditional } from '../../test/compressors.cases';
import type { LossyCodec } from './codec';
import { neuralCodec, readLossyCodec } from './neural-codec';
import { readCodec } from './read-codec';

const failure = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (DgmError.is(error)) return error.code;
    throw error;
  }
  return 'none';
};

/** Rounds numbers to multiples of 3, 1 and 1/3. */
function stepsOfThree(): NeuralCompressor {
  return neuralCompressor({
    eventShape: [6],
    encoder: (x) => x,
    decoder: (y) => y,
    entropyModel: factorizedEntropy({ size: 6, rates: 3 }),
    beta: [9, 1, 1 / 9],
  });
}

it('takes the rate of the model, and spends more of it on less distortion', () => {
  const model = stepsOfThree();
  const codec = neuralCodec(model);
  const values = tf.tidy(() => tf.mul(2, Key.of(0).normal([40, 6])).dataSync() as Float32Array);
  const bits = [0, 0.5, 1, 2].map((rate) => {
    const file = codec.encode(values, { rate });
    const promised = tf.tidy(() => tf.sum(model.rate(tf.tensor(values, [40, 6]), { rate })).dataSync()[0]!);
    expect(8 * file.length - 8 * 40).toBeLessThan((1.01 * promised) / Math.LN2);
    expect(8 * file.length).toBeGreaterThan(promised / Math.LN2);
    const { values: decoded } = codec.decode(file);
    const distortion =
      decoded.reduce((sum, value, at) => sum + (value - values[at]!) ** 2, 0) / decoded.length;
    // Uniform rounding errors of one step.
    expect(distortion / (3 ** (2 - 2 * rate) / 12)).toBeCloseTo(1, 0);
    return file.length;
  });
  expect(bits).toEqual([...bits].sort((a, b) => a - b));
  model.dispose();
});

describe('a codec with three rates', () => {
  const key = Key.of(0);
  const dims = 6;
  const values = Float32Array.from({ length: 4 * dims }, (_, at) => (at * 7) % 16);
  let model: NeuralCompressor;
  let codec: LossyCodec;

  beforeAll(() => {
    model = channelConditional(key);
    codec = neuralCodec(model);
  });
  afterAll(() => model.dispose());

  it('codes what is far outside of its tables by escapes', () => {
    const far = [1e5, -1e5, 0, 1e4, 3, 2];
    const { values: decoded } = codec.decode(codec.encode(far));
    const again = tf.tidy(() => model.reconstruct(tf.tensor(far, [1, dims])).dataSync());
    decoded.forEach((value, at) => expect(value).toBeCloseTo(again[at]!, 3));
  });

  it('refuses a rate that there is not', () => {
    for (const rate of [-1, 2.5, NaN]) {
      expect(failure(() => codec.encode(values, { rate }))).toBe('argument');
    }
    expect(codec.rates).toBe(3);
  });

  it('survives files whose checksum was forged: a typed error, or other values', () => {
    const container = readContainer(codec.encode(values, { rate: 1 }));
    for (let at = 0; at < 8 * container.message.length; at += 5) {
      const message = container.message.slice();
      message[at >> 3]! ^= 1 << (at % 8);
      const outcome = failure(() => codec.decode(writeContainer({ ...container, message })));
      expect(['none', 'serialization']).toContain(outcome);
    }
  });

  it('is read by readLossyCodec alone, if its settings fit its programs', () => {
    expect(failure(() => readCodec(codec.toBytes()))).toBe('serialization');
    const { tensors, metadata } = readSafetensors(codec.toBytes());
    const settings = JSON.parse(metadata['settings']!) as object;
    const read = (change: object) =>
      failure(() =>
        readLossyCodec(
          writeSafetensors({
            tensors,
            metadata: { ...metadata, settings: JSON.stringify({ ...settings, ...change }) },
          }),
        ),
      );
    expect(read({})).toBe('none');
    for (const change of [
      { rows: 1 },
      { reach: 2 ** 20 },
      { reach: 16 },
      { precision: 4 },
      { precision: 25 },
      { parts: [1] },
      { parts: [] },
      { parts: null },
      { parts: [1, 3, 1] },
      { eventShape: [7] },
      { rates: 0 },
    ]) {
      expect(read(change), JSON.stringify(change)).toBe('serialization');
    }
  });
});
