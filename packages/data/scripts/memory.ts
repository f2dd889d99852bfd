// Reads a table that is made while it is read: `npx tsx --tsconfig ../../tsconfig.json scripts/memory.ts MEGABYTES
// [csv|jsonl]`. Prints JSON: the megabytes and rows, the seconds, and by how much the most memory of the process grew, in MiB.
import { Key } from '@dgm/core';
import {
  inferSchema,
  readCells,
  sampleRows,
  streamJsonLines,
  streamTextTable,
  type TableSchema,
} from '../src/index';

const megabytes = Number(process.argv[2]);
const isJson = process.argv[3] === 'jsonl';
const names = ['number', 'price', 'cut', 'day', 'weight'];
const lines = Array.from({ length: 1000 }, (_, row) => {
  const price = (500 + ((row * 7919) % 18_000)).toFixed(2);
  const day = `2024-0${1 + (row % 9)}-17`;
  const cells = [row, price, ['Fair', 'Good', 'Ideal'][row % 3], day, row % 11 === 0 ? '' : row / 8];
  if (!isJson) return `${cells.join(',')}\n`;
  return `${JSON.stringify(Object.fromEntries(cells.map((cell, at) => [names[at], cell])))}\n`;
});
const piece = new TextEncoder().encode(lines.join(''));

/** Pieces of a thousand rows, as they are asked for. */
function source(size: number) {
  const stream = () => {
    let given = 0;
    return new ReadableStream<Uint8Array>({
      start(controller) {
        if (!isJson) controller.enqueue(new TextEncoder().encode(`${names.join(',')}\n`));
      },
      pull(controller) {
        if (given >= size) return controller.close();
        controller.enqueue(piece);
        given += piece.length;
      },
    });
  };
  return { name: 'made', stream };
}

const tables = (size: number) => (isJson ? streamJsonLines : streamTextTable)(source(size));

// What all forms of reading take, however much there is to read.
let schema: TableSchema | undefined;
async function read(size: number): Promise<number> {
  let rows = 0;
  for await (const table of tables(size)) {
    schema ??= inferSchema(table);
    rows += readCells(table, schema).count;
  }
  return rows;
}

await read(1);
await sampleRows(tables(1), { rows: 1, key: Key.of(0) });
const before = process.resourceUsage().maxRSS;
const started = performance.now();
const rows = await read(megabytes * 1e6);
const seconds = (performance.now() - started) / 1000;
const { table } = await sampleRows(tables(megabytes * 1e6), { rows: 10_000, key: Key.of(0) });
const grew = (process.resourceUsage().maxRSS - before) / 1024;
console.log(JSON.stringify({ megabytes, rows, drawn: table.count, seconds, grew }));
