// Reads a table that is made while it is read: `npx tsx --tsconfig ../../tsconfig.json scripts/memory.ts MEGABYTES`. Prints JSON:
// the megabytes and rows, the seconds, and by how much the most memory of the process grew, in MiB.
import { Key } from '@dgm/core';
import { inferSchema, readCells, sampleTextTable, streamTextTable, type TableSchema } from '../src/index';

const megabytes = Number(process.argv[2]);
const size = megabytes * 1e6;
const lines = Array.from({ length: 1000 }, (_, row) => {
  const price = (500 + ((row * 7919) % 18_000)).toFixed(2);
  return `${row},${price},${['Fair', 'Good', 'Ideal'][row % 3]},2024-0${1 + (row % 9)}-17,${row % 11 === 0 ? '' : row / 8}\n`;
});
const piece = new TextEncoder().encode(lines.join(''));

/** The header and pieces of a thousand rows, as they are asked for. */
function source() {
  let given = 0;
  const header = new TextEncoder().encode('number,price,cut,day,weight\n');
  const stream = () =>
    new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(header),
      pull(controller) {
        if (given >= size) return controller.close();
        // A copy, as a file's reader makes one.
        controller.enqueue(piece.slice());
        given += piece.length;
      },
    });
  return { name: 'made', stream };
}

/** What all forms of reading take, however much there is to read. */
let schema: TableSchema | undefined;
async function read(most: number): Promise<number> {
  let rows = 0;
  for await (const table of streamTextTable(source())) {
    schema ??= inferSchema(table);
    rows += readCells(table, schema).count;
    if (rows >= most) break;
  }
  return rows;
}

await read(1);
await sampleTextTable(
  { name: 'made', stream: () => new Blob([`a\n1\n2\n`]).stream() },
  { rows: 1, key: Key.of(0) },
);
const before = process.resourceUsage().maxRSS;
const started = performance.now();
const rows = await read(Infinity);
const seconds = (performance.now() - started) / 1000;
const { table } = await sampleTextTable(source(), { rows: 10_000, key: Key.of(0) });
const grew = (process.resourceUsage().maxRSS - before) / 1024;
console.log(JSON.stringify({ megabytes, rows, drawn: table.count, seconds, grew }));
