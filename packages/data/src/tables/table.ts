import { SerializationError } from '@dgm/core';
import { nameOf, textOf, type FileSource } from '../internal/files';
import {
  checkWidth,
  GrowingArray,
  layoutOf,
  parseNumber,
  readHeader,
  type DelimitedOptions,
  type Layout,
} from './fields';
import { RecordReader } from './records';

/** Columns of numbers and text. */
export interface Table {
  /** The number of rows. */
  readonly count: number;
  readonly columns: readonly TableColumn[];
}

/** A column of a table as it was read: numbers, or texts. */
export type TableColumn = NumberColumn | TextColumn;

/** A column whose fields are all decimal numbers, or missing. */
export interface NumberColumn {
  readonly name: string;
  readonly kind: 'integer' | 'real';
  /** `[count]`; NaN where the value is missing. */
  readonly values: Float64Array;
  /** How many values are missing. */
  readonly missing: number;
}

/** Any other column, kept as it is in the file: names, dates, numbers with leading zeros or more than 53 bits. */
export interface TextColumn {
  readonly name: string;
  readonly kind: 'text';
  /** `[count]`, indices into `texts`; -1 where the value is missing. */
  readonly codes: Int32Array;
  /** The different texts, in the order of their first appearance. */
  readonly texts: readonly string[];
  /** How many values are missing. */
  readonly missing: number;
}

/**
 * Reads a comma-separated file (RFC 4180) of numbers and text, with missing values. The file is read in pieces, twice:
 * the kinds of the columns come first.
 *
 * @param source - a path, in Node, or a `Blob`; UTF-8, plain or gzip
 * @throws SerializationError with file and row at the first row of another width, or at a quote out of place
 * @throws ArgumentError if an option is not possible
 * @example
 * ```ts
 * const { columns } = await readTable('penguins.csv');
 * for (const { name, kind, missing } of columns) console.log(name, kind, missing);
 * ```
 */
export async function readTable(source: FileSource, options: DelimitedOptions = {}): Promise<Table> {
  const layout = layoutOf('readTable', { name: nameOf(source), ...options }, []);
  const kinds = new KindReader(layout);
  for await (const piece of textOf(source, 'readTable')) kinds.reader.push(piece);
  const rows = new TableReader(layout, kinds.finish());
  for await (const piece of textOf(source, 'readTable')) rows.reader.push(piece);
  return rows.finish();
}

/**
 * Reads comma-separated text of numbers and text, as {@link readTable} does.
 * @throws as {@link readTable}
 *
 * @example
 * ```ts
 * const { columns } = parseTable('name,size\nash,3\noak,5\n'); // a column of text and one of numbers
 * ```
 */
export function parseTable(text: string, options: DelimitedOptions = {}): Table {
  const layout = layoutOf('parseTable', options, []);
  const kinds = new KindReader(layout);
  kinds.reader.push(text);
  const rows = new TableReader(layout, kinds.finish());
  rows.reader.push(text);
  return rows.finish();
}

type Kind = TableColumn['kind'];

interface Header {
  readonly isHeader: boolean;
  readonly columns: readonly string[];
}

/** Finds the kind of each column: the narrowest that holds all its fields. */
class KindReader {
  readonly reader: RecordReader;
  #header: Header | undefined;
  #kinds: Kind[] = [];

  constructor(private readonly layout: Layout) {
    this.reader = new RecordReader(layout, (fields, row) => this.#take(fields, row));
  }

  finish(): { header: Header; kinds: readonly Kind[] } {
    this.reader.end();
    if (this.#header !== undefined) return { header: this.#header, kinds: this.#kinds };
    throw new SerializationError({
      where: 'readTable',
      argument: this.layout.name,
      expected: 'to hold rows',
      actual: 'none',
    });
  }

  #take(fields: readonly string[], row: number): void {
    if (this.#header === undefined) {
      this.#header = readHeader(fields, this.layout);
      this.#kinds = fields.map(() => 'integer');
      if (this.#header.isHeader) return;
    }
    checkWidth(fields, row, this.#kinds.length, this.layout);
    for (const [column, field] of fields.entries()) {
      if (this.#kinds[column] === 'text' || this.layout.isMissing(field)) continue;
      const value = parseNumber(field);
      if (!Number.isFinite(value) || isIdentifier(field)) this.#kinds[column] = 'text';
      else if (!Number.isInteger(value)) this.#kinds[column] = 'real';
    }
  }
}

/** Whether a number would lose digits of its text: leading zeros, or more than a double holds. */
function isIdentifier(field: string): boolean {
  return /^\s*[+-]?(0\d|\d{16,}\s*$)/.test(field);
}

class TableReader {
  readonly reader: RecordReader;
  readonly #header: Header;
  readonly #builders: readonly ColumnBuilder[];
  #count = 0;

  constructor(layout: Layout, { header, kinds }: { header: Header; kinds: readonly Kind[] }) {
    this.#header = header;
    this.#builders = kinds.map((kind, column) =>
      kind === 'text' ? textColumn(header.columns[column]!) : numberColumn(header.columns[column]!, kind),
    );
    this.reader = new RecordReader(layout, (fields, row) => {
      if (row === 1 && this.#header.isHeader) return;
      this.#count++;
      this.#builders.forEach((builder, column) => {
        const field = fields[column]!;
        builder.push(layout.isMissing(field) ? undefined : field);
      });
    });
  }

  finish(): Table {
    this.reader.end();
    return { count: this.#count, columns: this.#builders.map((builder) => builder.finish()) };
  }
}

interface ColumnBuilder {
  /** @param field - undefined where the value is missing */
  push(field: string | undefined): void;
  finish(): TableColumn;
}

function numberColumn(name: string, kind: NumberColumn['kind']): ColumnBuilder {
  const values = new GrowingArray(Float64Array);
  let missing = 0;
  return {
    push(field) {
      if (field === undefined) missing++;
      values.push(field === undefined ? NaN : parseNumber(field));
    },
    finish: () => ({ name, kind, values: values.drain(), missing }),
  };
}

function textColumn(name: string): ColumnBuilder {
  const codes = new GrowingArray(Int32Array);
  const places = new Map<string, number>();
  let missing = 0;
  return {
    push(field) {
      if (field === undefined) {
        missing++;
        codes.push(-1);
        return;
      }
      const code = places.get(field) ?? places.size;
      if (code === places.size) places.set(field, code);
      codes.push(code);
    },
    finish: () => ({ name, kind: 'text', codes: codes.drain(), texts: [...places.keys()], missing }),
  };
}
