import { chiSquareScore, expectNoLeaks, STANDARD_ERRORS, take } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it, test } from 'vitest';
import type { BackendName } from '../engine/report';
import { setup } from '../engine/setup';
import { DgmError } from '../errors/dgm-error';
import { sizeOf } from '../shape/shape';
import { checkKey, Key, type TracedDraw } from './key';

const isArgumentError = expect.toSatisfy((error) => DgmError.is(error, 'argument'));

/** Each way of drawing a tensor. */
const samplers: Record<string, (key: Key) => Tensor> = {
  uniform: (key) => key.uniform([64]),
  'uniform on an interval': (key) => key.uniform([64], { min: -3, max: 5 }),
  normal: (key) => key.normal([64]),
  exponential: (key) => key.exponential([64]),
  logistic: (key) => key.logistic([64]),
  gumbel: (key) => key.gumbel([64]),
  bernoulli: (key) => key.bernoulli([64], 0.4),
  'bernoulli, scaled': (key) => key.bernoulli([64], 0.4, { value: 2.5 }),
  categorical: (key) => tf.tidy(() => key.categorical(tf.tensor1d([0, 1, -1]), [64])),
};

const draw = (sampler: (key: Key) => Tensor, key: Key): string => String(take(sampler(key)));

describe.each(Object.entries(samplers))('Key: %s', (_name, sampler) => {
  it('is a function of the key, and seed 0 is a seed', () => {
    expect(draw(sampler, Key.of(0))).toBe(draw(sampler, Key.of(0)));
    expect(draw(sampler, Key.of(0))).not.toBe(draw(sampler, Key.of(1)));
  });

  it('frees all but its result', () => {
    expectNoLeaks(() => sampler(Key.of(0)).dispose());
  });

  it('is refilled, when traced, with what the eager run draws from the new root', () => {
    const records: TracedDraw[] = [];
    const record = (each: TracedDraw): Tensor => {
      records.push(each);
      return tf.zeros([...each.shape]);
    };
    const use = (key: Key): Tensor => sampler(key.fold('layer').split(3)[2]!.fold(7));
    use(Key.of(0).traced(record)).dispose();
    expect(records.length).toBe(1);
    const name = _name === 'categorical' ? 'uniform' : _name.split(/[ ,]/)[0]!;
    expect(records[0]!.distribution.startsWith(name)).toBe(true);
    const memory = new Float32Array(sizeOf(records[0]!.shape)).fill(NaN);
    const refilled = records[0]!.refill(Key.of(5), memory);
    expect(refilled).toBe(memory);
    expect(records[0]!.refill(Key.of(6))).not.toEqual(refilled);
    expect(refilled).toEqual(records[0]!.refill(Key.of(5)));
    // A categorical draw is traced as the uniform numbers under it.
    const shape = records[0]!.shape;
    const eager =
      _name === 'categorical' ? (key: Key) => key.fold('layer').split(3)[2]!.fold(7).uniform(shape) : use;
    expect(String(Array.from(refilled))).toBe(draw(eager, Key.of(5)));
  });
});

describe('Key on every backend', () => {
  const home = tf.getBackend() as BackendName;
  afterEach(async () => {
    await setup({ backend: home });
  });

  it('gives the same bits on cpu and wasm', async () => {
    const bits: string[] = [];
    for (const backend of ['cpu', 'wasm'] as const) {
      await setup({ backend });
      bits.push(Object.values(samplers).map((sampler) => draw(sampler, Key.of(3))).join('\n')); // prettier-ignore
    }
    expect(bits[0]).toBe(bits[1]);
  });
});

