import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { realDigits } from '../../test/real-digits';
import { digits } from './digits';

let folder = '';
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'dgm-digits-'))));
afterAll(async () => rm(folder, { recursive: true }));

/** Rows of 64 pixels and a label. */
function rows(count: number, pixel = (row: number, column: number) => (row + column) % 17): string {
  return Array.from({ length: count }, (_, row) =>
    [...Array.from({ length: 64 }, (_, column) => pixel(row, column)), row % 10].join(','),
  ).join('\n');
}

describe('digits from a file of the same form', () => {
  it('reads plain and gzipped text, from a file or its folder', async () => {
    await writeFile(join(folder, 'digits.csv.gz'), gzipSync(rows(1400)));
    await writeFile(join(folder, 'other.csv'), rows(1400));
    const gzipped = await digits(folder, { verify: false });
    const plain = await digits(join(folder, 'other.csv'), { verify: false });
    expect(gzipped.sha256).toBe(plain.sha256);
    expect([plain.train.count, plain.validation.count, plain.test.count]).toEqual([1000, 350, 50]);
    expect(plain.levels).toBe(17);
    expect(plain.train.values).toBeInstanceOf(Uint8Array);
    expect(Array.from(plain.test.values.slice(0, 3))).toEqual([1350 % 17, 1351 % 17, 1352 % 17]);
    expect(Array.from(plain.test.labels!.slice(0, 3))).toEqual([0, 1, 2]);
  });

  it('finds the folder by DGM_DATA_DIR', async () => {
    vi.stubEnv('DGM_DATA_DIR', folder);
    expect((await digits(undefined, { verify: false })).train.count).toBe(1000);
    vi.stubEnv('DGM_DATA_DIR', undefined);
    await expect(digits()).rejects.toThrow(
      'expected path to be given, or DGM_DATA_DIR to be set, got neither; write',
    );
    vi.unstubAllEnvs();
  });

  it('insists on the real file by default', async () => {
    const path = join(folder, 'other.csv');
    await expect(digits(path)).rejects.toMatchObject({ code: 'serialization', argument: path });
    await expect(digits(path)).rejects.toThrow(/SHA-256 6ebb3d2f.* got [0-9a-f]{64}; .*verify: false/);
  });

  it.each([
    [
      'a pixel out of range',
      rows(1400, (row, column) => (row === 7 && column === 3 ? 17 : 1)),
      /row 8, column 4.* got 17/,
    ],
    ['a pixel that is no integer', rows(1400, (row) => (row === 2 ? 1.5 : 1)), /row 3, column 1.* got 1.5/],
    ['a short row', `${rows(1400)}\n1,2,3`, /row 1401 of 65 columns, as in row 1, got 3/],
    ['too few rows', rows(1350), /more than 1350 rows of 65 columns, got 1350 rows of 65/],
    ['text', 'not,a,number', /label|column/],
    ['nothing', '', /rows of numbers, got none/],
  ])('refuses %s', async (_, text, message) => {
    const path = join(folder, 'bad.csv');
    await writeFile(path, text);
    await expect(digits(path, { verify: false })).rejects.toThrow(message);
  });

  it('refuses a gzip file that is cut short', async () => {
    const path = join(folder, 'cut.csv.gz');
    await writeFile(path, gzipSync(rows(1400)).subarray(0, 200));
    await expect(digits(path)).rejects.toThrow(/cut.csv.gz to be a whole gzip file/);
  });

  it('says how to get the file where there is none', async () => {
    await expect(digits(join(folder, 'absent'))).rejects.toThrow(/absent; write scikit-learn's load_digits/);
  });
});

describe.skipIf(realDigits.skip)(`the real digits${realDigits.reason}`, () => {
  it('are those that results are reported on', async () => {
    const data = await digits(realDigits.folder);
    expect([data.train.count, data.validation.count, data.test.count]).toEqual([1000, 350, 447]);
    const text = gunzipSync(await readFile(join(realDigits.folder, 'digits.csv.gz'))).toString();
    const first = text.slice(0, text.indexOf('\n')).split(',').map(Number);
    expect(Array.from(data.train.values.slice(0, 64))).toEqual(first.slice(0, 64));
    const mean = Array.from(data.test.values).reduce((a, b) => a + b, 0) / data.test.values.length;
    expect(mean).toBeCloseTo(4.8581, 4);
    const counts = Array.from(
      { length: 10 },
      (_, digit) => data.test.labels!.filter((label) => label === digit).length,
    );
    expect(counts).toEqual([43, 46, 43, 45, 48, 45, 47, 44, 41, 45]);
  });
});
