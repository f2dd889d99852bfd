import { Readable } from 'node:stream';
import { Key } from '@dgm/core';
import {
  readJsonLines,
  readParquet,
  readTextTable,
  sampleRows,
  streamJsonLines,
  streamParquet,
  streamTextTable,
  type TextTable,
} from '@dgm/data';
import type { Streams } from './streams';

/** The table of a file, or of stdin for `-`. */
export async function readTable(file: string, { stdin }: Streams): Promise<TextTable> {
  return (await openTable(file, stdin)).whole();
}

/**
 * A table in pieces, which takes the memory of a few of them, or of the largest row group of a Parquet file. What comes on stdin is
 * held as a whole unless it is delimited text.
 */
export async function* readTables(file: string, { stdin }: Streams): AsyncGenerator<TextTable, void> {
  yield* (await openTable(file, stdin)).pieces();
}

/**
 * A table to learn from: all of its rows, or half a million of them. The draw depends on nothing but the table, so that training
 * that goes on and an evaluation find the same rows.
 */
export async function readSomeRows(file: string, { stdin, stderr }: Streams): Promise<TextTable> {
  const { pieces } = await openTable(file, stdin);
  const { table, count } = await sampleRows(pieces(), { rows: MOST_ROWS, key: Key.of(0) });
  if (count > table.count) stderr.write(`${table.count} of ${count} rows, drawn at random\n`);
  return table;
}

/** More than a network sees in minutes. */
const MOST_ROWS = 500_000;
/** Of a piece. */
const ROWS = { rows: 16_384 };

/** A table that was found, to be read once: as a whole or in pieces. */
interface OpenedTable {
  readonly whole: () => Promise<TextTable>;
  readonly pieces: () => AsyncIterable<TextTable>;
}

async function openTable(file: string, stdin: Readable): Promise<OpenedTable> {
  if (file === '-') return openStdin(stdin);
  if (/\.parquet$/i.test(file)) {
    return { whole: () => readParquet(file), pieces: () => streamParquet(file, ROWS) };
  }
  if (/\.(jsonl|ndjson)(\.gz)?$/i.test(file)) {
    return { whole: () => readJsonLines(file), pieces: () => streamJsonLines(file, ROWS) };
  }
  return { whole: () => readTextTable(file), pieces: () => streamTextTable(file, ROWS) };
}

async function openStdin(stdin: Readable): Promise<OpenedTable> {
  const pieces = stdin[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const start = await startOf(pieces);
  const content = Readable.from(from(start, pieces));
  const begins = start.toString('latin1', 0, 4);
  if (begins === 'PAR1') {
    const bytes = Buffer.concat(await content.toArray());
    return { whole: () => readParquet(bytes), pieces: () => streamParquet(bytes, ROWS) };
  }
  // The type of Node's streams of the web is not that of the web's.
  const stream = () => Readable.toWeb(content) as unknown as ReadableStream<Uint8Array>;
  const text = { name: 'stdin', stream };
  if (!begins.startsWith('{')) {
    return { whole: () => readTextTable(text), pieces: () => streamTextTable(text, ROWS) };
  }
  // What is read once cannot be gone through first for the names of its columns.
  const whole = () => readJsonLines(text);
  return {
    whole,
    pieces: async function* () {
      yield await whole();
    },
  };
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
