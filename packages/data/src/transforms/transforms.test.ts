import { Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { dataset, type Examples } from '../dataset';
import { batches, type BatchesOptions } from './batches';
import { binarize } from './binarize';
import { dequantize } from './dequantize';
import { denormalize, normalization, normalize } from './normalize';
import { reshape } from './reshape';
import { split } from './split';
import { destandardize, standardization, standardize } from './standardize';
import { subset } from './subset';
import { toTensor } from './to-tensor';

const key = Key.of(5);
const counted = (count: number): Examples => ({
  count,
  shape: [2],
  values: Uint8Array.from({ length: 2 * count }, (_, index) => index),
  labels: Int32Array.from({ length: count }, (_, row) => row),
});

describe('subset', () => {
  it('takes the weights of the rows along', () => {
    const weighted = { ...counted(3), weights: Float32Array.of(0.5, 1, 2) };
    expect(subset(weighted, [2, 0]).weights).toEqual(Float32Array.of(2, 0.5));
    const { train } = dataset({ name: 'w', train: weighted, validation: counted(1), test: counted(1) });
    expect(train.weights).toEqual(weighted.weights);
    const hash = (weights: Float32Array) =>
      dataset({ name: 'w', train: { ...weighted, weights }, validation: counted(1), test: counted(1) })
        .sha256;
    expect(hash(Float32Array.of(1, 1, 2))).not.toBe(hash(weighted.weights));
  });

  it('takes rows in their order, in the type they have', () => {
    const { count, values, labels } = subset(counted(4), [3, 0, 3]);
    expect(count).toBe(3);
    expect(values).toEqual(Uint8Array.of(6, 7, 0, 1, 6, 7));
    expect(labels).toEqual(Int32Array.of(3, 0, 3));
  });

  it('refuses a row that there is not', () => {
    expect(() => subset(counted(4), [0, 4])).toThrow('expected rows[1] to be an integer from 0 to 3, got 4');
  });
});

describe('split', () => {
  it('uses every example once, whatever the rounding', () => {
    for (const count of [1, 7, 100]) {
      const { a, b, c } = split(counted(count), { a: 1 / 3, b: 1 / 3, c: 1 / 3 }, key);
      const rows = [...a.labels!, ...b.labels!, ...c.labels!];
      expect(rows.sort((x, y) => x - y)).toEqual(Array.from({ length: count }, (_, row) => row));
    }
  });

  it('depends on the key and keeps values with their labels', () => {
    const one = split(counted(50), { train: 0.6, test: 0.2 }, key);
    expect([one.train.count, one.test.count]).toEqual([30, 10]);
    expect(split(counted(50), { train: 0.6, test: 0.2 }, key)).toEqual(one);
    expect(split(counted(50), { train: 0.6, test: 0.2 }, Key.of(6))).not.toEqual(one);
    one.train.labels!.forEach((label, row) => expect(one.train.values[2 * row]).toBe(2 * label));
  });

  it('refuses shares that are none', () => {
    expect(() => split(counted(4), { a: 0.9, b: 0.2 }, key)).toThrow('got {"a":0.9,"b":0.2}');
    expect(() => split(counted(4), { a: -0.1 }, key)).toThrow('to be at least 0');
    expect(() => split(counted(4), { a: NaN }, key)).toThrow('to be at least 0');
  });
});

describe('batches', () => {
  it('goes over the examples once', () => {
    const sizes = [...batches(counted(10), { batchSize: 4 })].map(({ labels }) => Array.from(labels!));
    expect(sizes).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9],
    ]);
    const shuffled = [...batches(counted(10), { batchSize: 3, key })].flatMap(({ labels }) =>
      Array.from(labels!),
    );
    expect(shuffled).toEqual(Array.from(key.permutation(10)));
    expect(shuffled).not.toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('refuses a batch of nothing', () => {
    expect(() => [...batches(counted(4), { batchSize: 0 })]).toThrow(
      'expected batchSize to be an integer of at least 1, got 0',
    );
    expect(() => [...batches(counted(4), { batchsize: 2 } as unknown as BatchesOptions)]).toThrow(
      'did you mean "batchSize"',
    );
    expect(() => [...batches(counted(4), { batchSize: 2, key: 7 as unknown as Key })]).toThrow(
      'batches: expected key to be a Key, got 7',
    );
  });

  it('leaves out a last batch that is smaller, if asked to', () => {
    const sizes = [...batches(counted(10), { batchSize: 4, dropLast: true })].map(({ count }) => count);
    expect(sizes).toEqual([4, 4]);
  });

  it('goes over more than 2^21 rows', () => {
    const count = 2 ** 21 + 3;
    const examples = { count, shape: [1], values: new Uint8Array(count) };
    let seen = 0;
    for (const batch of batches(examples, { batchSize: 2 ** 18, key })) seen += batch.count;
    expect(seen).toBe(count);
  });
});

