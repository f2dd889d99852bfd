import { ArgumentError, checkOptions, SerializationError } from '@dgm/core';
import { bytesOf, nameOf, type StreamSource } from '../../internal/files';
import { readHeader } from '../fields';
import { CellsBuilder, QUOTE } from './text-cells';
import { BYTE_ORDER_MARK, TextTable, type Dialect } from './text-table';

export interface TextTableOptions {
  /**
   * Whether the first row names the columns.
   * @defaultValue whether it holds text and no number
   */
  readonly header?: boolean;
  /**
   * The character between cells.
   * @defaultValue whichever of comma, semicolon, tab and bar divides the first rows equally, into the most cells
   */
  readonly separator?: string;
  /** What the text is called in errors. @defaultValue the path of the file, or 'text' */
  readonly name?: string;
}

/**
 * Reads delimited text (RFC 4180) without interpreting it. Each byte is kept: quotes, line ends, byte order mark, the
 * spelling of numbers.
 *
 * @param source - a path, in Node, a `Blob`, or another source of a stream; UTF-8, plain or gzip
 * @throws SerializationError with file and row: a row of another width, a quote out of place, mixed line ends, no rows
 * @example
 * ```ts
 * const table = await readTextTable('diamonds.csv');
 * console.log(table.count, table.column('carat').text(0));
 * ```
 */
export async function readTextTable(
  source: StreamSource,
  options: TextTableOptions = {},
): Promise<TextTable> {
  const reader = new TextTableReader('readTextTable', { name: nameOf(source), ...options });
  for await (const bytes of bytesOf(source, 'readTextTable')) reader.push(bytes);
  return reader.finish();
}

/**
 * Reads delimited text from memory, as {@link readTextTable} does.
 * @param text - a string, or the bytes of UTF-8
 * @throws as {@link readTextTable}
 *
 * @example
 * ```ts
 * const table = parseTextTable('name;size\nash;3\noak;5\n');
 * table.column('size').text(1); // '5'
 * ```
 */
export function parseTextTable(text: string | Uint8Array, options: TextTableOptions = {}): TextTable {
  const reader = new TextTableReader('parseTextTable', options);
  reader.push(typeof text === 'string' ? ENCODER.encode(text) : text);
  return reader.finish();
}

/** Takes text in pieces and appends its cells to columns. */
export class TextTableReader {
  readonly #where: string;
  readonly #name: string;
  readonly #options: TextTableOptions;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  #rest: Uint8Array = new Uint8Array();
  #builders: CellsBuilder[] = [];
  #isStarted = false;
  #byteOrderMark = false;
  #separator = 0;
  #newline: Dialect['newline'] | undefined;
  #header: { readonly line: string; readonly names: readonly string[] } | undefined;
  #rows = 0;
  #blanks = 0;
  #ending = '';

  constructor(where: string, options: TextTableOptions) {
    checkOptions(where, options, ['header', 'separator', 'name']);
    const { separator, name = 'text' } = options;
    if (separator !== undefined && !/^[\x20\x21\x23-\x7e\t]$/.test(separator)) {
      throw new ArgumentError({
        where,
        argument: 'separator',
        expected: 'to be one ASCII character, and not a quote or a line end',
        actual: JSON.stringify(separator),
      });
    }
    this.#where = where;
    this.#name = name;
    this.#options = options;
  }

