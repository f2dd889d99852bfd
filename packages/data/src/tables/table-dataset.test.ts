import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Key } from '@dgm/core';
import { describe, expect, it } from 'vitest';
import type { Examples } from '../dataset';
import { destandardize } from '../transforms/standardize';
import { miniboone, tableDataset } from './table-dataset';

/** Columns of other locations and scales. */
function made(count: number, width: number): Examples {
  const random = Key.of(0).generator();
  const values = Float32Array.from({ length: count * width }, (_, index) => {
    const column = index % width;
    return 10 * column + (column + 1) * random.normal();
  });
  return { count, shape: [width], values, labels: new Int32Array(count) };
}

const columnOf = ({ values, shape: [width = 1] }: Examples, column: number) =>
  Array.from(values).filter((_, index) => index % width === column);

describe('tableDataset', () => {
  it('holds out the last tenth, then the last tenth of the rest, in the order of the file', () => {
    const { name, levels, train, validation, test } = tableDataset(made(36488, 2), { name: 'mine' });
    // The sizes of MINIBOONE in the publications.
    expect([train.count, validation.count, test.count]).toEqual([29556, 3284, 3648]);
    expect([name, levels, train.labels]).toEqual(['mine', undefined, undefined]);
    const increasing = {
      count: 100,
      shape: [1],
      values: Float32Array.from({ length: 100 }, (_, row) => row),
    };
    const parts = tableDataset(increasing);
    const all = [...parts.train.values, ...parts.validation.values, ...parts.test.values];
    expect(all).toEqual([...all].sort((a, b) => a - b));
  });

  it('standardizes over all rows but those of the test', () => {
    const { train, validation, test } = tableDataset(made(2000, 3));
    for (const column of [0, 1, 2]) {
      const seen = [...columnOf(train, column), ...columnOf(validation, column)];
      const mean = seen.reduce((sum, value) => sum + value, 0) / seen.length;
      const variance = seen.reduce((sum, value) => sum + (value - mean) ** 2, 0) / seen.length;
      expect(mean).toBeCloseTo(0, 5);
      expect(variance).toBeCloseTo(1, 5);
      const heldOut = columnOf(test, column);
      expect(Math.abs(heldOut.reduce((sum, value) => sum + value, 0) / heldOut.length)).toBeGreaterThan(1e-4);
    }
  });

  it('says how to take samples and nats back to the units of the table', () => {
    const table = made(200, 2);
    const { train, standardization } = tableDataset(table);
    const { values } = destandardize(train, standardization);
    values.forEach((value: number, index: number) => expect(value).toBeCloseTo(table.values[index]!, 4));
    const [first, second] = standardization.std as unknown as [number, number];
    expect(standardization.logDet).toBeCloseTo(-Math.log(first * second), 12);
  });

  it('leaves out rows, and columns whose smallest value comes too often', () => {
    const table = made(100, 3);
    // Column 1 fails in 6 rows, column 2 in 5; a value that is not the smallest may come as often as it likes.
    for (let row = 0; row < 6; row++) table.values[3 * row + 1] = -999;
    for (let row = 0; row < 5; row++) table.values[3 * row + 2] = -999;
    for (let row = 0; row < 50; row++) table.values[3 * row] = 0.5;
    const { train } = tableDataset(table, { mostRepeats: 5 });
    expect(train.shape).toEqual([2]);
    const without = tableDataset(table, { keepRow: (row) => row[1]! >= -100 && row[2]! >= -100 });
    expect(without.train.shape).toEqual([3]);
    expect(without.train.count + without.validation.count + without.test.count).toBe(94);
  });

  it('refuses what is no table, too short, or constant', () => {
    expect(() => tableDataset({ ...made(20, 4), shape: [2, 2] })).toThrow('to be [columns], got [2, 2]');
    expect(() => tableDataset(made(9, 2))).toThrow('at least 10 rows that stay, got 9');
    expect(() => tableDataset(made(20, 2), { mostRepeats: 0 })).toThrow('to leave a column, got 0');
    const constant = { count: 20, shape: [1], values: new Float32Array(20).fill(3) };
    expect(() => tableDataset(constant)).toThrow(
      'expected column 0 to have more than one value, got 3 in every row',
    );
  });
});

describe('miniboone', () => {
  it('reads a CSV by the published protocol', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dgm-table-'));
    const table = made(211, 4);
    // Eleven events in which everything failed, and a measurement that fails in others too.
    for (let row = 0; row < 11; row++) table.values.fill(-999, 4 * row, 4 * row + 4);
    for (let row = 50; row < 60; row++) table.values[4 * row + 2] = -999;
    const lines = Array.from({ length: 211 }, (_, row) =>
      [...table.values.subarray(4 * row, 4 * row + 4)].join(','),
    );
    const path = join(folder, 'miniboone.csv');
    await writeFile(path, lines.join('\n'));
    const { name, train, validation, test } = await miniboone(path);
    expect([name, train.shape, train.count, validation.count, test.count]).toEqual([
      'miniboone',
      [3],
      162,
      18,
      20,
    ]);
    await rm(folder, { recursive: true });
  });
});
