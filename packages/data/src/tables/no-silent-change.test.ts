import { DgmError } from '@dgm/core';
import { describe, expect, it } from 'vitest';
import { inferSchema } from './schema/infer-schema';
import { formatCell, readCells } from './schema/typed-table';
import { parseTextTable } from './text/read-text-table';

type Fixture = [what: string, cells: readonly string[], kind: string, why?: RegExp];

const many = (make: (row: number) => string) => Array.from({ length: 40 }, (_, row) => make(row));

/**
 * Columns that readers of tables have changed without a word, as their users reported: what it is, its cells, the kind it has to have, and
 * what `why` has to say where a cell is not written again as it stands.
 */
const FIXTURES: readonly Fixture[] = [
  ['postcodes that begin with zeros', ['01067', '01099', '01067', '01099'], 'category', /leading zeros/],
  ['telephone numbers', ['0049351', '0049341', '0049351', '0049341'], 'category', /leading zeros/],
  ['ids of 18 digits', many((row) => `1234567890123456${10 + row}`), 'id', /18 digits/],
  ['ids of 16 digits, above the integers of a double', many((row) => `90071992547409${10 + row}`), 'id'],
  ['numbered rows', many((row) => String(row + 1)), 'id', /numbered/],
  ['whole numbers, not 1.0', ['1', '2', '5', '1'], 'integer'],
  ['whole numbers with gaps, not 1.0', ['1', '', '5', '1'], 'integer'],
  ['whole numbers with NA, not 1.0', ['1', 'NA', '5', '1'], 'integer'],
  ['a reference that is no year 2037', ['T00370201', 'T00370202', 'T00370203'], 'id'],
  ['dates of eight digits', ['20240320', '20240321', '19991231'], 'date'],
  ['eight digits that are no dates', ['20240320', '20249999', '19991231'], 'integer'],
  ['days before months, decided', ['25/02/2024', '01/03/2024'], 'date'],
  ['months before days, decided', ['02/25/2024', '03/01/2024'], 'date'],
  ['days and months, undecided', ['01/02/2024', '03/04/2024'], 'id', /DD\/MM\/YYYY or MM\/DD\/YYYY/],
  ['days before months and months before days', ['25/02/2024', '02/25/2024'], 'id'],
  ['a year, a day, a month', ['2024-25-02', '2024-13-01'], 'id'],
  ['a 30th of February', ['2024-02-30', '2024-02-28'], 'id'],
  ['a 29th of February of a year without one', ['2023-02-29', '2024-02-29'], 'id'],
  ['dates of points', ['29.02.2024', '01.03.2023'], 'date'],
  ['dates with and without zeros', ['1.2.2024', '11.12.2024'], 'date'],
  ['times with milliseconds', ['23:59:59.001', '00:00:00.000'], 'date'],
  ['dates and times with a Z', ['2024-02-29T23:59:59Z', '2024-03-01T00:00:00Z'], 'date'],
  ['dates before 1970 and in the year 99', ['1969-12-31', '0099-01-01'], 'date'],
  ['years alone', ['1999', '2024', '2001', '1999'], 'integer'],
  ['a column without cells', ['', '', '', ''], 'constant', /all cells are missing/],
  ['a column of NA, of a country or of nothing', ['NA', 'NA', 'NA', 'NA'], 'constant'],
  ['Namibia among countries', ['NA', 'DE', 'NA', 'DE', 'FR', 'FR'], 'category'],
  ['None among names', ['None', 'Ada', 'Ada', 'None'], 'category'],
  ['decimals of two digits, not 4', ['3.10', '2.25', '4.00'], 'decimal'],
  ['decimals as Python writes them, not 4', ['3.1', '2.25', '4.0'], 'decimal'],
  ['a third of one and a tenth', ['0.1', '0.2', '0.30000000000000004'], 'real', /rounded/],
  ['decimal commas', ['3,1', '2,25', '4,0'], 'decimal'],
  ['commas before three digits', ['1,234', '5,678'], 'id', /decimals or thousands/],
  ['points before three digits and commas', ['1.234,5', '2.345,6'], 'id'],
  ['prices with a sign of the currency', ['$5', '$6', '$5', '$6'], 'category'],
  ['percentages', ['5%', '6%', '5%', '6%'], 'category'],
  ['numbers with a plus or an exponent', ['+5', '1e3', '7'], 'integer', /spelt otherwise/],
  ['a minus zero', ['-0', '3', '5'], 'integer', /spelt otherwise/],
  ['hexadecimal numbers', ['0x10', '0x11', '0x10', '0x11'], 'category'],
  ['infinities', ['inf', '-inf', 'inf', '-inf'], 'category'],
  ['1 and 0, not true and false', ['1', '0', '1', '1'], 'boolean'],
  ['yes and no in capitals', ['YES', 'NO', 'YES', 'NO'], 'boolean'],
  ['levels that differ by a space', ['a', 'a ', 'a', 'a '], 'category'],
  ['levels that differ by capitals', ['ash', 'Ash', 'ash', 'Ash'], 'category'],
  ['cells with line ends', ['a\nb', 'c\r\nd', 'a\nb', 'c\r\nd'], 'category'],
  ['cells with quotes and separators', ['5" pipe', 'x;y', '5" pipe', 'x;y'], 'category'],
  ['characters of four bytes', ['🙂', '東京', '🙂', '東京'], 'category'],
];

/** A column beside another one; cells are quoted where they have to be. */
const textOf = (cells: readonly string[]) =>
  `value;other\n${cells.map((cell) => `${/[;"\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell};1\n`).join('')}`;

describe('a column is never changed without a word:', () => {
  it.each<Fixture>(FIXTURES)('%s', (_what, cells, kind, why = /./) => {
    const text = textOf(cells);
    const table = parseTextTable(text, { separator: ';' });
    expect(table.toString()).toBe(text);
    const schema = inferSchema(table);
    const [column] = schema.columns;
    expect([column!.kind, column!.why]).toEqual([kind, expect.stringMatching(why)]);
    // Ids and text have no values; they are neither learned nor drawn.
    if (kind === 'id' || kind === 'text') return;
    const { values } = readCells(table, schema).columns[0]!;
    cells.forEach((cell, row) => {
      const isMissing = schema.missingValues.includes(cell) && Number.isNaN(values[row]!);
      const written = formatCell(column!, values[row]!, isMissing ? cell : 'missing');
      if (written !== cell) expect(column!.why).toMatch(/spelt otherwise|rounded/);
    });
  });

  it.each([
    ['a row that is too short', 'a,b\n1,2\n3\n'],
    ['a row that is too long', 'a,b\n1,2,3\n'],
    ['a quote that is not closed', 'a,b\n"1,2\n'],
    ['text behind a quote', 'a,b\n"1"x,2\n'],
    ['two kinds of line ends', 'a,b\n1,2\r\n'],
    ['bytes of Latin-1', Uint8Array.of(0x61, 0x0a, 0xe9, 0x0a)],
  ])('%s is refused', (_what, text) => {
    const isError = expect.toSatisfy((error) => DgmError.is(error, 'serialization'));
    expect(() => parseTextTable(text)).toThrow(isError);
  });
});
