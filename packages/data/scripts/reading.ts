// How fast a table is read in memory: `npx tsx --tsconfig ../../tsconfig.json scripts/reading.ts diamonds.csv.gz`. Prints megabytes
// of text a second, the best of ten: as text, with the cells as numbers by a schema, and with its inference from all rows.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { inferSchema, readCells, readTextTable } from '../src/index';

const file = readFileSync(process.argv[2]!);
const text = file[0] === 0x1f ? gunzipSync(file) : file;
const best = { text: Infinity, typed: Infinity, inferred: Infinity };
for (let round = 0; round < 10; round++) {
  const start = performance.now();
  const table = await readTextTable(new Blob([text]));
  const read = performance.now();
  const schema = inferSchema(table);
  const known = performance.now();
  readCells(table, schema);
  const end = performance.now();
  best.text = Math.min(best.text, read - start);
  best.typed = Math.min(best.typed, read - start + end - known);
  best.inferred = Math.min(best.inferred, end - start);
}
for (const [what, ms] of Object.entries(best)) {
  console.log(`${what.padEnd(8)} ${(text.length / 1000 / ms).toFixed(1)} MB/s`);
}
