import { ArgumentError, checkInteger, checkOptions, SerializationError } from '@dgm/core';
import { bytesOf, nameOf, type FileSource } from '../internal/files';
import { readHeader } from './fields';

/** How delimited text is written: with its cells, all that is needed to write it again byte by byte. */
export interface Dialect {
  /** The character between cells. */
  readonly separator: string;
  readonly newline: '\n' | '\r\n' | '\r';
  /** Whether the text begins with a byte order mark. */
  readonly byteOrderMark: boolean;
  /** The first line as it stands, if it names the columns. */
  readonly header?: string;
  /** What follows the last row: a line end, nothing, or several line ends. */
  readonly ending: string;
}

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
 * Delimited text by columns, as it stands: no cell is interpreted, so {@link TextTable.toBytes} gives back what was read.
 * A schema says what the cells mean ({@link inferSchema}).
 */
export class TextTable {
  constructor(
    readonly columns: readonly TextCells[],
    readonly dialect: Dialect,
  ) {}

  /** The number of rows. */
  get count(): number {
    return this.columns[0]?.count ?? 0;
  }

  /**
   * A table of cells that are not in a file yet. Cells are quoted where they have to be.
   * @param columns - the cells of each column, equally many
   * @param options - the separator and line end to write with
   * @throws ArgumentError if the columns are of different lengths
   */
  static of(
    columns: readonly { readonly name: string; readonly cells: readonly string[] }[],
    { separator = ',', newline = '\n', ...unknown }: Partial<Pick<Dialect, 'separator' | 'newline'>> = {},
  ): TextTable {
    checkOptions('TextTable.of', unknown, ['separator', 'newline']);
    const count = columns[0]?.cells.length ?? 0;
    const built = columns.map(({ name, cells }) => {
      checkInteger('TextTable.of', `number of cells of ${name}`, cells.length, { min: count, max: count });
      const builder = new CellsBuilder();
      for (const cell of cells) builder.push(ENCODER.encode(cell), needsQuotes(cell, separator));
      return builder.finish(name);
    });
    const header = columns.map(({ name }) => quoted(name, needsQuotes(name, separator))).join(separator);
    return new TextTable(built, { separator, newline, byteOrderMark: false, header, ending: newline });
  }

  /** The text, UTF-8. */
  toBytes(): Uint8Array {
    const { separator, newline, byteOrderMark, header, ending } = this.dialect;
    const bytes = new GrowingBytes();
    const between = ENCODER.encode(separator);
    const lineEnd = ENCODER.encode(newline);
    if (byteOrderMark) bytes.append(BYTE_ORDER_MARK, 0, 3);
    if (header !== undefined) bytes.append(ENCODER.encode(header));
    for (let row = 0; row < this.count; row++) {
      if (row > 0 || header !== undefined) bytes.append(lineEnd);
      this.columns.forEach((column, index) => {
        if (index > 0) bytes.append(between);
        column.write(row, bytes);
      });
    }
    bytes.append(ENCODER.encode(ending));
    return bytes.finish();
  }

  toString(): string {
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(this.toBytes());
  }

  /**
   * Some rows as a table of their own, in the given order.
   * @param rows - indices of rows
   * @throws ArgumentError for an index that there is not
   */
  subset(rows: ArrayLike<number>): TextTable {
    const range = { min: 0, max: this.count - 1 };
    for (const row of Array.from(rows)) checkInteger('TextTable.subset', 'rows', row, range);
    return new TextTable(
      this.columns.map((column) => column.subset(rows)),
      this.dialect,
    );
  }

  /**
   * The table with other texts in some cells; the others stay as they are.
   * @param text - the new text of a cell, by row and place of the column; undefined for a cell that stays
   */
  replace(text: (row: number, column: number) => string | undefined): TextTable {
    const { separator } = this.dialect;
    const columns = this.columns.map((cells, column) => cells.replace((row) => text(row, column), separator));
    return new TextTable(columns, this.dialect);
  }

  /**
   * The column of a name.
   * @throws ArgumentError if there is none, or several
   */
  column(name: string): TextCells {
    const found = this.columns.filter((column) => column.name === name);
    if (found.length === 1) return found[0]!;
    throw new ArgumentError({
      where: 'TextTable.column',
      argument: 'name',
      expected: `to be one of the columns ${this.columns.map((column) => column.name).join(', ')}`,
      actual: found.length === 0 ? `"${name}"` : `"${name}", the name of ${found.length} columns`,
    });
  }
}

