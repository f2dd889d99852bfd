/**
 * Writes and reads whole tables as files of a model that has not been trained, whose bytes have to come back:
 * `npx tsx --tsconfig ../../tsconfig.json bench/tables.ts TABLE...`, each CSV or CSV with gzip. Prints JSON for each, and ends with 1 where
 * other bytes come back.
 */
import { setup } from '@dgm/core';
import { readTextTable } from '@dgm/data';
import { untrainedCodec } from '../test/fixtures/untrained-codec';

await setup({ backend: 'cpu' });
for (const path of process.argv.slice(2)) {
  const table = await readTextTable(path);
  const started = performance.now();
  const codec = untrainedCodec(table);
  const file = codec.encode(table);
  const isSame = codec.decode(file).toString() === table.toString();
  const seconds = (performance.now() - started) / 1000;
  console.log(JSON.stringify({ path, rows: table.count, bytes: file.length, isSame, seconds }));
  if (!isSame) process.exitCode = 1;
}
