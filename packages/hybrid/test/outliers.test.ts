import { Key } from '@dgm/core';
import type { Examples } from '@dgm/core';
import { describe, expect, test } from 'vitest';
import { fadedLevels, invertedLevels, rotatedImages, shuffledEntries, uniformNoise } from '../src/index';

const key = Key.of(0);
const square: Examples = {
  count: 1,
  shape: [4],
  values: Uint8Array.of(1, 2, 3, 4),
  labels: Int32Array.of(7),
};
const wide: Examples = { count: 2, shape: [2, 3], values: Uint8Array.from({ length: 12 }, (_, at) => at) };

describe('rotatedImages', () => {
  test('turns counterclockwise', () => {
    const turned = [0, 1, 2, 3].map((quarters) => [
      ...rotatedImages(square, { plane: [2, 2], quarters }).values,
    ]);
    expect(turned).toEqual([[1, 2, 3, 4], [2, 4, 1, 3], [4, 3, 2, 1], [3, 1, 4, 2]]); // prettier-ignore
  });

  test('turns each image by itself, and channels with their pixel', () => {
    const half = rotatedImages(wide, { plane: [2, 3], quarters: 2 });
    expect([...half.values]).toEqual([5, 4, 3, 2, 1, 0, 11, 10, 9, 8, 7, 6]);
    const twoPixels = { count: 1, shape: [1, 2, 2], values: Uint8Array.of(1, 2, 3, 4) };
    expect([...rotatedImages(twoPixels, { plane: [1, 2], quarters: 2 }).values]).toEqual([3, 4, 1, 2]);
  });

  test('leaves the type, takes the labels away and does not touch its input', () => {
    const { values, labels } = rotatedImages(square, { plane: [2, 2], quarters: 1 });
    expect(values).toBeInstanceOf(Uint8Array);
    expect(labels).toBeUndefined();
    expect([...square.values]).toEqual([1, 2, 3, 4]);
  });

  test('refuses planes that do not fit', () => {
    expect(() => rotatedImages(wide, { plane: [2, 3], quarters: 1 })).toThrow('square');
    expect(() => rotatedImages(wide, { plane: [4, 4], quarters: 2 })).toThrow('plane');
    expect(() => rotatedImages(wide, { plane: [2, 3], quarters: 4 })).toThrow('from 0 to 3');
    expect(() => rotatedImages(wide, { plane: 2 as never, quarters: 2 })).toThrow('plane[0]');
    expect(() => rotatedImages(wide, { plane: [2, 3], quarter: 1 } as never)).toThrow(
      'did you mean "quarters"',
    );
  });
});

test('invertedLevels makes dark of light', () => {
  expect([...invertedLevels(square, { levels: 17 }).values]).toEqual([15, 14, 13, 12]);
  expect(() => invertedLevels(square, { levels: 1 })).toThrow('levels');
});

test('fadedLevels takes contrast away and leaves integers', () => {
  const { values, labels } = fadedLevels(square, { factor: 0.5 });
  expect([...values]).toEqual([1, 1, 2, 2]);
  expect(labels).toBeUndefined();
  expect([...fadedLevels(square, { factor: 0 }).values]).toEqual([0, 0, 0, 0]);
  expect(() => fadedLevels(square, { factor: 1.5 })).toThrow('factor');
  expect(() => fadedLevels(square, { faktor: 1 } as never)).toThrow('did you mean "factor"');
});

test('shuffledEntries keeps the values of each example, in an order of its own', () => {
  const many: Examples = {
    count: 3,
    shape: [20],
    values: Float32Array.from({ length: 60 }, (_, at) => at),
  };
  const { values } = shuffledEntries(many, { key });
  const rows = [0, 1, 2].map((row) => [...values.subarray(20 * row, 20 * row + 20)]);
  rows.forEach((row, index) => {
    const sorted = [...row].sort((a, b) => a - b);
    expect(sorted).toEqual(Array.from({ length: 20 }, (_, at) => 20 * index + at));
  });
  const orders = rows.map((row, index) => row.map((value) => value - 20 * index).join());
  expect(new Set(orders).size).toBe(3);
  expect(shuffledEntries(many, { key }).values).toEqual(values);
});

test('uniformNoise draws every level about equally often', () => {
  const many: Examples = { count: 100, shape: [34], values: new Uint8Array(3400) };
  const { values, count } = uniformNoise(many, { levels: 17, key });
  expect(count).toBe(100);
  for (let level = 0; level < 17; level++) {
    const times = values.filter((value: number) => value === level).length;
    expect(Math.abs(times - 200)).toBeLessThan(4 * Math.sqrt(200));
  }
  expect(() => uniformNoise(many, { levels: 17 } as never)).toThrow('key');
});

test('outliers refuse what are no examples, and levels that their type cannot hold', () => {
  for (const wrong of [undefined, null, [1, 2], { ...square, count: 3 }] as never[]) {
    expect(() => rotatedImages(wrong, { plane: [2, 2], quarters: 1 })).toThrow('rotatedImages');
    expect(() => fadedLevels(wrong, { factor: 1 })).toThrow('fadedLevels');
    expect(() => invertedLevels(wrong, { levels: 17 })).toThrow('invertedLevels');
    expect(() => shuffledEntries(wrong, { key })).toThrow('shuffledEntries');
    expect(() => uniformNoise(wrong, { levels: 17, key })).toThrow('uniformNoise');
  }
  expect(() => rotatedImages(square, { quarters: 1 } as never)).toThrow('plane');
  expect(() => rotatedImages(square, { plane: [-2, -2], quarters: 1 })).toThrow('plane[0]');
  expect(() => invertedLevels(square, { levels: 4 })).toThrow('integers from 0 to 3');
  expect(() => uniformNoise(square, { levels: 257, key })).toThrow('to fit into the Uint8Array');
});
