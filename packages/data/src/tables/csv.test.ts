import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import golden from '../../test/golden/tables.json';
import { csv, parseCsv, type CsvOptions } from './csv';

describe('parseCsv', () => {
  it('reads rows of numbers', () => {
    const { count, shape, values, labels } = parseCsv('1,-2.5e1\r\n 3 ,4\r\n');
    expect({ count, shape, labels }).toEqual({ count: 2, shape: [2], labels: undefined });
    expect(Array.from(values)).toEqual([1, -25, 3, 4]);
  });

  it('takes a label column by index or by name', () => {
    expect(Array.from(parseCsv('1;7\n2;8', { label: -1, separator: ';' }).labels!)).toEqual([7, 8]);
    const named = parseCsv('\uFEFFclass,x,y\n7,1,2\n8,3,4', { header: true, label: 'class' });
    expect(Array.from(named.labels!)).toEqual([7, 8]);
    expect(Array.from(named.values)).toEqual([1, 2, 3, 4]);
  });

  it.each([
    ['1,2\n3,x', {}, 'csv: expected text, row 2, column 2 to be a finite number, got "x"'],
    ['1,2\n3,', {}, 'row 2, column 2 to be a finite number, got ""'],
    ['1,2\n3,NaN', {}, 'got "NaN"'],
    ['1,1e39', {}, 'got "1e39"'],
    ['1,2\n3', {}, 'expected text, row 2 of 2 columns, as in row 1, got 1'],
    ['1,2\n\n3,4', {}, 'row 2 of 2 columns, as in row 1, got 1'],
    ['', {}, 'expected text to hold rows of numbers, got none'],
    ['a,b', { header: true }, 'got none'],
    ['1,2.5', { label: 1 }, 'row 1, column 2 to be an integer label, got "2.5"'],
    ['1,2', { label: 2 }, 'expected label to be a column from 0 to 1, got 2'],
    ['1,2', { label: 'class' }, 'got "class"; set header: true'],
    ['1,2\n3,"', {}, 'Quoted field unterminated'],
    ['a,b\n1,2', { label: 'c', header: true }, 'expected label to be one of the columns a, b, got "c"'],
    ['a,a\n1,2', { label: 'a' }, 'several columns have this name: give the index'],
    [
      'a,b\n1,x',
      {},
      'row 2, column 2 ("b") to be a finite number, got "x"; choose other columns, or give this',
    ],
    ['id,2000\n1,2', {}, 'row 1, column 1 to be a finite number, got "id"; give header: true if row 1 names'],
    ['0,1,2\n5,6,7', {}, 'as row 1 of text may be data or names, got 0, 1, 2, ...; give header: true or'],
    ['1,NA', {}, 'got "NA"; give missing: \'drop\' to leave such rows out, or use readTable'],
    ['1,2\nNA,3', { label: 0 }, 'row 2, column 1 to be a label, got "NA"'],
    ['1;2\n3', { separator: ';' }, 'row 2 of 2 columns, as in row 1, got 1'],
    ['1\n3,4', {}, 'row 2 of 1 columns, as in row 1, got 2; give the separator'],
    ['0x10,1', {}, 'got "0x10"'],
    ['1,0b11', {}, 'got "0b11"'],
    ['1,\u00a02', {}, 'column 2 to be a finite number'],
    ['1,Infinity', {}, 'got "Infinity"'],
    ['1,"2', {}, 'row 1 to have quotes around whole fields, doubled within them, got Quoted field untermin'],
    ['1,2\n"3"4,5', {}, 'row 2 to have quotes around whole fields'],
    ['1,2\n3,4\r\n', {}, 'row 2 to have the line ends of row 1, got a carriage return as well'],
    ['1,2', { seperator: ';' }, 'did you mean "separator"'],
    ['1,2', { separator: '::' }, 'separator to be one character'],
    ['1,2', { missing: 'skip' }, 'expected missing to be one of refuse, drop, got "skip"'],
  ])('says where %j %j is wrong', (text, options, message) => {
    expect(() => parseCsv(text, options as CsvOptions)).toThrow(message);
  });

  it.each(Object.entries(golden))(
    'reads the numbers of a file as written by %s',
    (name, { text, columns }) => {
      const separator = name === 'pandas, tabs' ? '\t' : ',';
      const options = {
        columns: ['length, cm', 'count'],
        label: 'the "name"',
        separator,
        missing: 'drop',
      } as const;
      const read = parseCsv(text, options);
      expect(read.columns).toEqual(['length, cm', 'count']);
      expect(read.dropped).toBe(1);
      expect(Array.from(read.values)).toEqual(
        [0, 1, 2].flatMap((row) => [Math.fround(columns['length, cm'][row]!), columns.count[row]]),
      );
      expect(read.classes).toEqual(['plain', 'with "quotes"', 'with, comma']);
      expect(Array.from(read.labels!)).toEqual([0, 2, 1]);
    },
  );

  it('leaves out the names of the rows, as R and pandas write them', () => {
    const { columns, values } = parseCsv('"","a","b"\n"Mazda",1,2\n"Fiat",3,4\n');
    expect(columns).toEqual(['a', 'b']);
    expect(Array.from(values)).toEqual([1, 2, 3, 4]);
  });

  it('finds out whether the first row names the columns', () => {
    expect(parseCsv('1,2\n3,4').columns).toEqual(['column 1', 'column 2']);
    expect(parseCsv('x,y\n3,4').columns).toEqual(['x', 'y']);
    expect(parseCsv('0,1,2\n5,6,7', { header: true }).count).toBe(1);
    expect(parseCsv('0,1,2\n5,6,7', { header: false }).count).toBe(2);
  });

  it('reads other separators, runs of spaces and other marks of missing values', () => {
    expect(Array.from(parseCsv('  1   2\n3 4 \n', { separator: ' ' }).values)).toEqual([1, 2, 3, 4]);
    const { count, dropped } = parseCsv('1,?\n2,3', { missingValues: ['?'], missing: 'drop' });
    expect([count, dropped]).toEqual([1, 1]);
    expect(Array.from(parseCsv('1\r2\r').values)).toEqual([1, 2]);
  });

  it('gives the same wherever the text is cut', () => {
    const row = '1.5,"a ""b"", c\r\nd",-2\r\n';
    const { count, classes, values } = parseCsv(row.repeat(9000), { label: 1 });
    expect([count, classes]).toEqual([9000, ['a "b", c\r\nd']]);
    expect(new Set(values)).toEqual(new Set([1.5, -2]));
  });

  it('refuses a quote that is never closed before it has read everything', () => {
    expect(() => parseCsv(`1,2\n"${'3,4\n'.repeat(2 ** 21)}`)).toThrow(
      'row 2 to have at most 4194304 characters, got more; a quote is not closed',
    );
  });

  it('takes no time for digits that are no number', () => {
    expect(() => parseCsv(`${'1'.repeat(2 ** 18)}x`, { header: false })).toThrow(
      /to be a finite number, got "1{60}..."/,
    );
  });
});

