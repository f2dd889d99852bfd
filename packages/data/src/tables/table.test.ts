import { describe, expect, it } from 'vitest';
import golden from '../../test/golden/tables.json';
import { parseTable, readTable, type TableColumn } from './table';

/** The values of a column, null where they are missing. */
const valuesOf = (column: TableColumn) =>
  column.kind === 'text'
    ? Array.from(column.codes, (code) => column.texts[code] ?? null)
    : Array.from(column.values, (value) => (Number.isNaN(value) ? null : value));

describe('parseTable', () => {
  it.each(Object.entries(golden))('reads what pandas reads: %s', (name, { text, columns }) => {
    const table = parseTable(text, { separator: name === 'pandas, tabs' ? '\t' : ',' });
    expect(table.count).toBe(4);
    const named = table.columns.filter((column) => column.name !== '');
    expect(Object.fromEntries(named.map((column) => [column.name, valuesOf(column)]))).toEqual(columns);
    expect(named.map(({ kind }) => kind)).toEqual(['real', 'text', 'integer', 'text']);
    expect(named.map(({ missing }) => missing)).toEqual([1, 0, 0, 0]);
  });

  it('finds the narrowest kind that keeps every field', () => {
    const { columns } = parseTable('1,1,007,12345678901234567,NA,x\n2,.5,8,1,,NA', { header: false });
    expect(columns.map(({ kind }) => kind)).toEqual(['integer', 'real', 'text', 'text', 'integer', 'text']);
    expect(columns.map(({ missing }) => missing)).toEqual([0, 0, 0, 0, 2, 1]);
    expect(valuesOf(columns[2]!)).toEqual(['007', '8']);
  });

  it('refuses rows of another width, and nothing', () => {
    expect(() => parseTable('a,b\n1,2\n3')).toThrow('text, row 3 of 2 columns, as in row 1, got 1');
    expect(() => parseTable('')).toThrow('expected text to hold rows, got none');
    expect(() => parseTable('a', { label: 1 } as object)).toThrow('parseTable: expected options');
  });
});

describe('readTable', () => {
  it('reads a file twice', async () => {
    const file = new File(['a,b\n1,x\n', '2.5,y\n'], 'mine.csv');
    const { count, columns } = await readTable(file);
    expect([count, columns.map(({ kind }) => kind)]).toEqual([2, ['real', 'text']]);
    await expect(readTable(new File(['1,2\n3'], 'mine.csv'))).rejects.toThrow(
      'expected mine.csv, row 2 of 2',
    );
  });
});
