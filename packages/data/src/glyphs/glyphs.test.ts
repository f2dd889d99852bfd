import type { Examples } from '@dgm/core';
import { describe, expect, it } from 'vitest';
import { glyphs, letters } from './glyphs';
import { smooth } from './pen';

const mean = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((a, b) => a + b, 0) / values.length;

describe('glyphs', () => {
  const data = glyphs();

  it('has the sizes of the digits that it stands in for', () => {
    expect([data.train.count, data.validation.count, data.test.count]).toEqual([1000, 350, 450]);
    expect(data.train.shape).toEqual([64]);
    expect(data.train.values).toBeInstanceOf(Uint8Array);
    expect(data.levels).toBe(17);
  });

  it('is a function of the seed, 0 included', () => {
    expect(glyphs({ seed: 0 }).sha256).toBe(data.sha256);
    expect(glyphs({ seed: 1 }).sha256).not.toBe(data.sha256);
  });

  it('keeps its first images when more are asked for', () => {
    const more = glyphs({ train: 1100 });
    expect(more.train.values.subarray(0, 64_000)).toEqual(data.train.values);
    expect(more.test.values).toEqual(data.test.values);
  });

  it('has pixel statistics near those of the real digits', () => {
    const { values } = data.train;
    expect(mean(values)).toBeGreaterThan(4.88 - 0.3);
    expect(mean(values)).toBeLessThan(4.88 + 0.3);
    const zeros = values.filter((value) => value === 0).length / values.length;
    expect(zeros).toBeGreaterThan(0.489 - 0.04);
    expect(zeros).toBeLessThan(0.489 + 0.04);
  });

  it('writes what the label says: nearest neighbours agree', () => {
    const { train, test } = data;
    let right = 0;
    for (let row = 0; row < test.count; row++) {
      let nearest = 0;
      let least = Infinity;
      for (let other = 0; other < train.count; other++) {
        let distance = 0;
        for (let pixel = 0; pixel < 64; pixel++) {
          distance += (test.values[row * 64 + pixel]! - train.values[other * 64 + pixel]!) ** 2;
        }
        if (distance < least) [least, nearest] = [distance, other];
      }
      if (train.labels![nearest] === test.labels![row]) right++;
    }
    expect(right / test.count).toBeGreaterThan(0.93);
  });

  it('makes labels about equally often', () => {
    for (let digit = 0; digit < 10; digit++) {
      const count = data.train.labels!.filter((label) => label === digit).length;
      // Four standard errors of a binomial with 1000 draws and probability 0.1.
      expect(Math.abs(count - 100)).toBeLessThan(4 * Math.sqrt(90));
    }
  });

  it('refuses counts that are none', () => {
    expect(() => glyphs({ train: 0 })).toThrow(
      'glyphs: expected train to be an integer of at least 1, got 0',
    );
    expect(() => glyphs({ test: 1.5 })).toThrow('expected test to be an integer of at least 0, got 1.5');
  });
});

describe('letters', () => {
  const data = letters();

  it('are images of the same kind: sizes, levels, ink', () => {
    expect([data.train.count, data.validation.count, data.test.count]).toEqual([1000, 350, 450]);
    expect([data.name, data.levels, data.train.shape]).toEqual(['letters', 17, [64]]);
    expect(Math.abs(mean(data.train.values) - mean(glyphs().train.values))).toBeLessThan(1);
  });

  it('are told apart by their neighbours, and a letter from a digit', () => {
    const { train: digits } = glyphs({ train: 300 });
    const { test } = letters({ train: 1, validation: 0, test: 100 });
    const shown = [...rowsOf(data.train), ...rowsOf(digits).map((row) => ({ ...row, label: -1 }))];
    const right = rowsOf(test).filter(({ pixels, label }) => {
      let [nearest, least] = [-1, Infinity];
      for (const other of shown) {
        const distance = pixels.reduce((sum, value, at) => sum + (value - other.pixels[at]!) ** 2, 0);
        if (distance < least) [nearest, least] = [other.label, distance];
      }
      return nearest === label;
    });
    expect(right.length / test.count).toBeGreaterThan(0.9);
  });

  it('are a function of the seed, and refuse options by their own name', () => {
    expect(letters({ train: 5, seed: 0 }).train.values).toEqual(data.train.values.subarray(0, 5 * 64));
    expect(() => letters({ tests: 5 } as never)).toThrow('letters');
  });
});

function rowsOf({ values, labels, count }: Examples): { pixels: number[]; label: number }[] {
  return Array.from({ length: count }, (_, row) => ({
    pixels: [...values.subarray(64 * row, 64 * row + 64)],
    label: labels![row]!,
  }));
}

describe('smooth', () => {
  it('passes through the points', () => {
    const points = [
      [0, 0],
      [1, 2],
      [3, 1],
    ] as const;
    const curve = smooth(points, 5);
    expect(curve).toHaveLength(11);
    expect([curve[0], curve[5], curve[10]]).toEqual(points);
  });
});