describe('csv', () => {
  it('reads gzip files and blobs', async () => {
    const text = 'a,b\n1,2\n3,4\n';
    expect((await csv(new Blob([text]))).count).toBe(2);
    expect((await csv(new Blob([new Uint8Array(gzipSync(text))]))).columns).toEqual(['a', 'b']);
    const cut = new File([new Uint8Array(gzipSync(text).subarray(0, 20))], 'cut.csv.gz');
    await expect(csv(cut)).rejects.toThrow('expected cut.csv.gz to be a whole gzip file');
    await expect(csv(new Blob([Uint8Array.of(0x31, 0xff)]))).rejects.toThrow('file to be UTF-8 text');
  });

  it('stops reading at the first fault', async () => {
    const text = `x\n${'1\n'.repeat(2 ** 20)}`;
    await expect(csv(new Blob([new Uint8Array(gzipSync(text))]), { header: false })).rejects.toThrow(
      'row 1, column 1',
    );
  });

  it('keeps nothing but the values', async () => {
    const piece = '1.2345678901234567890,2\n'.repeat(2 ** 12);
    const { count, values } = await csv(new Blob(Array.from({ length: 9 }, () => piece)));
    expect([count, values.buffer.byteLength]).toEqual([9 * 2 ** 12, 8 * 9 * 2 ** 12]);
  });

  it('names the file in errors', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dgm-csv-'));
    const path = join(folder, 'mine.csv');
    await writeFile(path, '1,2\n3,oops');
    await expect(csv(path)).rejects.toThrow(
      `csv: expected ${path}, row 2, column 2 to be a finite number, got "oops"`,
    );
    await writeFile(path, '1,2\n3,4');
    expect((await csv(path)).count).toBe(2);
    await rm(folder, { recursive: true });
    await expect(csv(path)).rejects.toThrow(
      `csv: expected ${path} to be a file that can be read, got ENOENT`,
    );
  });
});
