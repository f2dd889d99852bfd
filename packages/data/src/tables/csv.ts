import { ArgumentError, checkOneOf, SerializationError } from '@dgm/core';
import type { Examples } from '../dataset';
import { excerpt, nameOf, textOf, type FileSource } from '../internal/files';
import {
  checkWidth,
  findColumn,
  GrowingArray,
  layoutOf,
  parseNumber,
  readHeader,
  type DelimitedOptions,
  type Layout,
} from './fields';
import { RecordReader } from './records';

export interface CsvOptions extends DelimitedOptions {
  /** The column of the class: its name, or its index from 0; negative from the end. None by default. */
  readonly label?: string | number;
  /**
   * The columns of the values, by name or index. By default all but the label, and but a first column whose name is
   * empty: R and pandas write the names of the rows there.
   */
  readonly columns?: readonly (string | number)[];
  /** What happens to a row with a missing value: it is an error, or it is left out. @defaultValue 'refuse' */
  readonly missing?: 'refuse' | 'drop';
}

/** Examples that are the rows of a table. */
export interface CsvExamples extends Examples {
  /** The names of the columns of `values`; `column 1`, ... without a header. */
  readonly columns: readonly string[];
  /** The names that the labels stand for, in the order of their code units; empty if labels are integers in the file. */
  readonly classes: readonly string[];
  /** How many rows were left out because a value is missing. */
  readonly dropped: number;
}

/**
 * Reads the numbers of a comma-separated file (RFC 4180), as R, pandas and spreadsheets write it: one example per row.
 * The file is read in pieces and may be larger than the longest string; only its values are kept.
 *
 * @param source - a path, in Node, or a `Blob` such as the file of an `<input>`; UTF-8, plain or gzip
 * @returns float32 values of shape `[columns]`, without the label column
 * @throws SerializationError with file, row and column (from 1) at the first field that is not a finite decimal number
 * @throws ArgumentError if there is no such column, or an option is not possible
 * @example
 * ```ts
 * const { count, labels, classes } = await csv('iris.csv', { label: 'species' });
 * ```
 */
export async function csv(source: FileSource, options: CsvOptions = {}): Promise<CsvExamples> {
  const table = new NumberTable({ name: nameOf(source), ...options });
  for await (const piece of textOf(source, 'csv')) table.push(piece);
  return table.finish();
}

/**
 * Reads the numbers of comma-separated text, as {@link csv} does.
 * @throws as {@link csv}
 *
 * @example
 * ```ts
 * const { values, labels, classes } = parseCsv('a,b,kind\n1,2,x\n3,4,y\n', { label: 'kind' });
 * ```
 */
export function parseCsv(text: string, options: CsvOptions = {}): CsvExamples {
  const table = new NumberTable(options);
  table.push(text);
  return table.finish();
}

interface Columns {
  readonly names: readonly string[];
  readonly isHeader: boolean;
  readonly values: readonly number[];
  readonly label: number | undefined;
}

/** The values of the rows that have come so far. */
export class NumberTable {
  readonly #layout: Layout;
  readonly #reader: RecordReader;
  readonly #values = new GrowingArray(Float32Array);
  readonly #labels: LabelColumn;
  #columns: Columns | undefined;
  #count = 0;
  #drained = 0;
  #dropped = 0;

  constructor(private readonly options: CsvOptions) {
    this.#layout = layoutOf('csv', options, ['label', 'columns', 'missing']);
    checkOneOf('csv', 'missing', options.missing ?? 'refuse', ['refuse', 'drop']);
    this.#labels = new LabelColumn();
    this.#reader = new RecordReader(this.#layout, (fields, row) => this.#take(fields, row));
  }

  push(text: string): void {
    this.#reader.push(text);
  }

