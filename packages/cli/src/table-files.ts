import { Readable } from 'node:stream';
import { Key } from '@dgm/core';
import {
  readJsonLines,
  readParquet,
  readTextTable,
  sampleTextTable,
  streamTextTable,
  type StreamSource,
  type TextTable,
} from '@dgm/data';
import type { Streams } from './streams';

/** The table of a file, or of stdin for `-`. */
export async function readTable(file: string, { stdin }: Streams): Promise<TextTable> {
  const opened = await openTable(file, stdin);
  return 'table' in opened ? opened.table : readTextTable(opened.text);
}

/** A table in pieces. Delimited text of any size takes the memory of a few of them; other forms are read as a whole. */
export async function* readTables(file: string, { stdin }: Streams): AsyncGenerator<TextTable, void> {
  const opened = await openTable(file, stdin);
  if ('table' in opened) yield opened.table;
  else yield* streamTextTable(opened.text, { rows: PIECE_ROWS });
}

/**
 * A table to learn from: all of its rows, or half a million of them. The draw depends on nothing but the table, so that training
 * that goes on and an evaluation find the same rows.
 */
export async function readSomeRows(file: string, { stdin, stderr }: Streams): Promise<TextTable> {
  const opened = await openTable(file, stdin);
  if ('table' in opened) return opened.table;
  const { table, count } = await sampleTextTable(opened.text, { rows: MOST_ROWS, key: Key.of(0) });
  if (count > table.count) stderr.write(`${table.count} of ${count} rows, drawn at random\n`);
  return table;
}

/** More than a network sees in minutes. */
const MOST_ROWS = 500_000;
const PIECE_ROWS = 16_384;

type OpenedTable = { readonly table: TextTable } | { readonly text: StreamSource };

async function openTable(file: string, stdin: Readable): Promise<OpenedTable> {
  if (file !== '-') {
    if (/\.parquet$/i.test(file)) return { table: await readParquet(file) };
    return /\.(jsonl|ndjson)(\.gz)?$/i.test(file) ? { table: await readJsonLines(file) } : { text: file };
  }
  const pieces = stdin[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const start = await startOf(pieces);
  const content = Readable.from(from(start, pieces));
  const begins = start.toString('latin1', 0, 4);
  if (begins === 'PAR1') return { table: await readParquet(Buffer.concat(await content.toArray())) };
  // The type of Node's streams of the web is not that of the web's.
  const stream = () => Readable.toWeb(content) as unknown as ReadableStream<Uint8Array>;
  const text = { name: 'stdin', stream };
  return begins.startsWith('{') ? { table: await readJsonLines(text) } : { text };
}

/** The first bytes, enough to tell the form of a file. */
async function startOf(pieces: AsyncIterator<Buffer>): Promise<Buffer> {
  const start: Buffer[] = [];
  for (let length = 0; length < 4; length += start.at(-1)!.length) {
    const { done, value } = await pieces.next();
    if (done) break;
    start.push(value);
  }
  return Buffer.concat(start);
}

async function* from(start: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer, void> {
  yield start;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}
