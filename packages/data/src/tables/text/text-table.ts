import { ArgumentError, checkInteger, checkOptions } from '@dgm/core';
import { GrowingBytes } from './growing-bytes';
import { CellsBuilder, needsQuotes, quoted, type TextCells } from './text-cells';

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
   * A table of cells that are not in a file yet.
   * @param columns - the cells of each column, equally many; `quoted` says whether each is quoted, by default where it has to be
   * @param options - the separator and line end to write with
   * @throws ArgumentError if the columns are of different lengths
   */
  static of(
    columns: readonly {
      readonly name: string;
      readonly cells: readonly string[];
      readonly quoted?: readonly boolean[];
    }[],
    { separator = ',', newline = '\n', ...unknown }: Partial<Pick<Dialect, 'separator' | 'newline'>> = {},
  ): TextTable {
    checkOptions('TextTable.of', unknown, ['separator', 'newline']);
    const count = columns[0]?.cells.length ?? 0;
    const built = columns.map(({ name, cells, quoted: isQuoted }) => {
      checkInteger('TextTable.of', `number of cells of ${name}`, cells.length, { min: count, max: count });
      const builder = new CellsBuilder();
      cells.forEach((cell, row) =>
        builder.push(ENCODER.encode(cell), isQuoted?.[row] ?? needsQuotes(cell, separator)),
      );
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

  /** The rows alone, without header and byte order mark: a later piece of a text that is written in pieces. */
  body(): TextTable {
    const { separator, newline, ending } = this.dialect;
    return new TextTable(this.columns, { separator, newline, ending, byteOrderMark: false });
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

export const BYTE_ORDER_MARK = Uint8Array.of(0xef, 0xbb, 0xbf);
const ENCODER = new TextEncoder();
