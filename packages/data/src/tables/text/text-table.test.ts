import { DgmError } from '@dgm/core';
import { gzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { parseTextTable, readTextTable, type TextTableOptions } from './read-text-table';
import { needsQuotes } from './text-cells';
import { checkTextTable, TextTable } from './text-table';

const encoder = new TextEncoder();
const refused = (row: string) =>
  expect.toSatisfy((error) => DgmError.is(error, 'serialization') && String(error).includes(row));

describe('a text table', () => {
  it.each<[string, string, TextTableOptions?]>([
    ['plain cells', 'a,b\n1,x\n2,y\n'],
    ['no line end after the last row', 'a,b\n1,x\n2,y'],
    ['several line ends after the last row', 'a,b\n1,x\n\n\n'],
    ['line ends of Windows', 'a,b\r\n1,x\r\n'],
    ['line ends of old Macs', 'a,b\r1,x\r'],
    ['a byte order mark', '\uFEFFa,b\n1,x\n'],
    ['quotes that nobody needs', '"a",b\n"1","x"\n2,"y"\n'],
    ['quotes around separators, quotes and line ends', 'a,b\n"x,y","say ""hi"""\n"two\nlines",z\n'],
    ['Windows line ends with a line feed inside quotes', 'a,b\r\n"two\nlines",z\r\n'],
    ['a quote inside a cell', 'size,b\n5" pipe,x\n'],
    ['an empty cell beside an empty quoted one', 'a,b\n,""\n'],
    ['spaces around cells', 'a,b\n 1 ,\tx\n'],
    ['leading zeros and 18 digits', 'a,b\n007,123456789012345678\n'],
    ['numbers in all spellings', 'a,b\n1e3,+5\n.5,5.\n-0,1.50\n'],
    ['semicolons', 'a;b\n1,5;2\n'],
    ['tabs', 'a\tb\n1,5\t2\n'],
    ['other scripts', 'naïve,東京\né,🙂\n'],
    ['one column with empty cells', 'a\n1\n\n2\n\n'],
    ['one column of quoted empty cells', 'a\n""\n\n'],
    ['a header alone', 'a,b\n'],
    ['data from the first row on', '1,2\n3,4\n', { header: false }],
    ['a first row of counts', '0,1,2\n5,6,7\n', { header: true }],
    ['a quoted header with a separator', '"a,b",c\n1,2\n'],
  ])('gives back %s byte by byte', (_what, text, options = {}) => {
    const bytes = encoder.encode(text);
    expect(parseTextTable(bytes, options).toBytes()).toEqual(bytes);
  });

  it.each([
    [1, 10],
    [101, 5000],
    [7000, 5000],
  ])('gives the same in pieces of %d bytes', async (step, rows) => {
    const bytes = encoder.encode('\uFEFFa,b\r\n"x,""y\r\nz",1\r\n"",é\r\n' + 'q,2\r\n'.repeat(rows));
    const pieces = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start(controller) {
        for (let at = 0; at < bytes.length; at += step) controller.enqueue(bytes.slice(at, at + step));
        controller.close();
      },
    });
    const table = await readTextTable({ stream: () => pieces, name: 'pieces.csv' } as unknown as Blob);
    expect(table.toBytes()).toEqual(bytes);
    expect(table.column('a').text(0)).toBe('x,"y\r\nz');
    expect(table.count).toBe(rows + 2);
  });

  it('reads gzip', async () => {
    const blob = new Blob([gzipSync(encoder.encode('a,b\n1,2\n')) as Uint8Array<ArrayBuffer>]);
    expect((await readTextTable(blob)).column('b').text(0)).toBe('2');
  });

  it('takes rows and writes them as they stand', () => {
    const table = parseTextTable('a,b\n"1",x\n2,"say ""hi"""\n3,z\n');
    expect(table.subset([1, 0]).toString()).toBe('a,b\n2,"say ""hi"""\n"1",x\n');
    for (const row of [3, -1, 0.5, NaN]) expect(() => table.subset([row])).toThrow(/rows to be an integer/);
  });

  it('quotes new cells where they have to be', () => {
    const table = TextTable.of([{ name: 'a;b', cells: ['1;2', 'x"y', 'plain', 'two\nlines'] }], {
      separator: ';',
    });
    expect(table.toString()).toBe('"a;b"\n"1;2"\n"x""y"\nplain\n"two\nlines"\n');
    expect(parseTextTable(table.toBytes(), { separator: ';' }).column('a;b').text(1)).toBe('x"y');
  });

  it('quotes new cells as it is told, and says which have to be quoted', () => {
    const table = TextTable.of([{ name: 'a', cells: ['1', '2'], quoted: [true, false] }]);
    expect(table.toString()).toBe('a\n"1"\n2\n');
    expect(['1;2', '1,2', 'x"y', 'two\nlines', ''].map((cell) => needsQuotes(cell, ';'))).toEqual([
      ...[true, false, true, true, false],
    ]);
  });

  it('keeps a byte order mark within the text', () => {
    const text = 'a,b\n\ufeff1,"\ufeff,"\n';
    const table = parseTextTable(text);
    expect([table.column('a').text(0), table.toString()]).toEqual(['\ufeff1', text]);
  });

  it('replaces cells and leaves the others as they stand', () => {
    const cells = parseTextTable('a,b\n"1",x\n,y\n').column('a');
    expect([0, 1].map((row) => cells.replace((at) => (at === 1 ? 'p,q' : undefined)).text(row))).toEqual([
      '1',
      'p,q',
    ]);
    expect(cells.replace(() => undefined).isQuoted(0)).toBe(true);
  });

  it.each([
    ['a row that is too short', 'a,b\n1,2\n3\n', 'row 3'],
    ['a row that is too long', 'a,b\n1,2,3\n', 'row 2'],
    ['a blank line between rows', 'a,b\n1,2\n\n3,4\n', 'row 3'],
    ['text after quotes', 'a,b\n"1"x,2\n', 'row 2'],
    ['a quote that is not closed', 'a,b\n"1,2\n', 'row 2'],
    ['mixed line ends', 'a,b\n1,2\r\n', 'row 2'],
    ['a carriage return alone', 'a,b\r\n1,2\r3,4\r\n', 'row 2'],
    ['no rows', '', 'row 1'],
  ])('refuses %s', (_what, text, row) => {
    expect(() => parseTextTable(text)).toThrow(refused(row));
  });

  it('refuses bytes that are not UTF-8', () => {
    expect(() => parseTextTable(Uint8Array.of(0x61, 0x2c, 0xff, 0x0a))).toThrow(refused('UTF-8'));
    expect(() => parseTextTable(Uint8Array.of(0x61, 0x0a, 0xc3))).toThrow(refused('UTF-8'));
  });

  it('refuses a first row that may be data or names, and options that are none', () => {
    expect(() => parseTextTable('0,1,2\n3,4,5\n')).toThrow(
      expect.toSatisfy((e) => DgmError.is(e, 'argument')),
    );
    expect(() => parseTextTable('a\n', { separator: '"' })).toThrow(/separator/);
    expect(() => parseTextTable('a\n', { seperator: ';' } as TextTableOptions)).toThrow(
      /did you mean "separator"/,
    );
    expect(() => parseTextTable('a,a\n1,2\n').column('a')).toThrow(/2 columns/);
  });
});

describe('checkTextTable', () => {
  it('accepts tables and refuses all else by the name of the argument', () => {
    expect(() => checkTextTable('f', 'table', parseTextTable('a\nx\n'))).not.toThrow();
    for (const other of [undefined, null, 'cars.csv', [], {}]) {
      expect(() => checkTextTable('f', 'table', other)).toThrow(/f: .*table to be a TextTable/);
    }
  });
});
