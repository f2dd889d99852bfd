import {
  adam,
  DgmError,
  DiscretizedLogistic,
  fit,
  Independent,
  Key,
  normalHead,
  Permutation,
} from '@dgm/core';
import { autoregressiveIdf, flow, idf, imageIdf, learnedBase } from '@dgm/flows';
import type { Flow } from '@dgm/flows';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RangeDecoder, RangeEncoder } from '../coders/range-coder';
import { integerFlowCodec } from './integer-flow-codec';
import { IntegerTable } from './integer-table';
import { readCodec } from './read-codec';

describe('a table of integers', () => {
  const logProb = Float64Array.from({ length: 64 }, (_, index) => -Math.abs(index - 30) - Math.log(2.164));
  const table = new IntegerTable(logProb, { first: -32, precision: 16 });

  it('codes integers of any size', () => {
    const values = [-2, 0, -13, 9, 31, 32, -32, -33, 1e6, -1e6, 2 ** 31, -(2 ** 31), 2 ** 52, -(2 ** 52)];
    const encoder = new RangeEncoder();
    for (const value of values) table.encode(value, encoder);
    const decoder = new RangeDecoder(encoder.finish());
    expect(values.map(() => table.decode(decoder))).toEqual(values);
    expect(decoder.isAtEnd).toBe(true);
  });

  it('takes the bits of the probability', () => {
    const encoder = new RangeEncoder();
    for (let index = 0; index < 1000; index++) table.encode(1, encoder);
    const bits = 8 * encoder.finish().length;
    expect(bits / ((-1000 * logProb[33]!) / Math.LN2)).toBeCloseTo(1, 2);
  });

  it('escapes all where every integer is improbable', () => {
    const flat = new IntegerTable(new Float64Array(64).fill(-20), { first: -32, precision: 16 });
    const encoder = new RangeEncoder();
    for (const value of [0, -5, 70]) flat.encode(value, encoder);
    const decoder = new RangeDecoder(encoder.finish());
    expect([0, 1, 2].map(() => flat.decode(decoder))).toEqual([0, -5, 70]);
  });
});

describe('integerFlowCodec', () => {
  const key = Key.of(0);
  const dims = 8;
  const count = 2000;
  const random = key.fold('data').generator();
  /** Neighbours that are nearly equal. */
  const values = Int32Array.from({ length: count * dims }, () => 0);
  let model: Flow;

  beforeAll(async () => {
    for (let at = 0; at < values.length; at++) {
      const last = at % dims === 0 ? 6 : values[at - 1]!;
      values[at] = Math.min(15, Math.max(0, last + Math.floor(5 * random.uniform()) - 2));
    }
    model = idf({ dims, couplings: 2, hidden: [16], rezero: true, key });
    const data = { train: { count, shape: [dims], values } };
    await fit(model, data, { key, optimizer: adam({ learningRate: 0.02 }), batchSize: 200, epochs: 5 });
  });
  afterAll(() => model.dispose());

  it('takes the bits of the likelihood within 0.5 %', () => {
    const file = integerFlowCodec(model).encode(values);
    const nats = tf.tidy(() => tf.sum(model.logProb(tf.tensor(values, [count, dims]))).dataSync()[0]!);
    const ratio = (8 * file.length) / (-nats / Math.LN2);
    expect(Math.abs(ratio - 1)).toBeLessThan(0.005);
  });

  it('gives back 1000 examples far outside of the data', () => {
    const codec = integerFlowCodec(model);
    const noise = key.fold('noise').generator();
    const far = Int32Array.from({ length: 1000 * dims }, (_, at) =>
      Math.round((noise.uniform() - 0.5) * 2 ** (1 + ((at >> 3) % 31))),
    );
    expect(readCodec(codec.toBytes()).decode(codec.encode(far)).values).toEqual(far);
  });

  it.each<[string, () => Flow]>([
    [
      'a density',
      () => flow({ layers: [Permutation.reverse(4)], base: learnedBase(normalHead({ shape: [4] })) }),
    ],
    ['a base whose entries depend on each other', () => autoregressiveIdf({ dims: 4, levels: 4, key })],
    ['several scales', () => imageIdf({ shape: [4, 4, 1], levels: 4, scales: 2, hidden: 4, key })],
    ['a context', () => idf({ dims: 4, couplings: 1, hidden: [4], contextSize: 2, key })],
  ])('refuses %s', (_, build) => {
    const other = build();
    const code = () => {
      try {
        integerFlowCodec(other);
      } catch (error) {
        return DgmError.is(error) ? error.code : error;
      }
      return 'none';
    };
    expect(code()).toBe('unsupported');
    other.dispose();
  });

  it('codes a narrow base far from 0', () => {
    const base = new Independent(new DiscretizedLogistic(1000, 0.5, { shape: [4] }), 1);
    const other = flow({ layers: [Permutation.reverse(4)], base });
    const near = Int32Array.from({ length: 400 }, (_, at) => 999 + (at % 3));
    const codec = integerFlowCodec(other);
    const file = codec.encode(near);
    expect(codec.decode(file).values).toEqual(near);
    expect(file.length).toBeLessThan(400 / 4 + 60);
  });
});
