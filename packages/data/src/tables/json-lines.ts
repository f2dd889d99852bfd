import { checkInteger, checkOptions, SerializationError } from '@dgm/core';
import { bytesOf, nameOf, type StreamSource } from '../internal/files';
import type { TextTableOptions } from './text/read-text-table';
import { MOST_BYTES } from './text/stream-text-table';
import { TextTable } from './text/text-table';

/** What the text is called in errors. */
export type JsonLinesOptions = Pick<TextTableOptions, 'name'>;

/**
 * Reads JSON lines: an object on each line, whose names are columns, in the order in which they first occur. Numbers stay
 * text as they stand, with all of their digits. `null`, `""` and names that a line lacks are empty cells.
 *
 * @param source - a path, in Node, or a `Blob`; UTF-8, plain or gzip
 * @throws SerializationError with file and line: no JSON, no object, a nested value, a name twice, no lines
 * @example
 * ```ts
 * const table = await readJsonLines('cars.jsonl');
 * console.log(table.count, table.column('price').text(0));
 * ```
 */
export async function readJsonLines(
  source: StreamSource,
  options: JsonLinesOptions = {},
): Promise<TextTable> {
  const reader = new JsonLinesReader('readJsonLines', { name: nameOf(source), ...options });
  for await (const bytes of bytesOf(source, 'readJsonLines')) reader.push(bytes);
  return reader.finish();
}

/**
 * Reads JSON lines from memory, as {@link readJsonLines} does.
 * @param text - a string, or the bytes of UTF-8
 * @throws as {@link readJsonLines}
 *
 * @example
 * ```ts
 * const table = parseJsonLines('{"name": "ash", "size": 3}\n{"name": "oak", "size": 5}\n');
 * table.column('size').text(1); // '5'
 * ```
 */
export function parseJsonLines(text: string | Uint8Array, options: JsonLinesOptions = {}): TextTable {
  const reader = new JsonLinesReader('parseJsonLines', options);
  reader.push(typeof text === 'string' ? new TextEncoder().encode(text) : text);
  return reader.finish();
}

export interface StreamJsonLinesOptions extends JsonLinesOptions {
  /** From how many rows on a table is given; it has fewer where they are long. @defaultValue 65536 */
  readonly rows?: number;
}

/**
 * Reads JSON lines of any size as tables of some rows each, in memory for one of them. All have all columns: the source is read
 * twice, first for its names.
 *
 * @param source - as of {@link readJsonLines}; where it is a stream, `stream` is called twice
 * @throws as {@link readJsonLines}
 * @example
 * ```ts
 * let rows = 0;
 * for await (const table of streamJsonLines('large.jsonl')) rows += table.count;
 * ```
 */
export async function* streamJsonLines(
  source: StreamSource,
  options: StreamJsonLinesOptions = {},
): AsyncGenerator<TextTable, void> {
  const where = 'streamJsonLines';
  checkOptions(where, options, ['rows', 'name']);
  const { rows = 65_536, ...others } = options;
  checkInteger(where, 'rows', rows);
  const called = { name: nameOf(source), ...others };
  const first = new JsonLinesReader(where, called);
  for await (const bytes of bytesOf(source, where)) {
    first.push(bytes);
    first.forget();
  }
  first.finish();
  const reader = new JsonLinesReader(where, called, first.names);
  let [given, size] = [0, 0];
  for await (const bytes of bytesOf(source, where)) {
    reader.push(bytes);
    size += bytes.length;
    if (reader.count === 0 || (reader.count < rows && size < MOST_BYTES)) continue;
    given += reader.count;
    yield reader.take();
    size = 0;
  }
  const last = reader.finish();
  if (given === 0 || last.count > 0) yield last;
}

/** Takes text in pieces and appends its cells to columns. */
class JsonLinesReader {
  readonly #where: string;
  readonly #name: string;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  readonly #columns = new Map<string, string[]>();
  readonly #hasAllNames: boolean;
  #rest = '';
  #line = 0;
  #rows = 0;

  /** @param names - all columns, where they are known */
  constructor(where: string, options: JsonLinesOptions, names?: readonly string[]) {
    checkOptions(where, options, ['name']);
    this.#where = where;
    this.#name = options.name ?? 'text';
    for (const name of names ?? []) this.#columns.set(name, []);
    this.#hasAllNames = names !== undefined;
  }

  /** The number of rows since the last table. */
  get count(): number {
    return this.#rows;
  }

  get names(): readonly string[] {
    return [...this.#columns.keys()];
  }

  push(bytes: Uint8Array): void {
    const lines = (this.#rest + this.#decode(bytes)).split('\n');
    this.#rest = lines.pop()!;
    for (const line of lines) this.#read(line);
  }

  finish(): TextTable {
    this.#read(this.#rest + this.#decode());
    if (this.#columns.size === 0) this.#refuse('to hold an object with a name', 'none');
    return this.take();
  }

  /** The rows since the last table. */
  take(): TextTable {
    for (const cells of this.#columns.values()) fill(cells, this.#rows);
    const table = TextTable.of([...this.#columns].map(([name, cells]) => ({ name, cells })));
    this.forget();
    return table;
  }

  forget(): void {
    for (const cells of this.#columns.values()) cells.length = 0;
    this.#rows = 0;
  }

  #decode(bytes?: Uint8Array): string {
    try {
      return this.#decoder.decode(bytes, { stream: bytes !== undefined });
    } catch (cause) {
      return this.#refuse('to be UTF-8 text', 'other bytes', cause);
    }
  }

  #read(line: string): void {
    this.#line++;
    if (line.trim() === '') return;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (cause) {
      this.#refuse('to be JSON', line.slice(0, 60), cause);
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.#refuse('to be an object', line.slice(0, 60));
    }
    const nested = Object.entries(value as object).find(
      ([, item]) => typeof item === 'object' && item !== null,
    );
    if (nested)
      this.#refuse(`to have text, a number, a boolean or null for "${nested[0]}"`, 'a nested value');
    // What is left is flat and valid, so that its text can be cut into names and values.
    for (const [, name, text] of line.matchAll(MEMBER)) this.#put(JSON.parse(name!) as string, text!);
    this.#rows++;
  }

  #put(name: string, text: string): void {
    let cells = this.#columns.get(name);
    if (cells === undefined) {
      if (this.#hasAllNames) this.#refuse('to hold what it held before', `another name, "${name}"`);
      this.#columns.set(name, (cells = []));
    }
    if (cells.length > this.#rows) this.#refuse(`to have "${name}" once`, 'twice');
    fill(cells, this.#rows);
    cells.push(text.startsWith('"') ? (JSON.parse(text) as string) : text === 'null' ? '' : text);
  }

  #refuse(expected: string, actual: string, cause?: unknown): never {
    throw new SerializationError({
      where: this.#where,
      argument: `${this.#name}, line ${this.#line}`,
      expected,
      actual,
      ...(cause !== undefined && { cause }),
    });
  }
}

/** A name and a value of a flat object. */
const MEMBER = /("[^"\\]*(?:\\.[^"\\]*)*")\s*:\s*("[^"\\]*(?:\\.[^"\\]*)*"|[^\s,}]+)/g;

/** Appends empty cells. */
function fill(cells: string[], count: number): void {
  while (cells.length < count) cells.push('');
}
