import { ArgumentError, checkGiven, checkOptions, closest } from '@dgm/core';
import { formatCell, readCells, TextTable, type ColumnSchema } from '@dgm/data';
import type { TableCodec } from '../codec/table-codec';
import type { Allowed } from './column-distribution';

/**
 * What the cells of a column may be: a text, one of several, a range with both ends included, or missing (`null`). Texts are
 * written as in the table.
 */
export type GivenValue =
  | string
  | number
  | null
  | readonly (string | number | null)[]
  | { readonly min?: string | number; readonly max?: string | number };

/** Conditions by the column's name. */
export type Given = Readonly<Record<string, GivenValue>>;

/** What the columns of a codec may be; undefined for a column without a condition. */
export function allowedOf(codec: TableCodec, given: Given): readonly (Allowed | undefined)[] {
  checkGiven('TableModel.sample', 'given', given, 'to be conditions by the names of columns');
  for (const name of Object.keys(given)) {
    if (codec.names.includes(name)) continue;
    const close = closest(name, codec.names);
    throw new ArgumentError({
      where: 'TableModel.sample',
      argument: 'given',
      expected: `to name columns among ${codec.names.join(', ')}`,
      actual: `"${name}"`,
      ...(close !== undefined && { remedy: `did you mean "${close}"` }),
    });
  }
  return codec.columns.map(({ schema }, column) => {
    const value = Object.hasOwn(given, schema.name) ? given[schema.name] : undefined;
    if (value === undefined) return undefined;
    if (value === null || typeof value !== 'object') return { values: [valueOf(codec, column, value)] };
    if ('length' in value) {
      if (value.length === 0) refuse(schema, 'to allow a value', 'none');
      return { values: [...new Set(value.map((one) => valueOf(codec, column, one)))] };
    }
    checkOptions('TableModel.sample', value, ['min', 'max']);
    return rangeOf(codec, column, value);
  });
}

function rangeOf(
  codec: TableCodec,
  column: number,
  { min, max }: { readonly min?: string | number; readonly max?: string | number },
): Allowed {
  const own = codec.columns[column]!;
  const [least, most] =
    own.kind === 'number' ? [own.starts[0]!, own.ends.at(-1)!] : [0, own.schema.levels.length - 1];
  if (own.kind === 'category' && own.schema.kind !== 'ordinal') {
    refuse(own.schema, 'to be ordinal, for a range', own.schema.kind);
  }
  const range = {
    min: min === undefined ? least : valueOf(codec, column, min),
    max: max === undefined ? most : valueOf(codec, column, max),
  };
  if (Number.isNaN(range.min + range.max)) refuse(own.schema, 'to have a range of values', 'a missing end');
  if (range.min > range.max || range.max < least || range.min > most) {
    const text = (value: number) => formatCell(own.schema, value);
    refuse(
      own.schema,
      `to have a range within ${text(least)} to ${text(most)}`,
      `${min ?? ''} to ${max ?? ''}`,
    );
  }
  return range;
}

/** The value of a text, as its column writes it. */
function valueOf(codec: TableCodec, column: number, value: string | number | null): number {
  const own = codec.columns[column]!;
  const { schema } = own;
  if (value === null) {
    if (!own.hasMissing) refuse(schema, 'to have missing values', 'a condition on missing');
    return NaN;
  }
  const table = TextTable.of([{ name: schema.name, cells: [String(value)] }]);
  const read = readCells(table, { ...codec.schema, columns: [schema] }).columns[0]!.values[0]!;
  if (Number.isNaN(read)) return valueOf(codec, column, null);
  if (own.kind === 'number') {
    if (own.clamp(read) === read) return read;
    const [first, last] = [formatCell(schema, own.starts[0]!), formatCell(schema, own.ends.at(-1)!)];
    return refuse(schema, `to be from ${first} to ${last}`, String(value));
  }
  if (own.index(read) < own.levels) return read;
  const levels = own.state.kept.map((level) => own.schema.levels[level]!);
  const close = closest(String(value), levels);
  return refuse(
    schema,
    `to be one of ${levels.slice(0, 20).join(', ')}`,
    `"${value}"${close === undefined ? '' : `; did you mean "${close}"`}`,
  );
}

function refuse(schema: ColumnSchema, expected: string, actual: string): never {
  throw new ArgumentError({
    where: 'TableModel.sample',
    argument: `column ${schema.name}`,
    expected,
    actual,
  });
}