/** The cells of one column, as bytes of UTF-8 one after the other. */
export class TextCells {
  /**
   * @param bytes - the cells without their quotes
   * @param ends - where each cell ends in `bytes`, `[count]`
   * @param quotes - a bit for each row, lowest first: whether the cell is quoted in the text
   */
  constructor(
    readonly name: string,
    readonly bytes: Uint8Array,
    readonly ends: Uint32Array,
    private readonly quotes: Uint8Array,
  ) {}

  /** The number of rows. */
  get count(): number {
    return this.ends.length;
  }

  /** Where a cell begins in `bytes`. */
  start(row: number): number {
    return row === 0 ? 0 : this.ends[row - 1]!;
  }

  /** The text of a cell, without quotes. */
  text(row: number): string {
    const [start, end] = [this.start(row), this.ends[row]!];
    let text = '';
    for (let at = start; at < end; at++) {
      const byte = this.bytes[at]!;
      if (byte > 127) return DECODER.decode(this.bytes.subarray(start, end));
      text += String.fromCharCode(byte);
    }
    return text;
  }

  /** Whether a cell is quoted in the text. */
  isQuoted(row: number): boolean {
    return ((this.quotes[row >> 3]! >> (row & 7)) & 1) === 1;
  }

  /** Appends a cell as it stands in the text. */
  write(row: number, target: GrowingBytes): void {
    if (!this.isQuoted(row)) return target.append(this.bytes, this.start(row), this.ends[row]!);
    target.append(ENCODER.encode(quoted(this.text(row), true)));
  }

  /**
   * The column with other texts in some cells.
   * @param text - the new text of a row's cell; undefined for a cell that stays as it is
   * @param separator - the character between cells, for the quotes of new ones
   */
  replace(text: (row: number) => string | undefined, separator = ','): TextCells {
    const builder = new CellsBuilder();
    for (let row = 0; row < this.count; row++) {
      const cell = text(row);
      if (cell === undefined)
        builder.push(this.bytes.subarray(this.start(row), this.ends[row]!), this.isQuoted(row));
      else builder.push(ENCODER.encode(cell), needsQuotes(cell, separator));
    }
    return builder.finish(this.name);
  }

  subset(rows: ArrayLike<number>): TextCells {
    const builder = new CellsBuilder();
    for (const row of Array.from(rows)) {
      builder.push(this.bytes.subarray(this.start(row), this.ends[row]!), this.isQuoted(row));
    }
    return builder.finish(this.name);
  }
}

/**
 * Reads delimited text (RFC 4180) without interpreting it. Each byte is kept: quotes, line ends, byte order mark, the
 * spelling of numbers.
 *
 * @param source - a path, in Node, or a `Blob`; UTF-8, plain or gzip
 * @throws SerializationError with file and row: a row of another width, a quote out of place, mixed line ends, no rows
 * @example
 * ```ts
 * const table = await readTextTable('diamonds.csv');
 * console.log(table.count, table.column('carat').text(0));
 * ```
 */
export async function readTextTable(source: FileSource, options: TextTableOptions = {}): Promise<TextTable> {
  const reader = new TextTableReader('readTextTable', { name: nameOf(source), ...options });
  for await (const bytes of bytesOf(source, 'readTextTable')) reader.push(bytes);
  return reader.finish();
}

/**
 * Reads delimited text from memory, as {@link readTextTable} does.
 * @param text - a string, or the bytes of UTF-8
 * @throws as {@link readTextTable}
 */
export function parseTextTable(text: string | Uint8Array, options: TextTableOptions = {}): TextTable {
  const reader = new TextTableReader('parseTextTable', options);
  reader.push(typeof text === 'string' ? ENCODER.encode(text) : text);
  return reader.finish();
}

/**
 * Checks that an argument is a table of text.
 * @throws ArgumentError naming `where` and `argument`
 */
export function checkTextTable(where: string, argument: string, table: unknown): asserts table is TextTable {
  // Not by its class: a program may have loaded this package twice, as an ES module and as a CommonJS module.
  const { columns, count } = (table ?? {}) as Partial<TextTable>;
  if (Array.isArray(columns) && typeof count === 'number') return;
  throw new ArgumentError({
    where,
    argument,
    expected: 'to be a TextTable, such as readTextTable gives',
    actual: table === null ? 'null' : typeof table,
  });
}