describe('keys that are derived', () => {
  const root = Key.of(42);
  const N = 4096;
  const families: Record<string, (index: number) => Key> = {
    'seeds in a row': (index) => Key.of(index),
    'seeds that differ in the high word': (index) => Key.of(index * 2 ** 32),
    'folds of numbers': (index) => root.fold(index),
    'folds of strings': (index) => root.fold(`layer ${index}`),
    'parts of one split': (() => {
      const parts = root.split(N);
      return (index) => parts[index]!;
    })(),
    'a chain of folds': (() => {
      const chain = [root];
      for (let index = 1; index < N; index++) chain.push(chain[index - 1]!.fold(0));
      return (index) => chain[index]!;
    })(),
  };

  it.each(Object.entries(families))('%s start streams that are uniform across keys', (_name, key) => {
    for (const skip of [0, 1]) {
      const counts = Array<number>(64).fill(0);
      for (let index = 0; index < N; index++) {
        const generator = key(index).generator();
        for (let skipped = 0; skipped < skip; skipped++) generator.int32();
        counts[generator.int32() >>> 26]!++;
      }
      expect(chiSquareScore(counts, Array<number>(64).fill(1 / 64))).toBeLessThan(STANDARD_ERRORS);
    }
  });

  it.each(Object.entries(families))('%s are not correlated with their neighbours', (_name, key) => {
    const streams = Array.from({ length: 24 }, (_, index) => take(key(index).normal([2048])));
    for (let index = 1; index < streams.length; index++) {
      const products = streams[index]!.map((value, at) => value * streams[index - 1]![at]!);
      const score = products.reduce((sum, value) => sum + value, 0) / Math.sqrt(products.length);
      expect(Math.abs(score)).toBeLessThan(STANDARD_ERRORS);
    }
  });

  it('are all different, whatever the way', () => {
    const keys = [
      root,
      ...root.split(8),
      ...Array.from({ length: 8 }, (_, index) => root.fold(index)),
      ...['', 'a', 'b', 'ab', 'ba', '0', '1', '\0', '\0\0'].map((name) => root.fold(name)),
      root.fold(2 ** 32),
      root.fold(-1),
      root.fold('a').fold('b'),
      Key.of(-42),
      Key.of(42 + 2 ** 32),
    ].map((key) => key.toJSON());
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('are the same from every prefix of a split', () => {
    expect(root.split(2).map((key) => key.toJSON())).toEqual(root.split(5).slice(0, 2).map((key) => key.toJSON())); // prettier-ignore
  });
});

describe('Key.uniform', () => {
  it.each([
    [1, 2],
    [-2, -1],
    [-1, 0],
    [0.5, 0.5 + 2 ** -20],
  ])('never reaches the open end of [%d, %d), also after rounding to float32', (min, max) => {
    const values = take(Key.of(0).uniform([100_000], { min, max }));
    expect(values.every((value) => value >= min && value < max)).toBe(true);
  });
});

describe('Key.bernoulli', () => {
  it('draws 1 with the given probability, never with 0 and always with 1', () => {
    const ones = (probability: number): number =>
      take(Key.of(0).bernoulli([10_000], probability)).reduce((sum, value) => sum + value, 0);
    expect([ones(0), ones(1)]).toEqual([0, 10_000]);
    expect(Math.abs(ones(0.3) - 3000)).toBeLessThan(STANDARD_ERRORS * Math.sqrt(10_000 * 0.3 * 0.7));
  });

  it('draws another value in the same places, ties included', () => {
    const [ones, others] = [1, -2.5].map((value) => take(Key.of(0).bernoulli([10_000], 0.3, { value })));
    expect(others!.every((other, index) => other === -2.5 * ones![index]!)).toBe(true);
  });

  it.each([1e-3, 2 ** -9, 0.3, 0.5, 1 - 2 ** -9])('has the probability %f beyond its first byte', (p) => {
    const n = 2 ** 21 + 3;
    const ones = take(Key.of(1).bernoulli([n], p)).reduce((sum, value) => sum + value, 0);
    expect(Math.abs(ones - n * p)).toBeLessThan(STANDARD_ERRORS * Math.sqrt(n * p * (1 - p)));
  });
});

describe('Key.permutation', () => {
  it('orders more than 2^21 rows', () => {
    const n = 2 ** 21 + 1000;
    const order = Key.of(0).permutation(n);
    const seen = new Uint8Array(n);
    order.forEach((row) => (seen[row] = 1));
    expect(seen.every((value) => value === 1)).toBe(true);
    // The mean place of the last thousand rows, whose standard deviation is n / sqrt(12 * 1000).
    const places = order.reduce((sum, row, place) => (row >= n - 1000 ? sum + place : sum), 0) / 1000;
    expect(Math.abs(places - n / 2)).toBeLessThan((4 * n) / Math.sqrt(12 * 1000));
  });
});

describe('Key.categorical', () => {
  it('draws each index with its probability, per row, and an impossible one never', () => {
    const rows = [
      [0.1, 0.2, 0.7, 0],
      [0.25, 0.25, 0.25, 0.25],
    ];
    const n = 20_000;
    const drawn = tf.tidy(() => {
      const indices = Key.of(0).categorical(tf.log(tf.tensor2d(rows)), [n]);
      expect([indices.shape, indices.dtype]).toEqual([[n, 2], 'int32']);
      return Array.from(indices.dataSync());
    });
    rows.forEach((probabilities, row) => {
      const counts = probabilities.map(
        (_, value) => drawn.filter((index, at) => at % 2 === row && index === value).length,
      );
      expect(chiSquareScore(counts, probabilities)).toBeLessThan(STANDARD_ERRORS);
    });
  });

  it('draws what is possible whatever the rounding of the others', () => {
    const logits = [-Infinity, 0, -Infinity, ...Array<number>(60).fill(-1e-3), -Infinity, -Infinity];
    const drawn = take(Key.of(1).categorical(tf.tensor1d(logits), [100_000]));
    expect([...new Set(drawn)].sort((a, b) => a - b)).toEqual(
      logits.flatMap((logit, index) => (logit === -Infinity ? [] : [index])),
    );
  });
});

describe('Key.permutation', () => {
  it('draws every order equally often', () => {
    const orders = ['0,1,2', '0,2,1', '1,0,2', '1,2,0', '2,0,1', '2,1,0'];
    const counts = orders.map(() => 0);
    for (const key of Key.of(0).split(12_000)) counts[orders.indexOf(String(key.permutation(3)))]!++;
    expect(chiSquareScore(counts, Array<number>(6).fill(1 / 6))).toBeLessThan(STANDARD_ERRORS);
  });

  it('holds each number once', () => {
    expect([...Key.of(1).permutation(1000)].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 1000 }, (_, i) => i),
    );
    expect([...Key.of(1).permutation(0)]).toEqual([]);
  });
});