  push(bytes: Uint8Array): void {
    try {
      this.#decoder.decode(bytes, { stream: true });
    } catch (cause) {
      this.#refuse('to be UTF-8 text', 'other bytes', cause);
    }
    const text = joined(this.#rest, bytes);
    if (this.#isStarted || text.length >= SNIFFED) this.#rest = text.slice(this.#parse(text, false));
    else this.#rest = text;
    if (this.#rest.length > LONGEST_RECORD && this.#isStarted) {
      this.#refuse(
        `to be at most ${LONGEST_RECORD} bytes long`,
        'more; a quote is not closed, or the separator is another',
      );
    }
  }

  /** The number of whole rows that have been read since the last {@link TextTableReader.take}. */
  get count(): number {
    return this.#builders[0]?.count ?? 0;
  }

  /** Takes out the rows that have been read, as a table with a line end after its last row. */
  take(): TextTable {
    const table = this.#table(this.#newline ?? '\n');
    this.#builders = this.#builders.map(() => new CellsBuilder());
    return table;
  }

  /** The rows that are left. */
  finish(): TextTable {
    try {
      this.#decoder.decode();
    } catch (cause) {
      this.#refuse('to be UTF-8 text', 'an incomplete character at the end', cause);
    }
    this.#parse(this.#rest, true);
    if (this.#builders.length === 0) this.#refuse('to hold a row', 'none');
    return this.#table(this.#ending + (this.#newline ?? '\n').repeat(this.#blanks));
  }

  #table(ending: string): TextTable {
    const names = this.#header?.names ?? this.#builders.map((_, column) => `column ${column + 1}`);
    return new TextTable(
      this.#builders.map((builder, column) => builder.finish(names[column]!)),
      {
        separator: String.fromCharCode(this.#separator),
        newline: this.#newline ?? '\n',
        byteOrderMark: this.#byteOrderMark,
        ...(this.#header && { header: this.#header.line }),
        ending,
      },
    );
  }

  /** Parses the complete records; returns where the first incomplete one begins. */
  #parse(text: Uint8Array, isLast: boolean): number {
    let at = 0;
    if (!this.#isStarted) {
      this.#isStarted = true;
      if (BYTE_ORDER_MARK.every((byte, index) => text[index] === byte)) {
        this.#byteOrderMark = true;
        at = 3;
      }
      this.#separator = (this.#options.separator ?? sniffSeparator(text, at)).charCodeAt(0);
    }
    while (at < text.length) {
      const next = this.#record(text, at, isLast);
      if (next < 0) break;
      at = next;
    }
    return at;
  }

  /** Parses a record; returns where the next one begins, or -1 if this one is incomplete. */
  #record(text: Uint8Array, start: number, isLast: boolean): number {
    const separator = this.#separator;
    const isFirst = this.#builders.length === 0;
    const first: { start: number; end: number; isQuoted: boolean }[] = [];
    let at = start;
    let column = 0;
    for (;;) {
      let cellStart = at;
      let cellEnd: number;
      const isQuoted = text[at] === QUOTE;
      if (isQuoted) {
        cellStart++;
        at++;
        for (; ; at++) {
          if (at >= text.length) break;
          if (text[at] !== QUOTE) continue;
          if (text[at + 1] !== QUOTE) break;
          at++;
        }
        // Whether a quote at the end closes the cell depends on the byte that follows it.
        if (at >= text.length || (at + 1 === text.length && !isLast)) {
          if (isLast)
            this.#refuse('to close the quotes that it opens', `an open quote in column ${column + 1}`);
          return this.#giveUp(column);
        }
        cellEnd = at++;
        const after = text[at];
        if (at < text.length && after !== separator && after !== LINE_FEED && after !== CARRIAGE_RETURN) {
          this.#refuse(
            'to have quotes around whole cells, doubled inside',
            `text after the quotes of column ${column + 1}`,
          );
        }
      } else {
        for (; at < text.length; at++) {
          const byte = text[at];
          if (byte === separator || byte === LINE_FEED || byte === CARRIAGE_RETURN) break;
        }
        cellEnd = at;
      }
      const isEnd = at >= text.length;
      if ((isEnd || (text[at] === CARRIAGE_RETURN && at + 1 === text.length)) && !isLast) {
        return this.#giveUp(column);
      }
      const isCellOnly = !isEnd && text[at] === separator;
      if (!isCellOnly && column === 0 && cellEnd === cellStart && !isQuoted && this.#builders.length !== 1) {
        if (isEnd) return text.length;
        const next = this.#lineEnd(text, at);
        if (isFirst) this.#refuse('to hold cells', 'a blank line');
        this.#blanks++;
        return next;
      }
      if (this.#blanks > 0) {
        this.#refuse(`to have ${this.#builders.length} cells, as row 1`, 'a blank line');
      }
      if (isFirst) first.push({ start: cellStart, end: cellEnd, isQuoted });
      else if (column < this.#builders.length) {
        this.#builders[column]!.pushSlice(text, cellStart, cellEnd, isQuoted);
      }
      column++;
      if (isCellOnly) {
        at++;
        continue;
      }
      const next = isEnd ? at : this.#lineEnd(text, at);
      this.#ending = isEnd ? '' : this.#newline!;
      if (isFirst) this.#start(text, start, at, first);
      else if (column !== this.#builders.length) {
        this.#refuse(`to have ${this.#builders.length} cells, as row 1`, String(column));
      }
      this.#rows++;
      return next;
    }
  }

