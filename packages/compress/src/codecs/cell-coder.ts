import { formatCell, needsQuotes, readColumn, TextTable } from '@dgm/data';
import type { ColumnSchema, Dialect, TableSchema } from '@dgm/data';
import { codeNatural } from '../coders/coder';
import type { Coder } from '../coders/coder';
import { AdaptiveBit, TextCoder } from '../coders/text-coder';
import { refused } from './base-codec';

/** A cell: its text, whether it is quoted in the table, and its value as in a `TypedColumn` of `@dgm/data`. */
export interface Cell {
  readonly text: string;
  readonly isQuoted: boolean;
  readonly value: number;
}

/** What a decoder passes for a cell that it does not know yet. */
export const UNKNOWN: Cell = { text: '', isQuoted: false, value: NaN };

/** Codes a value of a cell: see {@link Coder}. */
export type CodeValue = (coder: Coder, value: number) => number;

/**
 * The cells of one message. A plain cell, which is spelt as its column spells its value, is that value; any other is a text.
 * Both, and whether a cell is quoted where it need not be, have flags that follow the message.
 */
export class CellCoder {
  readonly #coder: Coder;
  readonly #schema: TableSchema;
  readonly #columns: readonly {
    readonly isText: AdaptiveBit;
    readonly isRequoted: AdaptiveBit;
    readonly texts: TextCoder;
  }[];
  #dialect: Dialect;
  /** How many bytes of text are left of those that the message states. */
  #room = 0;

  constructor(coder: Coder, schema: TableSchema, dialect = usualDialect(schema)) {
    this.#coder = coder;
    this.#schema = schema;
    this.#dialect = dialect;
    this.#columns = schema.columns.map(() => ({
      ...{ isText: new AdaptiveBit(), isRequoted: new AdaptiveBit(), texts: new TextCoder() },
    }));
  }

  /** How the table is written. */
  get dialect(): Dialect {
    return this.#dialect;
  }

  /** Codes what precedes the cells: the number of bytes of their texts, and the dialect. */
  start(textBytes: number): number {
    this.#room = codeNatural(this.#coder, textBytes);
    const usual = JSON.stringify(dialectOf(usualDialect(this.#schema)));
    const own = JSON.stringify(dialectOf(this.#dialect));
    const isOther = new AdaptiveBit().code(this.#coder, own !== usual);
    const json = isOther ? new TextCoder().code(this.#coder, own, MOST_DIALECT_BYTES) : usual;
    this.#dialect = parseDialect(json);
    return this.#room;
  }

  /** @param codeValue - how the column's value is coded; absent for a column that the model does not describe */
  code(column: number, known: Cell, codeValue: CodeValue | undefined): Cell {
    const coder = this.#coder;
    const { isText, isRequoted, texts } = this.#columns[column]!;
    const schema = this.#schema.columns[column]!;
    const { separator } = this.#dialect;
    let { text, value } = known;
    if (isText.code(coder, text !== plainText(schema, value, this.#schema))) {
      text = texts.code(coder, text, this.#room);
      this.#room -= byteLength(text);
      if (this.#room < 0) throw refused('to hold as many bytes of text as it states', 'more');
      value = valueOf(text, schema, this.#schema);
    } else {
      if (codeValue !== undefined) value = codeValue(coder, value);
      text = plainText(schema, value, this.#schema)!;
    }
    const isUsual = needsQuotes(text, separator);
    return { text, value, isQuoted: isRequoted.code(coder, known.isQuoted !== isUsual) !== isUsual };
  }
}

/** How a column spells a value; undefined for one that has no such spelling. */
function plainText(schema: ColumnSchema, value: number, { missingValues }: TableSchema): string | undefined {
  const [missing = ''] = missingValues;
  if (schema.kind === 'constant') return schema.value ?? missing;
  if (Number.isNaN(value)) return missing;
  if (!Number.isSafeInteger(value) || ('levels' in schema && value < 0)) return undefined;
  return formatCell(schema, value, missing);
}

/** How many bytes the texts have that are not plain. */
export function literalBytes(
  schema: TableSchema,
  count: number,
  cell: (row: number, column: number) => Cell,
): number {
  let bytes = 0;
  schema.columns.forEach((own, column) => {
    for (let row = 0; row < count; row++) {
      const { text, value } = cell(row, column);
      if (text !== plainText(own, value, schema)) bytes += byteLength(text);
    }
  });
  return bytes;
}

/** What a network sees of a cell that is no plain one: its value, if it has one. */
function valueOf(text: string, schema: ColumnSchema, { missingValues }: TableSchema): number {
  const { columns } = TextTable.of([{ name: schema.name, cells: [text] }]);
  return readColumn(columns[0]!, schema, missingValues)[0]!;
}

const ENCODER = new TextEncoder();
const byteLength = (text: string): number => ENCODER.encode(text).length;

const MOST_DIALECT_BYTES = 2 ** 20;

/** A table of these columns as it is written where nothing else is known. */
function usualDialect({ columns, dialect: { separator, newline } }: TableSchema): Dialect {
  const empty = columns.map(({ name }) => ({ name, cells: [] }));
  return TextTable.of(empty, { separator, newline }).dialect;
}

/** The members in one order. */
function dialectOf({ separator, newline, byteOrderMark, header, ending }: Dialect): Dialect {
  return { separator, newline, byteOrderMark, ...(header !== undefined && { header }), ending };
}

function parseDialect(json: string): Dialect {
  try {
    const { separator, newline, byteOrderMark, header, ending } = JSON.parse(json) as Dialect;
    const isFit =
      typeof separator === 'string' &&
      separator.length === 1 &&
      ['\n', '\r\n', '\r'].includes(newline) &&
      typeof byteOrderMark === 'boolean' &&
      (header === undefined || typeof header === 'string') &&
      typeof ending === 'string';
    if (isFit)
      return dialectOf({
        separator,
        newline,
        byteOrderMark,
        ending,
        ...(header !== undefined && { header }),
      });
  } catch {
    // Below.
  }
  throw refused('to say how the table is written', 'something else');
}
