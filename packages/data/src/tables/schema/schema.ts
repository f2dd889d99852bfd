import type { DecimalMark } from './decimal';
import type { Dialect } from '../text/text-table';

interface ColumnSchemaBase {
  readonly name: string;
  /** How many cells were missing in the table that the schema was inferred from. */
  readonly missing: number;
  /** Why the column was taken for this kind. */
  readonly why: string;
}

/** Numbers on a grid: whole numbers, or numbers with a largest number of decimals. */
export interface NumberSchema extends ColumnSchemaBase {
  /**
   * `integer` and `decimal` are exact. `real` has more digits than the grid holds: `decimals` then say to how many a value
   * is rounded, and its likelihood is that of the rounded value.
   */
  readonly kind: 'integer' | 'decimal' | 'real';
  /** The fewest and the most digits after the decimal mark. Values are integers of units of 10^-most. */
  readonly decimals: readonly [least: number, most: number];
  readonly decimalMark?: DecimalMark;
  /** The smallest and the largest value, in units of the last decimal. */
  readonly range: readonly [min: number, max: number];
}

/** Dates, times, or both. */
export interface DateSchema extends ColumnSchemaBase {
  readonly kind: 'date';
  /** In the tokens `YYYY MM DD M D HH mm ss SSS`, such as `YYYY-MM-DD`. All else stands for itself. */
  readonly format: string;
  /** The earliest and the latest value, in units of the format since 1970. */
  readonly range: readonly [min: number, max: number];
}

/** One of some texts: with an order (`ordinal`), without (`category`), or yes and no (`boolean`). */
export interface CategorySchema extends ColumnSchemaBase {
  readonly kind: 'category' | 'ordinal' | 'boolean';
  /** The texts. Those of an ordinal column are in its order. */
  readonly levels: readonly string[];
}

/** A column that no model describes: one value (`constant`), names of rows (`id`), free text. */
export interface OtherSchema extends ColumnSchemaBase {
  readonly kind: 'constant' | 'id' | 'text';
  /** The value of a constant column. */
  readonly value?: string;
}

/** What a column of a table holds, and how its values are written. */
export type ColumnSchema = NumberSchema | DateSchema | CategorySchema | OtherSchema;

/** What the columns of a table hold. A plain object that JSON keeps: look at it, correct it, pass it back. */
export interface TableSchema {
  readonly format: 'dgm.table-schema';
  readonly version: 1;
  /** How the table is written. */
  readonly dialect: Pick<Dialect, 'separator' | 'newline'>;
  /** The cells that stand for a missing value. */
  readonly missingValues: readonly string[];
  readonly columns: readonly ColumnSchema[];
}

/** What a column of a table holds. */
export type ColumnKind = ColumnSchema['kind'];

export const KINDS: readonly ColumnKind[] = [
  'integer',
  'decimal',
  'real',
  'date',
  'category',
  'ordinal',
  'boolean',
  'constant',
  'id',
  'text',
];
