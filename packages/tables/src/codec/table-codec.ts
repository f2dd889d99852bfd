import { ArgumentError, type Examples } from '@dgm/core';
import {
  parseSchema,
  type CategorySchema,
  type DateSchema,
  type NumberSchema,
  type TableSchema,
  type TypedTable,
} from '@dgm/data';
import { record } from '../record';
import { CategoryCodec, type CategoryCodecState, type LevelOptions } from './category-codec';
import { LEAST_WIDTH, NumberCodec, type BinOptions, type NumberCodecState } from './number-codec';

/** How a column becomes the inputs and the targets of a network. */
export type ColumnCodec = NumberCodec | CategoryCodec;

export interface CodecOptions extends BinOptions, LevelOptions {}

/** The columns of a table that a model describes, each with its codec. */
export class TableCodec {
  /** How many columns are described. */
  readonly width: number;

  constructor(
    readonly schema: TableSchema,
    readonly columns: readonly ColumnCodec[],
  ) {
    this.width = columns.length;
    if (columns.length > 0) {
      record(this, 'tableCodec', [JSON.stringify({ schema, columns: columns.map(({ state }) => state) })]);
      return;
    }
    throw new ArgumentError({
      where: 'TableCodec',
      argument: 'schema',
      expected: 'to have a column of numbers, dates or categories',
      actual: schema.columns.map(({ name, kind }) => `${name}: ${kind}`).join(', '),
      remedy: 'correct the kinds of the columns in the schema',
    });
  }

  /** The codec of training rows: bins by their counts, levels by their frequencies. */
  static of(schema: TableSchema, train: TypedTable, options: CodecOptions): TableCodec {
    const columns = train.columns.flatMap(({ schema: column, values }): ColumnCodec[] => {
      if (isNumber(column)) return [NumberCodec.of(column, values, options)];
      return isCategory(column) ? [CategoryCodec.of(column, values, options)] : [];
    });
    return new TableCodec(schema, columns);
  }

  get names(): readonly string[] {
    return this.columns.map(({ schema }) => schema.name);
  }

  /** The values of the described columns, each `[count]`. */
  values(table: TypedTable): readonly Float64Array[] {
    const byName = new Map(table.columns.map(({ schema, values }) => [schema.name, values]));
    return this.columns.map(({ schema }) => byName.get(schema.name)!);
  }

  /**
   * What the network is trained on: for each row and column the index of the cell, its place on the axis, and the lower
   * edge and the width of its cell there. `[count, 4, width]`.
   * @param values - of each described column, `[count]`
   */
  examples(values: readonly Float64Array[]): Examples {
    const count = values[0]!.length;
    const { width } = this;
    const cells = new Float32Array(count * 4 * width);
    this.columns.forEach((codec, column) => {
      for (let row = 0; row < count; row++) {
        const [index, place, low, size] = cellOf(codec, values[column]![row]!);
        const at = row * 4 * width + column;
        cells[at] = index;
        cells[at + width] = place;
        cells[at + 2 * width] = low;
        cells[at + 3 * width] = size;
      }
    });
    return { count, shape: [4, width], values: cells };
  }
}

/**
 * The codec of a JSON text, which is how a model file keeps its schema and the states of its columns.
 * @throws SerializationError if the schema is not possible
 * @throws ArgumentError if the states do not belong to its columns
 *
 * @example
 * ```ts
 * const table = parseTextTable('kind,size\nash,3\noak,5\nash,4\noak,6\n');
 * const options = { maxBins: 12, minCount: 1, maxLevels: 8, protect: 1 };
 * const schema = inferSchema(table);
 * const { columns } = TableCodec.of(schema, readCells(table, schema), options);
 * const codec = tableCodec(JSON.stringify({ schema, columns: columns.map(({ state }) => state) }));
 * ```
 */
export function tableCodec(json: string): TableCodec {
  const saved = JSON.parse(json) as SavedCodec;
  const schema = parseSchema(JSON.stringify(saved.schema));
  const described = schema.columns.filter((column) => isNumber(column) || isCategory(column));
  const columns = described.map((column, index): ColumnCodec => {
    const state = saved.columns?.[index];
    if (isNumber(column) && isNumberState(state)) return NumberCodec.fromState(column, state);
    if (isCategory(column) && isCategoryState(state, column)) return CategoryCodec.fromState(column, state);
    throw new ArgumentError({
      where: 'tableCodec',
      argument: `columns[${index}]`,
      expected: `to be a state of column ${column.name} of kind ${column.kind}`,
      actual: JSON.stringify(state)?.slice(0, 60) ?? 'none',
    });
  });
  return new TableCodec(schema, columns);
}

interface SavedCodec {
  readonly schema: unknown;
  readonly columns?: readonly unknown[];
}

function isNumberState(state: unknown): state is NumberCodecState {
  const { kind, starts, end, centers, hasMissing, isLog, ...axis } = asRecord(state);
  const { low, shift, mean, deviation, minScale } = axis;
  return (
    kind === 'number' &&
    isIncreasing([starts, end].flat()) &&
    Array.isArray(starts) &&
    Array.isArray(centers) &&
    centers.length === starts.length &&
    [hasMissing, isLog].every((flag) => typeof flag === 'boolean') &&
    [...(centers as unknown[]), low, mean].every((value) => Number.isFinite(value)) &&
    [shift, deviation, minScale].every((value) => Number.isFinite(value) && (value as number) > 0)
  );
}

function isCategoryState(state: unknown, { levels }: CategorySchema): state is CategoryCodecState {
  const { kind, kept, hasMissing, hasOther } = asRecord(state);
  return (
    kind === 'category' &&
    Array.isArray(kept) &&
    isIncreasing([-1, ...(kept as unknown[]), levels.length]) &&
    [hasMissing, hasOther].every((flag) => typeof flag === 'boolean')
  );
}

const isIncreasing = (values: readonly unknown[]) =>
  values.every(
    (value, at) => Number.isInteger(value) && (at === 0 || (value as number) > (values[at - 1] as number)),
  );

const asRecord = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};

/** The index, the place on the axis, and the lower edge and the width there of the cell of a value. */
export function cellOf(
  codec: ColumnCodec,
  value: number,
): readonly [index: number, place: number, low: number, width: number] {
  if (codec.kind === 'category' || Number.isNaN(value)) return [codec.index(value), 0, 0, 1];
  const inside = codec.clamp(value);
  const low = codec.axis(inside - 0.5);
  // Rare values far outside must not drive the network.
  const place = Math.min(Math.max(codec.axis(inside), -8), 8);
  return [codec.index(inside), place, low, Math.max(codec.axis(inside + 0.5) - low, LEAST_WIDTH)];
}

function isNumber(column: { readonly kind: string }): column is NumberSchema | DateSchema {
  return ['integer', 'decimal', 'real', 'date'].includes(column.kind);
}

function isCategory(column: { readonly kind: string }): column is CategorySchema {
  return ['category', 'ordinal', 'boolean'].includes(column.kind);
}
