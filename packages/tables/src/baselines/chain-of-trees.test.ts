import { DgmError, Key, modelBytes } from '@dgm/core';
import { parseTextTable, readCells } from '@dgm/data';
import { describe, expect, it } from 'vitest';
import { load } from '../../test/damaged-files';
import { smallCodec, smallTable } from '../../test/small-table';
import type { Allowed } from '../table/column-distribution';
import { splitRows } from '../table/split';
import { TableModel, type SampleTableOptions } from '../table/table-model';
import { ChainOfTrees, chainOfTrees } from './chain-of-trees';

const table = smallTable(600);
const codec = smallCodec(table);
const values = codec.values(readCells(table, codec.schema));
const { train, validation } = splitRows(table.count);
const pick = (rows: Int32Array) => (column: Float64Array) => Float64Array.from(rows, (row) => column[row]!);
const trees = ChainOfTrees.of(
  codec,
  values.map((column) => ({ train: pick(train)(column), validation: pick(validation)(column) })),
);
const model = new TableModel(trees);
const isError = (code: 'argument' | 'unsupported') => expect.toSatisfy((error) => DgmError.is(error, code));

const allOf = (column: number) => {
  const own = codec.columns[column]!;
  return own.kind === 'number'
    ? [NaN, ...Array.from({ length: own.support }, (_, index) => own.starts[0]! + index)]
    : [NaN, -1, ...own.state.kept];
};

describe('the cell of a chain of trees', () => {
  it.each([0, 1, 2, 3, 4])('of column %d has masses that sum to 1', (column) => {
    for (const row of [0, 7, 20]) {
      const cell = trees.cell(values, row, column);
      const sum = allOf(column).reduce((total, value) => total + Math.exp(cell.logProb(0, value)), 0);
      expect(sum).toBeCloseTo(1, 9);
    }
  });

  it.each<[string, number, Allowed | undefined]>([
    ['a number', 0, undefined],
    ['a number with gaps', 1, undefined],
    ['a category', 2, undefined],
    ['a range of numbers', 0, { min: 400, max: 700 }],
    ['a set of numbers', 1, { values: [300, 304, NaN] }],
    ['a set of categories', 2, { values: [0, 2] }],
  ])('is drawn by its probabilities: %s', (_what, column, allowed) => {
    const cell = trees.cell(values, 5, column);
    const random = Key.of(3).generator();
    const n = 3000;
    const counts = new Map<number, number>();
    for (let draw = 0; draw < n; draw++) {
      const value = cell.draw(0, random.uniform(), random.uniform(), allowed);
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    const mass = allowed ? cell.mass(0, allowed) : 1;
    let expected = 0;
    for (const [value, count] of counts) {
      const p = Math.exp(cell.logProb(0, value)) / mass;
      expected += p;
      if (n * p < 20 && count < 20) continue;
      expect(Math.abs(count - n * p)).toBeLessThan(5 * Math.sqrt(n * p) + 2);
    }
    expect(expected).toBeGreaterThan(0.6);
    expect(expected).toBeLessThan(1 + 1e-9);
  });
});

describe('a model of trees', () => {
  it('is written to a file, and read with the same likelihoods and draws to the bit', async () => {
    const { model: loaded, card } = await load(await modelBytes(model, { card: model.card }));
    expect([loaded.kind, loaded.likelihoodKind, card]).toEqual(['trees', 'exact', {}]);
    expect([...(await loaded.score(table)).rows]).toEqual([...(await model.score(table)).rows]);
    const draws = await Promise.all([loaded, model].map((each) => each.sample(20, { key: Key.of(1) })));
    expect(draws[0]!.table.toString()).toBe(draws[1]!.table.toString());
    loaded.dispose();
  });

  it('draws under conditions, with weights where columns before are free', async () => {
    const leading = await model.sample(50, { key: Key.of(0), given: { price: { min: 400, max: 600 } } });
    expect(leading.effectiveSampleSize).toBeCloseTo(50, 6);
    // By brute force: of free draws, those that fit.
    const given: SampleTableOptions['given'] = { kind: ['elm'], sold: 'yes' };
    const share = (rows: typeof table, weights: (row: number) => number) => {
      let [hits, all] = [0, 0];
      for (let row = 0; row < rows.count; row++) {
        const text = rows.column('length').text(row);
        if (text === '') continue;
        all += weights(row);
        if (Number(text) > 27) hits += weights(row);
      }
      return hits / all;
    };
    const conditioned = await model.sample(1500, { key: Key.of(5), given });
    expect(conditioned.effectiveSampleSize).toBeLessThan(1200);
    const { table: free } = await model.sample(6000, { key: Key.of(6) });
    const fits = (row: number) =>
      free.column('kind').text(row) === 'elm' && free.column('sold').text(row) === 'yes' ? 1 : 0;
    expect(share(conditioned.table, (row) => conditioned.weights[row]!)).toBeCloseTo(share(free, fits), 1);
  });

  it('refuses what takes a model of any order, and names it', async () => {
    const like = parseTextTable('kind,price\nelm,\n');
    const calls = [
      () => model.impute(table),
      () => model.explain(table, [0]),
      () => model.score(table, { given: 'others' }),
      () => model.sample(1, { key: Key.of(0), like }),
      () => Promise.resolve().then(() => model.network),
    ];
    for (const call of calls) {
      await expect(call()).rejects.toThrow(/kind "any-order".*got "trees".*--model any-order/s);
      await expect(call()).rejects.toThrow(isError('unsupported'));
    }
  });

  it('is made of a text that holds a tree for each column, and of no other', () => {
    const leaf = { added: 1, weights: [1], values: [100, 200], features: [], thresholds: [], sizes: [] };
    const split = { ...leaf, features: [0, -1, -1], thresholds: [5], sizes: [1] };
    const ten = Array.from({ length: 10 }, () => 0.1);
    const states = (second: object) => JSON.stringify([leaf, second, leaf, leaf, leaf]);
    chainOfTrees(codec, states({ ...split, weights: ten })).dispose();
    const bad = [
      { ...split, weights: [1] },
      { ...split, weights: ten, sizes: [2] },
      { ...split, weights: ten, features: [1, -1, -1] },
      { ...split, weights: ten, features: [0, -1] },
      { ...split, weights: ten, thresholds: [] },
      { ...leaf, values: [] },
      { ...leaf, added: 0 },
      { ...leaf, weights: [2] },
    ];
    for (const state of bad) expect(() => chainOfTrees(codec, states(state))).toThrow(isError('argument'));
  });
});
