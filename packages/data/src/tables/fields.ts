import { ArgumentError, checkOptions, SerializationError } from '@dgm/core';

/** How delimited text is read, of numbers or of any kind. */
export interface DelimitedOptions {
  /**
   * Whether the first row names the columns. By default it does if it holds text and no number. A first row of
   * `0, 1, 2, ...` could be either, and has to be declared.
   */
  readonly header?: boolean;
  /** The character between fields; a space stands for any number of spaces. @defaultValue ',' */
  readonly separator?: string;
  /** The fields that stand for a missing value. @defaultValue '', 'NA', 'N/A', 'NaN', 'nan', 'null', 'NULL', 'None' */
  readonly missingValues?: readonly string[];
  /** What the text is called in errors. @defaultValue the path of the file, or 'text' */
  readonly name?: string;
}

export const DELIMITED_OPTIONS = ['header', 'separator', 'missingValues', 'name'] as const;

const MISSING_VALUES = ['', 'NA', 'N/A', 'NaN', 'nan', 'null', 'NULL', 'None'];

/** The first row of a text, and how its fields are understood. */
export interface Layout {
  readonly name: string;
  readonly separator: string;
  /** `undefined` until the first row is known. */
  readonly header: boolean | undefined;
  readonly isMissing: (field: string) => boolean;
}

/** @throws ArgumentError for options that are not known or not possible */
export function layoutOf(where: string, options: DelimitedOptions, known: readonly string[]): Layout {
  checkOptions(where, options, [...DELIMITED_OPTIONS, ...known]);
  const { header, separator = ',', missingValues = MISSING_VALUES, name = 'text' } = options;
  if (typeof separator !== 'string' || separator.length !== 1 || /["\r\n]/.test(separator)) {
    throw new ArgumentError({
      where,
      argument: 'separator',
      expected: 'to be one character, and not a quote or a line end',
      actual: JSON.stringify(separator),
    });
  }
  const missing = new Set(missingValues);
  return { name, separator, header, isMissing: (field) => missing.has(field.trim()) };
}

/**
 * The names of the columns, out of the first row if it is a header, and whether it is one.
 * @throws ArgumentError if that cannot be told
 */
export function readHeader(
  first: readonly string[],
  { name, header, isMissing }: Layout,
): { isHeader: boolean; columns: string[] } {
  const counts = first.length >= 3 && first.every((field, column) => field.trim() === String(column));
  if (header === undefined && counts) {
    throw new ArgumentError({
      where: 'csv',
      argument: 'header',
      expected: `to be given, as row 1 of ${name} may be data or names`,
      actual: `${first.slice(0, 3).join(', ')}, ...`,
      remedy: 'give header: true or header: false',
    });
  }
  const filled = first.filter((field) => !isMissing(field));
  const isHeader = header ?? (filled.length > 0 && filled.every((field) => Number.isNaN(parseNumber(field))));
  const columns = first.map((field, column) => (isHeader ? field.trim() : `column ${column + 1}`));
  return { isHeader, columns };
}

/** A decimal number, NaN for all else: JavaScript's other notations, such as 0x10, are no numbers in a table. */
export function parseNumber(field: string): number {
  return DECIMAL.test(field) ? Number(field) : NaN;
}

const DECIMAL = /^[ \t]*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?[ \t]*$/;

/**
 * Checks that a row is as wide as the first.
 * @throws SerializationError naming the row
 */
export function checkWidth(fields: readonly string[], row: number, width: number, layout: Layout): void {
  if (fields.length === width) return;
  throw new SerializationError({
    where: 'csv',
    argument: `${layout.name}, row ${row}`,
    expected: `of ${width} columns, as in row 1`,
    actual: String(fields.length),
    ...(width === 1 ? { remedy: 'give the separator' } : {}),
  });
}

/**
 * The index of a column.
 * @param column - its name, or its index from 0; negative from the end
 * @throws ArgumentError if there is no such column, or several have that name
 */
export function findColumn(
  column: string | number,
  argument: string,
  { columns, isHeader }: { readonly columns: readonly string[]; readonly isHeader: boolean },
): number {
  const index =
    typeof column === 'number'
      ? column < 0
        ? columns.length + column
        : column
      : isHeader
        ? columns.indexOf(column)
        : -1;
  const isUnique = typeof column === 'number' || columns.lastIndexOf(column) === index;
  if (Number.isInteger(index) && index >= 0 && index < columns.length && isUnique) return index;
  throw new ArgumentError({
    where: 'csv',
    argument,
    expected: isHeader
      ? `to be one of the columns ${columns.join(', ')}`
      : `to be a column from 0 to ${columns.length - 1}`,
    actual: JSON.stringify(column),
    ...(typeof column === 'string' && !isHeader
      ? { remedy: 'set header: true where the first line names the columns' }
      : isUnique
        ? {}
        : { remedy: 'several columns have this name: give the index' }),
  });
}

/** A typed array that grows. */
export class GrowingArray<T extends Float32Array | Float64Array | Int32Array> {
  #values: T;
  #length = 0;

  constructor(private readonly Values: new (length: number) => T) {
    this.#values = new Values(1024);
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const larger = new this.Values(2 * this.#length);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length++] = value;
  }

  /** The values since the last call. */
  drain(): T {
    const values = this.#values.slice(0, this.#length) as T;
    this.#length = 0;
    return values;
  }
}