describe('reshape', () => {
  it('sees the same values as another shape', () => {
    const examples = counted(3);
    const seen = reshape(examples, [2, 1, 1]);
    expect(seen.shape).toEqual([2, 1, 1]);
    expect(seen.values).toBe(examples.values);
    expect(() => reshape(examples, [3])).toThrow('expected shape of 2 values, as [2], got [3]');
  });
});

describe('toTensor', () => {
  it('is float32 [count, ...shape]', () => {
    const x = toTensor(counted(3));
    expect([x.dtype, x.shape, Array.from(x.dataSync())]).toEqual(['float32', [3, 2], [0, 1, 2, 3, 4, 5]]);
    x.dispose();
  });
});

describe('dequantize', () => {
  it('adds uniform noise that never reaches the next integer', () => {
    const pixels: Examples = { count: 4000, shape: [2], values: new Uint8Array(8000).fill(255) };
    const { values } = dequantize(pixels, { key, levels: 256 });
    const noise = Array.from(values, (value) => value - 255);
    expect(Math.min(...noise)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...noise)).toBeLessThan(1);
    const mean = noise.reduce((a, b) => a + b, 0) / noise.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / noise.length));
  });

  it('stays below where float32 would round up: far integers', () => {
    const far = 2 ** 22 + 1;
    const x = tf.fill([1000], far);
    const y = dequantize(x, { key });
    const examples = dequantize(
      { count: 1000, shape: [], values: new Float32Array(1000).fill(far) },
      { key },
    );
    expect(Math.max(...y.dataSync())).toBeLessThan(far + 1);
    expect(Math.max(...examples.values)).toBeLessThan(far + 1);
    expect(new Set(examples.values)).toEqual(new Set([far, far + 0.5]));
    tf.dispose([x, y]);
  });

  it('gives a tensor and leaks none', () => {
    const x = tf.tensor2d([[0, 16]]);
    const before = tf.memory().numTensors;
    const y = dequantize(x, { key });
    expect(tf.memory().numTensors).toBe(before + 1);
    expect(y.shape).toEqual([1, 2]);
    tf.dispose([x, y]);
  });

  it('refuses what is not an integer of the levels', () => {
    const halves: Examples = { count: 1, shape: [2], values: Float32Array.of(1, 0.5) };
    expect(() => dequantize(halves, { key })).toThrow(
      'to be integers from 0, got 0.5 at index 1; dequantize once',
    );
    expect(() => dequantize(counted(9), { key, levels: 17 })).toThrow('to be integers from 0 to 16, got 17');
  });
});