  /** Takes back the cells of an incomplete record. */
  #giveUp(columns: number): -1 {
    for (const builder of this.#builders.slice(0, columns)) builder.pop();
    return -1;
  }

  /** Takes the first record, which may name the columns. */
  #start(
    text: Uint8Array,
    start: number,
    end: number,
    cells: readonly { start: number; end: number; isQuoted: boolean }[],
  ): void {
    this.#builders = cells.map(() => new CellsBuilder());
    cells.forEach((cell, column) =>
      this.#builders[column]!.pushSlice(text, cell.start, cell.end, cell.isQuoted),
    );
    const texts = this.#builders.map((builder) => builder.finish('').text(0));
    const { isHeader } = readHeader(texts, {
      name: this.#name,
      separator: String.fromCharCode(this.#separator),
      header: this.#options.header,
      isMissing: (field) => field.trim() === '',
    });
    if (!isHeader) return;
    this.#header = { line: DECODER.decode(text.subarray(start, end)), names: texts };
    for (const builder of this.#builders) builder.pop();
  }

  /** Where the line after the line end at `at` begins. */
  #lineEnd(text: Uint8Array, at: number): number {
    const found = text[at] === LINE_FEED ? '\n' : text[at + 1] === LINE_FEED ? '\r\n' : '\r';
    this.#newline ??= found;
    if (found !== this.#newline) {
      this.#refuse(`to end as row 1, in ${JSON.stringify(this.#newline)}`, JSON.stringify(found));
    }
    return at + found.length;
  }

  #refuse(expected: string, actual: string, cause?: unknown): never {
    throw new SerializationError({
      where: this.#where,
      argument: `${this.#name}, row ${this.#rows + 1}`,
      expected,
      actual,
      ...(cause !== undefined && { cause }),
    });
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second;
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

/** The separator that divides the first lines into equally many cells, as many as possible; a comma if none does. */
function sniffSeparator(text: Uint8Array, start: number): string {
  const sample = new TextDecoder().decode(text.subarray(start, start + SNIFFED)).replace(/"[^"]*("|$)/g, '');
  const lines = sample.split(/\r\n|\n|\r/).filter((line) => line !== '');
  const whole = lines.length > 1 && text.length > SNIFFED ? lines.slice(0, -1) : lines;
  const widths = [',', ';', '\t', '|'].map((separator) => {
    const counts = whole.slice(0, 50).map((line) => line.split(separator).length);
    return { separator, width: new Set(counts).size === 1 ? counts[0]! : 0 };
  });
  const best = widths.reduce((a, b) => (b.width > a.width ? b : a));
  return best.width > 1 ? best.separator : ',';
}

const [LINE_FEED, CARRIAGE_RETURN] = [0x0a, 0x0d];
const SNIFFED = 2 ** 14;
const LONGEST_RECORD = 2 ** 22;
const ENCODER = new TextEncoder();
const DECODER = new TextDecoder('utf-8', { ignoreBOM: true });