describe('Key as JSON', () => {
  it('comes back as the same key', () => {
    for (const seed of [0, 1, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]) {
      const key = Key.of(seed).fold('x');
      const text = JSON.parse(JSON.stringify({ key })).key as string;
      expect(Key.fromJSON(text).toJSON()).toBe(key.toJSON());
      expect(draw((each) => each.normal([8]), Key.fromJSON(text))).toBe(
        draw((each) => each.normal([8]), key),
      );
    }
  });

  it.each(['', '0123', 'x'.repeat(16), '0'.repeat(17)])('refuses "%s"', (text) => {
    expect(() => Key.fromJSON(text)).toThrow(isArgumentError);
  });
});

describe('Key refuses', () => {
  it.each<[string, () => unknown]>([
    ['a seed that is no integer', () => Key.of(0.5)],
    ['a seed that is NaN', () => Key.of(NaN)],
    ['a seed beyond the safe integers', () => Key.of(2 ** 53)],
    ['a fold of a fraction', () => Key.of(0).fold(0.5)],
    ['a negative split', () => Key.of(0).split(-1)],
    ['a split into a fraction', () => Key.of(0).split(1.5)],
    ['a permutation of a negative length', () => Key.of(0).permutation(-1)],
    ['a probability below 0', () => Key.of(0).bernoulli([2], -0.1)],
    ['a probability above 1', () => Key.of(0).bernoulli([2], 1.1)],
    ['a probability that is NaN', () => Key.of(0).bernoulli([2], NaN)],
    ['a negative size', () => Key.of(0).normal([-1])],
    ['a fractional size', () => Key.of(0).uniform([1.5])],
  ])('%s', (_what, call) => {
    expectNoLeaks(() => expect(call).toThrow(isArgumentError));
  });

  it('draws on the host while it is traced', () => {
    const traced = Key.of(0).traced(() => tf.zeros([1]));
    expect([Key.of(0).isTraced, traced.isTraced, traced.fold('x').isTraced]).toEqual([false, true, true]);
    expect(() => traced.fold('x').generator()).toThrow(
      expect.toSatisfy((error) => DgmError.is(error, 'unsupported')),
    );
  });
});

test('checkKey takes keys of any copy of this package, and nothing else', () => {
  expect(() => checkKey('f', Key.of(0))).not.toThrow();
  expect(() => checkKey('f', { fold: () => 0, split: () => [] })).not.toThrow();
  for (const wrong of [undefined, null, 3, 'key', {}])
    expect(() => checkKey('f', wrong)).toThrow(isArgumentError);
});