/** Takes text in pieces and appends its cells to columns. */
class TextTableReader {
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

  finish(): TextTable {
    try {
      this.#decoder.decode();
    } catch (cause) {
      this.#refuse('to be UTF-8 text', 'an incomplete character at the end', cause);
    }
    this.#parse(this.#rest, true);
    if (this.#builders.length === 0) this.#refuse('to hold a row', 'none');
    const names = this.#header?.names ?? this.#builders.map((_, column) => `column ${column + 1}`);
    return new TextTable(
      this.#builders.map((builder, column) => builder.finish(names[column]!)),
      {
        separator: String.fromCharCode(this.#separator),
        newline: this.#newline ?? '\n',
        byteOrderMark: this.#byteOrderMark,
        ...(this.#header && { header: this.#header.line }),
        ending: this.#ending + (this.#newline ?? '\n').repeat(this.#blanks),
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

/** Appends cells to a column. */
class CellsBuilder {
  readonly #bytes = new GrowingBytes();
  #ends = new Uint32Array(64);
  #quotes = new Uint8Array(8);
  #count = 0;

  push(cell: Uint8Array, isQuoted: boolean): void {
    this.#bytes.append(cell);
    this.#close(isQuoted);
  }

  /** Appends the bytes of a cell, doubled quotes made single if it is quoted. */
  pushSlice(text: Uint8Array, start: number, end: number, isQuoted: boolean): void {
    if (!isQuoted) this.#bytes.append(text, start, end);
    else {
      for (let at = start; at < end; at++) {
        this.#bytes.appendByte(text[at]!);
        if (text[at] === QUOTE && text[at + 1] === QUOTE && at + 1 < end) at++;
      }
    }
    this.#close(isQuoted);
  }

  pop(): void {
    this.#count--;
    this.#bytes.length = this.#count === 0 ? 0 : this.#ends[this.#count - 1]!;
    this.#quotes[this.#count >> 3]! &= ~(1 << (this.#count & 7));
  }

  finish(name: string): TextCells {
    const quotes = this.#quotes.slice(0, (this.#count + 7) >> 3);
    return new TextCells(name, this.#bytes.finish(), this.#ends.slice(0, this.#count), quotes);
  }

  #close(isQuoted: boolean): void {
    if (this.#count === this.#ends.length) {
      this.#ends = grown(this.#ends);
      this.#quotes = grown(this.#quotes);
    }
    this.#ends[this.#count] = this.#bytes.length;
    if (isQuoted) this.#quotes[this.#count >> 3]! |= 1 << (this.#count & 7);
    this.#count++;
  }
}

/** Bytes that grow. */
export class GrowingBytes {
  length = 0;
  #bytes = new Uint8Array(256);

  append(source: Uint8Array, start = 0, end = source.length): void {
    while (this.length + end - start > this.#bytes.length) this.#bytes = grown(this.#bytes);
    // A call of `set` costs more than a short loop.
    if (end - start > 32) {
      this.#bytes.set(source.subarray(start, end), this.length);
      this.length += end - start;
    } else for (let at = start; at < end; at++) this.#bytes[this.length++] = source[at]!;
  }

  appendByte(byte: number): void {
    if (this.length === this.#bytes.length) this.#bytes = grown(this.#bytes);
    this.#bytes[this.length++] = byte;
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.length);
  }
}

function grown<T extends Uint8Array | Uint32Array>(values: T): T {
  const Values = values.constructor as new (length: number) => T;
  const larger = new Values(2 * values.length);
  larger.set(values);
  return larger;
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

const needsQuotes = (cell: string, separator: string) => cell.includes(separator) || /["\r\n]/.test(cell);

const quoted = (cell: string, isQuoted: boolean) => (isQuoted ? `"${cell.replaceAll('"', '""')}"` : cell);

const [QUOTE, LINE_FEED, CARRIAGE_RETURN] = [0x22, 0x0a, 0x0d];
const BYTE_ORDER_MARK = Uint8Array.of(0xef, 0xbb, 0xbf);
const SNIFFED = 2 ** 14;
const LONGEST_RECORD = 2 ** 22;
const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();
