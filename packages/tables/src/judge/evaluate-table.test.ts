import { Key } from '@dgm/core';
import { afterAll, describe, expect, it } from 'vitest';
import { smallCodec, smallNetwork, smallTable } from '../../test/small-table';
import { splitRows } from '../table/split';
import { TableModel } from '../table/table-model';
import { evaluateTable } from './evaluate-table';
import { copyShare, nearerShare } from './privacy';
import { barsOf, shapeSimilarity } from './shape';
import { usefulnessOf } from './usefulness';

const [number, , category] = smallCodec().columns;
const of = (...values: number[]) => Float64Array.from(values);

describe('shapeSimilarity', () => {
  it('is one minus the largest difference of distribution functions, missing values being the smallest', () => {
    expect(shapeSimilarity(number!, of(1, 2, 3, 4), of(1, 2, 3, 4))).toBe(1);
    expect(shapeSimilarity(number!, of(1, 2, 3, 4), of(3, 4, 5, 6))).toBeCloseTo(0.5, 12);
    expect(shapeSimilarity(number!, of(NaN, 1), of(1, 1))).toBeCloseTo(0.5, 12);
    expect(shapeSimilarity(number!, of(1, 2), of(3, 4))).toBe(0);
  });

  it('is one minus half the sum of differences for levels', () => {
    expect(shapeSimilarity(category!, of(0, 0, 1, 2), of(0, 1, 2, 2))).toBeCloseTo(0.75, 12);
    expect(shapeSimilarity(category!, of(0, NaN), of(0, 0))).toBeCloseTo(0.5, 12);
  });
});

describe('barsOf', () => {
  const sum = (bars: readonly { real: number; synthetic: number }[], name: 'real' | 'synthetic') =>
    bars.reduce((total, bar) => total + bar[name], 0);

  it('shares the rows out, with those outside and missing ones', () => {
    const real = Float64Array.from({ length: 1000 }, (_, row) => row);
    const bars = barsOf(number!, real, of(-1e6, 500, 1e6, NaN));
    expect(bars.length).toBeLessThanOrEqual(25);
    expect(sum(bars, 'real')).toBeCloseTo(1, 10);
    expect(sum(bars, 'synthetic')).toBeCloseTo(1, 10);
    expect(bars[0]!.synthetic).toBe(0.25);
    expect(bars.at(-1)).toMatchObject({ label: 'missing', real: 0, synthetic: 0.25 });
  });

  it('has a bar for each level', () => {
    const bars = barsOf(category!, of(0, 0, 1, 2), of(1, 1, 2, 2));
    expect(bars.map(({ real }) => real)).toEqual([0.5, 0.25, 0.25]);
    expect(bars.map(({ synthetic }) => synthetic)).toEqual([0, 0.5, 0.5]);
  });
});

describe('privacy', () => {
  const random = Key.of(3).generator();
  const normal = (count: number) =>
    [0, 1].map(() => Float64Array.from({ length: count }, () => 1000 * random.normal()));
  const [drawn, train, heldOut] = [normal(800), normal(400), normal(400)];
  const numbers = [number!, number!];

  it('counts rows that equal a training row, gaps included', () => {
    expect(copyShare([of(1, 2, NaN), of(4, 5, 6)], [of(NaN, 2), of(6, 7)])).toBeCloseTo(1 / 3, 12);
  });

  it('is near one half for rows that are as far from both, and higher for copies with noise', () => {
    expect(Math.abs(nearerShare(numbers, drawn, { train, heldOut }) - 0.5)).toBeLessThan(0.08);
    const noisy = train.map((column) => column.map((value) => value + 5 * random.normal()));
    expect(nearerShare(numbers, noisy, { train, heldOut })).toBeGreaterThan(0.9);
    expect(nearerShare(numbers, drawn, { train, heldOut: train })).toBe(0.5);
  });
});

describe('usefulnessOf', () => {
  it('is as high for rows like the real ones, and one half where columns are independent', () => {
    const random = Key.of(4).generator();
    const rows = (isRelated: boolean) => {
      const first = Float64Array.from({ length: 400 }, () => Math.round(100 * random.normal()));
      const second = first.map((value) =>
        Math.round((isRelated ? value : 100 * random.normal()) + 20 * random.normal()),
      );
      return [first, second];
    };
    const [train, heldOut] = [rows(true), rows(true)];
    const good = usefulnessOf(number!, 0, { drawn: rows(true), train, heldOut })!;
    expect(good.real).toBeGreaterThan(0.95);
    expect(Math.abs(good.synthetic - good.real)).toBeLessThan(0.03);
    const bad = usefulnessOf(number!, 0, { drawn: rows(false), train, heldOut })!;
    expect(bad.synthetic).toBeLessThan(0.65);
  });

  it('says nothing of a column that is always the same', () => {
    const rows = [of(1, 1, 1), of(1, 2, 3)];
    expect(usefulnessOf(number!, 0, { drawn: rows, train: rows, heldOut: rows })).toBeUndefined();
  });
});

describe('evaluateTable', () => {
  const table = smallTable();
  const split = splitRows(table.count);
  const [train, heldOut] = [table.subset(split.train), table.subset(split.test)];
  const model = new TableModel(smallNetwork());
  afterAll(() => model.dispose());

  it('warns of a model with random weights, and is the same for a key', async () => {
    const options = { key: Key.of(0), train, draws: 200 };
    const found = await evaluateTable(model, heldOut, options);
    expect(found.columns.map(({ name }) => name)).toEqual(model.columns);
    expect(found.twoSampleAuroc).toBeGreaterThan(0.7);
    expect(found.privacy).toMatchObject({ copies: 0, heldOutCopies: 0 });
    expect(found.pairs).toHaveLength((model.columns.length * (model.columns.length - 1)) / 2);
    const pair = found.pairs.find(({ columns: [a, b] }) => a === 'length' && b === 'kind')!;
    // The length follows the kind in the table, and not under random weights.
    expect(pair.real).toBeGreaterThan(0.3);
    expect(pair.synthetic).toBeLessThan(pair.real);
    expect(found.warnings.join(' ')).toMatch(/only 25 held-out rows.*easily told from real ones/);
    expect(await evaluateTable(model, heldOut, options)).toEqual(found);
  });

  it('says nothing of privacy without the training rows', async () => {
    const found = await evaluateTable(model, heldOut, { key: Key.of(0), draws: 50 });
    expect(found.privacy).toBeUndefined();
    expect(found.columns.every(({ usefulness }) => usefulness === undefined)).toBe(true);
  });

  it('refuses too few rows', async () => {
    await expect(evaluateTable(model, table.subset([0]), { key: Key.of(0) })).rejects.toThrow(
      /rows of heldOut/,
    );
  });
});