  /** Everything that has come. */
  finish(): CsvExamples {
    const { columns, labels, classes } = this.end();
    return { ...this.drain(labels), columns, classes, dropped: this.#dropped };
  }

  /**
   * Takes the last row, and says what the columns are.
   * @returns labels - what each code of the label column stands for
   */
  end(): { columns: readonly string[]; labels: Int32Array | undefined; classes: readonly string[] } {
    this.#reader.end();
    if (this.#columns === undefined || this.#count === 0) {
      throw new SerializationError({
        where: 'csv',
        argument: this.#layout.name,
        expected: 'to hold rows of numbers',
        actual: this.#dropped > 0 ? `${this.#dropped} rows with missing values` : 'none',
      });
    }
    const { values, names, label } = this.#columns;
    const columns = values.map((column) => names[column]!);
    if (label === undefined) return { columns, labels: undefined, classes: [] };
    return { columns, ...this.#labels.meanings((row) => this.#place(row, label)) };
  }

  /** The rows since the last call. */
  drain(labels: Int32Array | undefined): Examples {
    const values = this.#values.drain();
    const width = this.#columns?.values.length ?? 0;
    const count = this.#count - this.#drained;
    this.#drained = this.#count;
    if (labels === undefined) return { count, shape: [width], values };
    return { count, shape: [width], values, labels: this.#labels.drain().map((code) => labels[code]!) };
  }

  /** Rows that stay, so far. */
  get count(): number {
    return this.#count;
  }

  get dropped(): number {
    return this.#dropped;
  }

  #take(fields: readonly string[], row: number): void {
    if (this.#columns === undefined) {
      this.#columns = this.#readColumns(fields);
      if (this.#columns.isHeader) return;
    }
    const { names, values, label } = this.#columns;
    checkWidth(fields, row, names.length, this.#layout);
    const used = label === undefined ? values : [...values, label];
    if (this.options.missing === 'drop' && used.some((column) => this.#layout.isMissing(fields[column]!))) {
      this.#dropped++;
      return;
    }
    for (const column of values) this.#values.push(this.#numberAt(fields, row, column));
    if (label !== undefined) {
      if (this.#layout.isMissing(fields[label]!)) this.#refuse(fields, row, label, 'to be a label');
      this.#labels.push(fields[label]!, row);
    }
    this.#count++;
  }

  #readColumns(first: readonly string[]): Columns {
    const { isHeader, columns: names } = readHeader(first, this.#layout);
    const find = (column: string | number, argument: string) =>
      findColumn(column, argument, { columns: names, isHeader });
    const label = this.options.label === undefined ? undefined : find(this.options.label, 'label');
    const isValue = (column: number) => column !== label && !(column === 0 && isHeader && names[0] === '');
    const values =
      this.options.columns?.map((column) => find(column, 'columns')) ?? [...names.keys()].filter(isValue);
    return { names, isHeader, values, label };
  }

  #numberAt(fields: readonly string[], row: number, column: number): number {
    const value = parseNumber(fields[column]!);
    if (!Number.isFinite(Math.fround(value))) this.#refuse(fields, row, column, 'to be a finite number');
    return value;
  }

  #refuse(fields: readonly string[], row: number, column: number, expected: string): never {
    const field = fields[column]!;
    const isText = Number.isNaN(parseNumber(field));
    const remedy = this.#layout.isMissing(field)
      ? "give missing: 'drop' to leave such rows out, or use readTable"
      : isText && row === 1 && this.#layout.header === undefined
        ? 'give header: true if row 1 names the columns'
        : isText
          ? 'choose other columns, or give this one as the label'
          : undefined;
    throw new SerializationError({
      where: 'csv',
      argument: this.#place(row, column),
      expected,
      actual: excerpt(field),
      ...(remedy !== undefined && { remedy }),
    });
  }

  #place(row: number, column: number): string {
    const { names, isHeader } = this.#columns!;
    const title = isHeader ? ` (${excerpt(names[column]!)})` : '';
    return `${this.#layout.name}, row ${row}, column ${column + 1}${title}`;
  }
}

/** Labels by their texts: integers stand for themselves, other texts for their place among all of them. */
class LabelColumn {
  readonly #codes = new GrowingArray(Int32Array);
  readonly #texts = new Map<string, { readonly code: number; readonly row: number }>();

  push(field: string, row: number): void {
    const text = field.trim();
    let entry = this.#texts.get(text);
    if (entry === undefined) {
      if (this.#texts.size === MOST_CLASSES) {
        throw new ArgumentError({
          where: 'csv',
          argument: 'label',
          expected: `to be a column of at most ${MOST_CLASSES} classes`,
          actual: 'more',
        });
      }
      entry = { code: this.#texts.size, row };
      this.#texts.set(text, entry);
    }
    this.#codes.push(entry.code);
  }

  /** The codes since the last call, in the order of the first appearance of their texts. */
  drain(): Int32Array {
    return this.#codes.drain();
  }

  /** The label of each code, and the names that labels stand for. */
  meanings(place: (row: number) => string): { labels: Int32Array; classes: string[] } {
    const texts = [...this.#texts.keys()];
    const numbers = texts.map(parseNumber);
    if (numbers.some(Number.isNaN)) {
      const classes = [...texts].sort();
      const order = new Map(classes.map((text, index) => [text, index]));
      return { labels: Int32Array.from(texts, (text) => order.get(text)!), classes };
    }
    for (const [text, { code, row }] of this.#texts) {
      if ((numbers[code]! | 0) === numbers[code]) continue;
      throw new SerializationError({
        where: 'csv',
        argument: place(row),
        expected: 'to be an integer label',
        actual: JSON.stringify(text),
      });
    }
    return { labels: Int32Array.from(numbers), classes: [] };
  }
}

const MOST_CLASSES = 2 ** 20;
