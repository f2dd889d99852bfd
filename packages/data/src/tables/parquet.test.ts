import { readFile } from 'node:fs/promises';
import { DgmError, Key } from '@dgm/core';
import * as hyparquet from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { describe, expect, it } from 'vitest';
import { readParquet, streamParquet } from './parquet';
import { inferSchema } from './schema/infer-schema';
import { readTextTable } from './text/read-text-table';
import { sampleRows } from './text/stream-text-table';
import type { TextTable } from './text/text-table';

const path = (name: string) => new URL(`../../test/golden/parquet/${name}`, import.meta.url).pathname;
const csv = await readTextTable(path('table.csv'));
const isError = expect.toSatisfy((error) => DgmError.is(error, 'serialization'));

const ids = (table: TextTable) =>
  Array.from({ length: table.count }, (_, row) => table.column('id').text(row));

describe('a Parquet file', () => {
  it.each(['none', 'snappy', 'gzip', 'zstd', 'brotli', 'lz4'])(
    'has the cells of the CSV, compressed by %s',
    async (codec) => {
      const table = await readParquet(path(`${codec}.parquet`));
      expect(table.columns.map(({ name }) => name)).toEqual(csv.columns.map(({ name }) => name));
      expect(table.count).toBe(csv.count);
      for (const { name } of csv.columns) {
        const of = (from: typeof csv) =>
          Array.from({ length: csv.count }, (_, row) => from.column(name).text(row));
        expect(of(table), name).toEqual(of(csv));
      }
    },
  );

  it('may be a Blob or bytes, with the modules that a bundler has seen', async () => {
    const bytes = new Uint8Array(await readFile(path('zstd.parquet')));
    const fromBytes = await readParquet(bytes, { modules: { hyparquet, compressors } });
    expect((await readParquet(await readFile(path('zstd.parquet')))).toString()).toBe(fromBytes.toString());
    expect(fromBytes.toString()).toBe((await readParquet(new Blob([bytes]))).toString());
    expect(inferSchema(fromBytes).columns.map(({ kind }) => kind)).toEqual(
      inferSchema(csv).columns.map(({ kind }) => kind),
    );
  });

  it('comes in pieces with the same texts, of its row groups of 40 and 20 rows', async () => {
    const whole = await readParquet(path('zstd.parquet'));
    const bytes = new Uint8Array(await readFile(path('zstd.parquet')));
    for (const source of [path('zstd.parquet'), bytes, new Blob([bytes])]) {
      const pieces: TextTable[] = [];
      for await (const piece of streamParquet(source, { rows: 25 })) pieces.push(piece);
      expect(pieces.map(({ count }) => count)).toEqual([25, 15, 20]);
      expect(pieces.map((piece) => piece.body().toString()).join('')).toBe(whole.body().toString());
    }
    const { table, count } = await sampleRows(streamParquet(path('zstd.parquet')), {
      rows: 30,
      key: Key.of(0),
    });
    expect([table.count, count, new Set(ids(table)).size]).toEqual([30, 60, 30]);
    expect(ids(whole)).toEqual(expect.arrayContaining(ids(table)));
  });

  it('is refused by name where a column has no text', async () => {
    await expect(readParquet(path('nested.parquet'))).rejects.toThrow(
      /nested\.parquet .*column tags of lists or structs/,
    );
  });

  it('is refused where it is damaged, and where it is none', async () => {
    const bytes = new Uint8Array(await readFile(path('snappy.parquet')));
    for (const cut of [0, 3, 8, bytes.length >> 1, bytes.length - 1]) {
      await expect(readParquet(bytes.slice(0, cut))).rejects.toThrow(isError);
    }
    await expect(readParquet(path('table.csv'))).rejects.toThrow(/table\.csv to be a Parquet file/);
    await expect(readParquet(path('nowhere.parquet'))).rejects.toThrow(isError);
  });
});
