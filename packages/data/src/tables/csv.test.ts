import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { csv, parseCsv } from './csv';

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
    ['a,b\n1,2', { label: 'c', header: true }, 'expected label to be one of the columns a, b, got "c"'],
  ])('says where %j %j is wrong', (text, options, message) => {
    expect(() => parseCsv(text, options)).toThrow(message);
  });
});

describe('csv', () => {
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
