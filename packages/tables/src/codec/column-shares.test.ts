import { DgmError } from '@dgm/core';
import { readCells } from '@dgm/data';
import { describe, expect, it } from 'vitest';
import { smallCodec, smallTable } from '../../test/small-table';
import { ColumnShares } from './column-shares';

const table = smallTable();
const codec = smallCodec(table);
const values = codec.values(readCells(table, codec.schema));

describe('the intervals of a column', () => {
  it.each([0, 1, 2, 3, 4])(
    'of all values of column %d fill (0, 1), and lead back to the values',
    (column) => {
      const own = codec.columns[column]!;
      const shares = new ColumnShares(own, ColumnShares.count(own, values[column]!));
      const all =
        own.kind === 'number'
          ? [...Array.from({ length: own.support }, (_, index) => own.starts[0]! + index), NaN]
          : [...own.state.kept, -1, NaN];
      let end = 0;
      for (const value of all) {
        const { below, width, above } = shares.interval(value);
        expect(below).toBeCloseTo(end, 12);
        expect(below + width + above).toBeCloseTo(1, 12);
        expect(shares.at(below + width / 2, above + width / 2)).toBe(value);
        end += width;
      }
      expect(end).toBeCloseTo(1, 12);
    },
  );

  it('are as wide as the shares of training rows, and no value is impossible', () => {
    const own = codec.columns[2]!;
    const shares = new ColumnShares(own, ColumnShares.count(own, values[2]!));
    const oaks = values[2]!.filter((value) => value === 0).length / values[2]!.length;
    expect(shares.interval(0).width).toBeCloseTo(oaks, 2);
    const { below, width, above } = shares.interval(-1);
    expect(width).toBeGreaterThan(0);
    // It has no text, so the level before it is drawn.
    expect(shares.drawnAt(below + width / 2, above + width / 2)).toBe(2);
  });

  it.each([[[1, 2]], [[1, 1, 1, 1, 0]], [[1, 1, 1, 1, Infinity]]])('are not made of shares %j', (shares) => {
    const make = () => new ColumnShares(codec.columns[2]!, shares);
    expect(make).toThrow(expect.toSatisfy((error) => DgmError.is(error, 'argument')));
  });
});
