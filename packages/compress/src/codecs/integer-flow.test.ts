import {
  adam,
  DgmError,
  DiscretizedLogistic,
  fit,
  Independent,
  Key,
  Mixture,
  normalHead,
  Permutation,
  readSafetensors,
  writeSafetensors,
} from '@dgm/core';
import {
  autoregressiveBase,
  autoregressiveIdf,
  flow,
  idf,
  imageIdf,
  IntegerCoupling,
  integerLogistic,
  learnedBase,
  maskedNetwork,
} from '@dgm/flows';
import type { Flow } from '@dgm/flows';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodingFrom, encodingTo } from '../coders/coder';
import { RangeDecoder, RangeEncoder } from '../coders/range-coder';
import { readContainer, writeContainer } from '../files/container';
import { integerFlowCodec } from './integer-flow-codec';
import { IntegerTable } from './integer-table';
import { readCodec } from './read-codec';

describe('a table of integers', () => {
  const logProb = Float64Array.from({ length: 64 }, (_, index) => -Math.abs(index - 30) - Math.log(2.164));
  const table = new IntegerTable(logProb, { first: -32, precision: 16 });

  it('codes integers of any size', () => {
    const values = [-2, 0, -13, 9, 31, 32, -32, -33, 1e6, -1e6, 2 ** 31, -(2 ** 31), 2 ** 52, -(2 ** 52)];
    const encoder = new RangeEncoder();
    for (const value of values) table.code(encodingTo(encoder), value);
    const decoder = new RangeDecoder(encoder.finish());
    expect(values.map(() => table.code(decodingFrom(decoder), 0))).toEqual(values);
    expect(decoder.isAtEnd).toBe(true);
  });

  it('takes the bits of the probability', () => {
    const encoder = new RangeEncoder();
    for (let index = 0; index < 1000; index++) table.code(encodingTo(encoder), 1);
    const bits = 8 * encoder.finish().length;
    expect(bits / ((-1000 * logProb[33]!) / Math.LN2)).toBeCloseTo(1, 2);
  });

  it('escapes all where every integer is improbable', () => {
    const flat = new IntegerTable(new Float64Array(64).fill(-20), { first: -32, precision: 16 });
    const encoder = new RangeEncoder();
    for (const value of [0, -5, 70]) flat.code(encodingTo(encoder), value);
    const decoder = new RangeDecoder(encoder.finish());
    expect([0, 1, 2].map(() => flat.code(decodingFrom(decoder), 0))).toEqual([0, -5, 70]);
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
  const failure = (act: () => unknown) => {
    try {
      act();
    } catch (error) {
      return DgmError.is(error) ? error.code : error;
    }
    return 'none';
  };

  beforeAll(async () => {
    for (let at = 0; at < values.length; at++) {
      const last = at % dims === 0 ? 6 : values[at - 1]!;
      values[at] = Math.min(15, Math.max(0, last + Math.floor(5 * random.uniform()) - 2));
    }
    model = idf({ dims, couplings: 2, hidden: [16], rezero: true, key });
    const data = { train: { count, shape: [dims], values } };
    await fit(model, data, { key, optimizer: adam({ learningRate: 0.02 }), batchSize: 200, epochs: 2 });
  }, 60_000);
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

  describe('of several scales', () => {
    const shape = [8, 8, 1];
    const size = 64;
    const images = 40;
    /** Ramps with noise. */
    const pixels = Int32Array.from({ length: images * size }, (_, at) => {
      const [row, column] = [(at >> 3) % 8, at % 8];
      return Math.min(16, Math.max(0, row + column + Math.floor(3 * random.uniform()) - 1));
    });
    let deep: Flow;

    beforeAll(async () => {
      deep = imageIdf({ shape, levels: 17, scales: 3, steps: 1, hidden: 4, components: 1, key });
      const data = { train: { count: images, shape, values: pixels } };
      await fit(deep, data, { key, optimizer: adam({ learningRate: 0.02 }), batchSize: 40, epochs: 4 });
    }, 60_000);
    afterAll(() => deep.dispose());

    it('takes the bits of the likelihood within 0.5 %, in whole batches and a part of one', () => {
      const codec = integerFlowCodec(deep, { rows: 12 });
      const file = codec.encode(pixels);
      expect(readCodec(codec.toBytes()).decode(file)).toEqual({ values: pixels, shape: [images, ...shape] });
      const nats = tf.tidy(() => tf.sum(deep.logProb(tf.tensor(pixels, [images, ...shape]))).dataSync()[0]!);
      const { message } = readContainer(file);
      expect(Math.abs((8 * message.length) / (-nats / Math.LN2) - 1)).toBeLessThan(0.005);
    });

    it('gives back images far outside of the data', () => {
      const codec = integerFlowCodec(deep, { rows: 8 });
      const far = Int32Array.from({ length: 8 * size }, (_, at) =>
        Math.round((random.uniform() - 0.5) * 2 ** (3 + 4 * (at >> 6))),
      );
      expect(readCodec(codec.toBytes()).decode(codec.encode(far)).values).toEqual(far);
    });
  });

  describe('of an autoregressive base', () => {
    let autoregressive: Flow;

    beforeAll(async () => {
      autoregressive = autoregressiveIdf({
        ...{ dims, levels: 16, hidden: [16], baseHidden: [32], components: 2, key },
      });
      const data = { train: { count, shape: [dims], values } };
      const training = { optimizer: adam({ learningRate: 0.02 }), batchSize: 200, epochs: 2 };
      await fit(autoregressive, data, { key, ...training });
    }, 60_000);
    afterAll(() => autoregressive.dispose());

    it('takes the bits of the likelihood within 0.5 %, in whole batches and a part of one', () => {
      const codec = integerFlowCodec(autoregressive, { rows: 300 });
      const own = values.subarray(0, 1000 * dims);
      const file = codec.encode(own);
      expect(readCodec(codec.toBytes()).decode(file)).toEqual({ values: own, shape: [1000, dims] });
      const x = tf.tensor(own, [1000, dims]);
      const nats = tf.tidy(() => tf.sum(autoregressive.logProb(x)).dataSync()[0]!);
      x.dispose();
      const { message } = readContainer(file);
      expect(Math.abs((8 * message.length) / (-nats / Math.LN2) - 1)).toBeLessThan(0.005);
    });

    it('gives back 200 examples far outside of the data', () => {
      const codec = integerFlowCodec(autoregressive);
      const noise = key.fold('noise').generator();
      const far = Int32Array.from({ length: 200 * dims }, (_, at) =>
        Math.round((noise.uniform() - 0.5) * 2 ** (1 + ((at >> 3) % 31))),
      );
      expect(readCodec(codec.toBytes()).decode(codec.encode(far)).values).toEqual(far);
    });

    it('codes groups in their order, each given the earlier ones', () => {
      const groups = [1, 0, 2, 1];
      const head = integerLogistic({ shape: [1] });
      const network = maskedNetwork({ groups, numParameters: head.numParameters, hidden: [8], key });
      const base = autoregressiveBase({ groups, head, network });
      const grouped = flow({ layers: [Permutation.reverse(4)], base });
      const codec = integerFlowCodec(grouped, { rows: 64 });
      const drawn = tf.tidy(() => grouped.sample(key, 400).dataSync());
      const file = codec.encode(drawn);
      expect([...readCodec(codec.toBytes()).decode(file).values]).toEqual([...drawn]);
      const nats = tf.tidy(() => tf.sum(grouped.logProb(tf.tensor(drawn, [400, 4]))).dataSync()[0]!);
      expect(Math.abs((8 * readContainer(file).message.length) / (-nats / Math.LN2) - 1)).toBeLessThan(0.005);
      grouped.dispose();
    });
  });

  it.each<[string, () => Flow]>([
    [
      'a density',
      () => flow({ layers: [Permutation.reverse(4)], base: learnedBase(normalHead({ shape: [4] })) }),
    ],
    [
      'a base whose entries depend on each other',
      () => {
        const components = new Independent(new DiscretizedLogistic(0, 1, { shape: [2, 4] }), 1);
        return flow({ layers: [Permutation.reverse(4)], base: new Mixture([0, 0], components) });
      },
    ],
    ['a context', () => idf({ dims: 4, couplings: 1, hidden: [4], contextSize: 2, key })],
  ])('refuses %s', (_, build) => {
    const other = build();
    expect(failure(() => integerFlowCodec(other))).toBe('unsupported');
    other.dispose();
  });

  it('refuses examples that the flow does not compute exactly', () => {
    const times = (factor: number) =>
      new IntegerCoupling({ parts: [1, 1], networks: [undefined, (x) => tf.mul(x, factor)] });
    const base = learnedBase(integerLogistic({ shape: [2] }));
    const large = flow({ layers: [times(2 ** 30)], base });
    const cancelling = flow({
      layers: [times(2 ** 30), times(-(2 ** 30))],
      base: learnedBase(integerLogistic({ shape: [2] })),
    });
    const near = [3, 1];
    const far = [2 ** 25, 1];
    for (const each of [large, cancelling]) {
      const codec = integerFlowCodec(each);
      expect([...codec.decode(codec.encode(near)).values]).toEqual(near);
    }
    expect(failure(() => integerFlowCodec(large).encode(far))).toBe('numerical');
    expect(failure(() => integerFlowCodec(cancelling).encode(far))).toBe('domain');
    large.dispose();
    cancelling.dispose();
  });

  it('refuses settings that do not fit its programs', () => {
    const { tensors, metadata } = readSafetensors(integerFlowCodec(model).toBytes());
    const settings = JSON.parse(metadata['settings']!) as object;
    const read = (change: object) =>
      failure(() =>
        readCodec(
          writeSafetensors({
            tensors,
            metadata: { ...metadata, settings: JSON.stringify({ ...settings, ...change }) },
          }),
        ),
      );
    expect(read({})).toBe('none');
    for (const change of [
      { reach: 33 },
      { reach: 2 ** 20 },
      { rows: 1 },
      { precision: 8 },
      { precision: 25 },
      { eventShape: [9] },
      { latentShape: [-8] },
      { latentShape: null },
    ]) {
      expect(read(change), JSON.stringify(change)).toBe('serialization');
    }
  });

  it('survives files whose checksum was forged: a typed error, or other values', () => {
    const codec = integerFlowCodec(model);
    const container = readContainer(codec.encode(values.subarray(0, 10 * dims)));
    for (let at = 0; at < 8 * container.message.length; at++) {
      const message = container.message.slice();
      message[at >> 3]! ^= 1 << (at % 8);
      const outcome = failure(() => codec.decode(writeContainer({ ...container, message })));
      expect(['none', 'serialization']).toContain(outcome);
    }
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
