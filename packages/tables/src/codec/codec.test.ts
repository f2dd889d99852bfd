import { DgmError, Key } from '@dgm/core';
import { inferSchema, parseTextTable, readCells, type CategorySchema, type NumberSchema } from '@dgm/data';
import { describe, expect, it } from 'vitest';
import { smallCodec } from '../../test/small-table';
import { CategoryCodec } from './category-codec';
import { NumberCodec } from './number-codec';
import { cellOf, TableCodec, tableCodec } from './table-codec';

const base = { name: 'value', missing: 0, why: 'set' };
const number: NumberSchema = { ...base, kind: 'integer', decimals: [0, 0], range: [0, 0] };
const category: CategorySchema = { ...base, kind: 'category', levels: ['a', 'b', 'c', 'd'] };
const options = { maxBins: 60, minCount: 3 };

describe('NumberCodec', () => {
  const random = Key.of(0).generator();
  const skewed = Float64Array.from({ length: 500 }, () =>
    random.uniform() < 0.3 ? 700 : Math.floor(100 + 40_000 * random.uniform() ** 6),
  );
  const codec = NumberCodec.of(number, skewed, options);

  it('gives a frequent value a bin of its own, and covers three times the range without gaps', () => {
    const bin = codec.index(700);
    expect([codec.starts[bin], codec.ends[bin]]).toEqual([700, 700]);
    for (let at = 1; at < codec.bins; at++) expect(codec.starts[at]).toBe(codec.ends[at - 1]! + 1);
    const [low, high] = [Math.min(...skewed), Math.max(...skewed)];
    expect(codec.support).toBe(3 * (high - low + 1));
  });

  it('puts each value into its bin and cell, on both kinds of axis', () => {
    const flat = NumberCodec.of(
      number,
      skewed.map(() => Math.floor(60 * random.uniform())),
      options,
    );
    expect([codec.state.isLog, flat.state.isLog]).toEqual([true, false]);
    for (const own of [codec, flat]) {
      for (let value = own.starts[0]!; value <= own.ends.at(-1)!; value += own === codec ? 97 : 1) {
        const bin = own.index(value);
        expect(own.starts[bin]! <= value && value <= own.ends[bin]!).toBe(true);
        expect(own.atAxis(own.axis(value))).toBe(value);
        expect(own.atAxis(own.axis(value + 0.49))).toBe(value);
      }
    }
  });

  it('takes a value that lies outside for the nearest, and knows missing ones', () => {
    const [index] = cellOf(codec, 1e12);
    expect(index).toBe(codec.bins - 1);
    expect(codec.index(NaN)).toBe(codec.bins);
    expect(NumberCodec.of(number, Float64Array.of(1, NaN, 3), options).hasMissing).toBe(true);
  });

  it.each([
    ['one value', [5, 5, 5]],
    ['nothing but missing values', [NaN, NaN]],
    ['dates in milliseconds', [1.7e12, 1.7e12 + 1, 1.6e12]],
  ])('is made of %s', (_what, values) => {
    const own = NumberCodec.of(number, Float64Array.from(values), options);
    expect(own.edges.every((edge, at) => at === 0 || edge > own.edges[at - 1]!)).toBe(true);
    expect(Number.isFinite(own.minScale)).toBe(true);
  });
});

describe('CategoryCodec', () => {
  const values = Float64Array.of(0, 0, 0, 2, 2, 3, NaN);

  it('keeps the most frequent levels, and takes the rest for others', () => {
    const codec = CategoryCodec.of(category, values, { maxLevels: 2, protect: 1 });
    expect(codec.state).toMatchObject({ kept: [0, 2], hasMissing: true, hasOther: true });
    expect([0, 2, 3, -1, NaN].map((value) => codec.index(value))).toEqual([0, 1, 2, 2, 3]);
    expect([0, 1, 2, 3].map((index) => codec.value(index))).toEqual([0, 2, -1, NaN]);
  });

  it('does not name levels of few rows', () => {
    expect(CategoryCodec.of(category, values, { maxLevels: 9, protect: 2 }).state.kept).toEqual([0, 2]);
  });
});

describe('TableCodec', () => {
  it('describes numbers, dates and categories, and leaves out ids, text and constants', () => {
    expect(smallCodec().names).toEqual(['price', 'length', 'kind', 'day', 'sold']);
  });

  it('goes there and back as JSON', () => {
    const codec = smallCodec();
    const states = codec.columns.map(({ state }) => state);
    const parse = (columns: typeof states) => tableCodec(JSON.stringify({ schema: codec.schema, columns }));
    expect(parse(states).columns.map(({ state }) => state)).toEqual(states);
    expect(() => parse(states.slice(1))).toThrow(/column length/);
  });

  it('refuses a table without a column to describe', () => {
    const table = parseTextTable('a,b\nx,1\nx,1\n');
    const schema = inferSchema(table);
    const isArgumentError = expect.toSatisfy((error) => DgmError.is(error, 'argument'));
    expect(() =>
      TableCodec.of(schema, readCells(table, schema), { ...options, maxLevels: 9, protect: 1 }),
    ).toThrow(isArgumentError);
  });
});
