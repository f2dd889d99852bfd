import { DgmError } from '@dgm/core';
import { describe, expect, it } from 'vitest';
import { parseTextTable } from '../text/read-text-table';
import { inferSchema, type InferSchemaOptions } from './infer-schema';
import { parseSchema } from './parse-schema';
import { formatCell, readCells, readColumn } from './typed-table';

/** The schema of one column. */
function column(cells: readonly string[], options: InferSchemaOptions = {}) {
  const quoted = cells.map((cell) => (/[,"\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell));
  const table = parseTextTable(`value;other\n${quoted.map((cell) => `${cell};1`).join('\n')}\n`, {
    separator: ';',
  });
  return { table, schema: inferSchema(table, options), one: inferSchema(table, options).columns[0]! };
}

const many = (make: (index: number) => string) => Array.from({ length: 40 }, (_, index) => make(index));

describe('the kind of a column', () => {
  it.each<[string, string[], string]>([
    ['whole numbers', ['3', '-1', '20', '3'], 'integer'],
    ['numbers of two decimals', ['3.10', '2.25', '4.00'], 'decimal'],
    ['numbers in their shortest form', ['3.1', '2.25', '4'], 'decimal'],
    ['numbers as Python writes them', ['3.1', '2.25', '4.0'], 'decimal'],
    ['numbers with exponents', ['1e-3', '2.5e2', '7'], 'decimal'],
    ['numbers of seventeen digits', ['0.30000001192092896', '0.1', '0.25'], 'real'],
    ['numbers from thousandths to trillions', ['0.001', '5000000000000', '0.25'], 'real'],
    ['numbers beyond whole ones of a double', ['1e20', '2e20', '5'], 'id'],
    ['numbers with a decimal comma', ['3,1', '2,25', '4,0'], 'decimal'],
    ['commas before three digits each', ['1,234', '5,678', '9,012'], 'id'],
    ['codes with leading zeros', ['00123', '00123', '04567', '04567'], 'category'],
    ['account numbers of 18 digits', many((i) => `1234567890123456${10 + i}`), 'id'],
    ['rows that are numbered', many((i) => String(i + 1)), 'id'],
    ['zeros and ones', ['0', '1', '1', '0'], 'boolean'],
    ['yes and no', ['Yes', 'No', 'No', 'Yes'], 'boolean'],
    ['a few texts', ['red', 'blue', 'red', 'blue', 'red', 'red'], 'category'],
    ['a code for each row', many((i) => `N${i}A`), 'id'],
    ['sentences', many((i) => `the row of number ${i}`), 'text'],
    ['one value', ['x', 'x', 'x'], 'constant'],
    ['one number', ['4.0', '4.0'], 'constant'],
    ['nothing', ['', '', ''], 'constant'],
    ['ISO dates', ['2024-02-29', '2023-12-01'], 'date'],
    ['dates without marks', ['20240320', '19991231', '20000101'], 'date'],
    ['eight digits that are no dates', ['20240320', '20241399', '55555555'], 'integer'],
    ['dates and times', ['2024-02-29 23:59:59', '2024-03-01 00:00:00'], 'date'],
    ['dates and times of the internet', ['2024-02-29T23:59:59Z', '2024-03-01T00:00:00Z'], 'date'],
    ['times', ['23:59', '00:01'], 'date'],
    ['days first, which one cell shows', ['01/02/2024', '25/02/2024'], 'date'],
    ['months first, which one cell shows', ['01/02/2024', '02/25/2024'], 'date'],
    ['days and months that may be exchanged', ['01/02/2024', '03/04/2024'], 'id'],
    ['days first and months first', ['25/02/2024', '02/25/2024'], 'id'],
    ['a day that does not exist', ['2024-02-30', '2024-01-01'], 'id'],
    ['hexadecimal numbers', ['0x10', '0x11', '0x10', '0x11'], 'category'],
    ['a reference that looks like a year and more', ['T00370201', 'T00370202'], 'id'],
  ])('of %s', (_what, cells, kind) => {
    expect(column(cells).one.kind).toBe(kind);
  });

  it('says which of two readings has to be decided, and takes the decision', () => {
    const dates = column(['01/02/2024', '03/04/2024']);
    expect(dates.one.why).toMatch(/DD\/MM\/YYYY or MM\/DD\/YYYY/);
    const decided = column(['01/02/2024', '03/04/2024'], { columns: { value: { format: 'DD/MM/YYYY' } } });
    expect(readCells(decided.table, decided.schema).columns[0]!.values[1]).toBe(
      Date.UTC(2024, 3, 3) / 86_400_000,
    );
    expect(column(['1,234', '5,678', '9,012']).one.why).toMatch(/decimals or thousands/);
    expect(column(['1,234', '5,678'], { columns: { value: { decimalMark: ',' } } }).one).toMatchObject({
      decimals: [3, 3],
      range: [1234, 5678],
    });
  });

  it('counts marks of missing values among numbers, and keeps them as levels elsewhere', () => {
    expect(column(['1', 'NA', '', '3']).one).toMatchObject({ kind: 'integer', missing: 2 });
    expect(column(['1', 'NA', '', '3']).schema.missingValues).toEqual(['', 'NA']);
    const countries = column(['NA', 'DE', 'NA', 'DE', 'FR', 'FR']).one;
    expect(countries).toMatchObject({ kind: 'category', missing: 0, levels: ['DE', 'FR', 'NA'] });
    const own = column(['1', '-', '3'], { missingValues: ['-'] });
    expect(own.one).toMatchObject({ kind: 'integer', missing: 1 });
  });

  it('mentions cells that are spelt otherwise', () => {
    expect(column(['+5', '3', ' 4']).one.why).toMatch(/2 cells are spelt otherwise/);
  });

  it.each<[string, InferSchemaOptions]>([
    ['a column that there is not', { columns: { valeu: { kind: 'text' } } }],
    ['a kind that there is not', { columns: { value: { kind: 'number' as 'integer' } } }],
    ['numbers that are none', { columns: { value: { kind: 'integer' } } }],
    ['levels that a cell does not have', { columns: { value: { levels: ['a', 'b'] } } }],
    ['dates that are none', { columns: { value: { format: 'YYYY' } } }],
  ])('refuses %s', (_what, options) => {
    const isArgumentError = expect.toSatisfy((error) => DgmError.is(error, 'argument'));
    expect(() => column(['a', 'b', 'c', 'a', 'b', 'c'], options)).toThrow(isArgumentError);
  });

  it('refuses two columns of one name', () => {
    expect(() => inferSchema(parseTextTable('a,a\n1,2\n'))).toThrow(/"a" twice/);
  });
});

describe('a cell', () => {
  it.each([
    ['3.10', '2.25', '4.00', '-0.05'],
    ['3.1', '2.25', '4', '-0.05'],
    ['3.1', '2.25', '4.0', '-0.05'],
    ['12', '-7', '0', '9007199254'],
    ['3,1', '2,25', '4,0', '10,0'],
    ['2024-02-29', '1969-12-31', '0099-01-01', '2024-03-01'],
    ['29.02.2024 10:00', '01.03.2024 23:59', '31.12.1999 00:00', '29.02.2024 10:01'],
    ['23:59:59.001', '00:00:00.000', '12:00:00.500', '12:00:00.501'],
    ['b', 'a', 'b', 'a'],
  ])('is written as it was read: %s', (...cells) => {
    const { table, schema } = column(cells);
    const [read] = readCells(table, schema).columns;
    expect([...read!.values].map((value) => formatCell(read!.schema, value))).toEqual(cells);
  });

  it('of a kind other than its column is refused with its place', () => {
    const { schema } = column(['1', '2', '4']);
    const other = parseTextTable('value;other\n1;1\nx;1\n', { separator: ';' });
    expect(() => readCells(other, schema)).toThrow(/row 2, column value.*to be a number.*"x"/s);
    expect(() => readCells(parseTextTable('valu;other\n1;1\n', { separator: ';' }), schema)).toThrow(
      /"value"/,
    );
    const finer = parseTextTable('value;other\n1.5;1\n', { separator: ';' });
    expect(() => readCells(finer, schema)).toThrow(/at most 0 decimals/);
  });

  it('of a new level counts as none', () => {
    const { schema } = column(['a', 'b', 'a', 'b']);
    const other = parseTextTable('value;other\nz;1\n', { separator: ';' });
    expect(readCells(other, schema).columns[0]!.values[0]).toBe(-1);
  });
});

describe('readColumn', () => {
  it('reads what readCells reads, and leaves out what is not of the kind of the column', () => {
    const { schema } = column(['1', '2', '4']);
    const { columns } = parseTextTable('value;other\n3;1\nx;1\n;1\n1.5;1\n?;1\n', { separator: ';' });
    expect(readColumn(columns[0]!, schema.columns[0]!, ['?'])).toEqual(
      Float64Array.of(3, NaN, NaN, NaN, NaN),
    );
  });
});

describe('a schema as JSON', () => {
  const { schema } = column(['1.5', '2.25', '']);

  it('goes there and back', () => {
    expect(parseSchema(JSON.stringify(schema))).toEqual(schema);
  });

  it.each<[string, (text: string) => string]>([
    ['other text', (text) => text.slice(1)],
    ['another format', (text) => text.replace('dgm.table-schema', 'frictionless')],
    ['a newer version', (text) => text.replace('"version":1', '"version":2')],
    ['an unknown kind', (text) => text.replace('"decimal"', '"decimals"')],
    ['a range the wrong way round', (text) => text.replace('"range":[150,225]', '"range":[225,150]')],
    ['no columns', (text) => text.replace(/"columns":.*/, '"columns":[]}')],
    ['a line end that is none', (text) => text.replace('"newline":"\\n"', '"newline":"n"')],
  ])('is refused with %s', (_what, change) => {
    const text = change(JSON.stringify(schema));
    expect(() => parseSchema(text)).toThrow(expect.toSatisfy((error) => DgmError.is(error, 'serialization')));
  });
});