describe('normalize', () => {
  it('maps the range onto [-1, 1] and back', () => {
    const map = normalization({ range: [0, 16], shape: [2] });
    const examples: Examples = { count: 2, shape: [2], values: Uint8Array.of(0, 4, 8, 16) };
    const scaled = normalize(examples, map);
    expect(scaled.values).toEqual(Float32Array.of(-1, -0.5, 0, 1));
    expect(Array.from(denormalize(scaled, map).values)).toEqual([0, 4, 8, 16]);
  });

  it('does the same to tensors, and leaks none', () => {
    const map = normalization({ range: [-3, 5], shape: [2] });
    const x = tf.tensor2d([[-3, 5]]);
    const before = tf.memory().numTensors;
    const y = normalize(x, map);
    const back = denormalize(y, map);
    expect(tf.memory().numTensors).toBe(before + 2);
    expect(Array.from(y.dataSync())).toEqual([-1, 1]);
    expect(Array.from(back.dataSync())).toEqual([-3, 5]);
    tf.dispose([x, y, back]);
  });

  it('states what it does to a density', () => {
    const map = normalization({ range: [0, 17], shape: [8, 8] });
    // A uniform density on [0, 17]^64 becomes one on [-1, 1]^64.
    expect(-64 * Math.log(2) + map.logDet).toBeCloseTo(-64 * Math.log(17), 10);
  });

  it('refuses an empty range', () => {
    expect(() => normalization({ range: [1, 1], shape: [2] })).toThrow('the lower first, got [1, 1]');
    expect(() => normalization({ range: [0, Infinity], shape: [2] })).toThrow('two finite numbers');
  });
});

describe('binarize', () => {
  it('inks with the probability that the grey says', () => {
    const count = 20_000;
    const examples: Examples = { count, shape: [3], values: new Uint8Array(3 * count) };
    for (let row = 0; row < count; row++) examples.values.set([0, 64, 255], 3 * row);
    const { values } = binarize(examples, { key, levels: 256 });
    const share = (pixel: number) =>
      values.filter((value, index) => index % 3 === pixel && value === 1).length / count;
    expect(share(0)).toBe(0);
    expect(share(2)).toBe(1);
    const p = 64 / 255;
    expect(Math.abs(share(1) - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / count));
  });

  it('refuses values beyond the levels', () => {
    expect(() => binarize(counted(9), { key, levels: 17 })).toThrow('to be from 0 to 16, got 17 at index 17');
  });
});

describe('standardize', () => {
  const examples: Examples = { count: 4, shape: [2], values: Float32Array.of(1, 10, 3, 10, 5, 30, 7, 30) };
  const map = standardization(examples);

  it('gives each entry mean 0 and variance 1, and says what that does to a density', () => {
    expect(Array.from(map.mean)).toEqual([4, 20]);
    expect(Array.from(map.std)).toEqual([Math.sqrt(5), 10]);
    // 1 unit of y is sqrt(5) and 10 of x.
    expect(map.logDet).toBeCloseTo(-Math.log(10 * Math.sqrt(5)), 12);
    const { values, shape } = standardize(examples, map);
    expect(shape).toEqual([2]);
    expect(Array.from(values, (value) => Math.round(value * 1e6) / 1e6)).toEqual([
      -1.341641, -1, -0.447214, -1, 0.447214, 1, 1.341641, 1,
    ]);
  });

  it('is undone, for tensors as for examples', () => {
    const before = tf.memory().numTensors;
    const x = toTensor(examples);
    const y = standardize(x, map);
    const back = destandardize(y, map);
    const expected = standardize(examples, map).values;
    y.dataSync().forEach((value, index) => expect(value).toBeCloseTo(expected[index]!, 6));
    back.dataSync().forEach((value, index) => expect(value).toBeCloseTo(examples.values[index]!, 4));
    const undone = destandardize(standardize(examples, map), map).values;
    undone.forEach((value: number, index: number) => expect(value).toBeCloseTo(examples.values[index]!, 4));
    tf.dispose([x, y, back]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses constant entries and other shapes', () => {
    expect(() => standardization({ ...examples, values: new Float32Array(8) })).toThrow(
      'expected column 0 to have more than one value, got 0 in every row',
    );
    expect(() => standardize({ ...examples, shape: [4], count: 2 }, map)).toThrow(
      '2 entries per example, got [4]',
    );
  });
});
