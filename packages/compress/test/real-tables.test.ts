import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { setup } from '@dgm/core';
import { parseTextTable } from '@dgm/data';
import { describe, expect, it } from 'vitest';
import { untrainedCodec } from './fixtures/untrained-codec';

const folder = `${process.env['DGM_DATA_DIR'] ?? fileURLToPath(new URL('../../../../shared/data', import.meta.url))}/tables`;
const isThere = existsSync(`${folder}/diamonds.csv.gz`);
const reason = isThere
  ? ''
  : ' (skipped: no tables/diamonds.csv.gz; set DGM_DATA_DIR to the folder of tables)';

/** Of the two long tables; `bench/tables.ts` takes all rows. */
const LINES = 301;

describe.skipIf(!isThere)(`real tables${reason}`, () => {
  it.each(['diamonds', 'credit', 'penguins'])('come back byte by byte: %s', async (name) => {
    await setup({ backend: 'cpu' });
    const whole = gunzipSync(await readFile(`${folder}/${name}.csv.gz`)).toString();
    const text = whole.split('\n').slice(0, LINES).join('\n');
    const table = parseTextTable(text);
    const codec = untrainedCodec(table);
    const file = codec.encode(table);
    expect(file.length).toBeLessThan(text.length);
    expect(codec.decode(file).toString()).toBe(text);
  });
});
