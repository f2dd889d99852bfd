import type { CategoryCodec } from '../codec/category-codec';
import type { NumberCodec } from '../codec/number-codec';
import type { TableCodec } from '../codec/table-codec';

/** The share of a column's probability that is spread evenly over all of its values, so that no cell is impossible. */
export const UNIFORM_SHARE = 1e-4;
/** Density on the axis that is added to the mixture inside a bin. */
export const FLAT_DENSITY = 1e-6;

/** Columns that share one head: each has the same number of indices, the largest that one of them needs. */
export interface ColumnGroup<C> {
  /** The columns' places in the table. */
  readonly columns: readonly number[];
  readonly codecs: readonly C[];
  /** The number of indices of each column after padding. */
  readonly indices: number;
}

/** How the columns of a table are laid out in a network. */
export interface NetworkLayout {
  /** The number of columns. */
  readonly width: number;
  /** Where the vectors of each column begin: first that of a hidden cell, then those of its indices. */
  readonly offsets: readonly number[];
  /** The number of vectors. */
  readonly vectors: number;
  /** Numbers and dates; the last index stands for missing in each of them. */
  readonly numbers: ColumnGroup<NumberCodec>;
  readonly categories: ColumnGroup<CategoryCodec>;
}

export function layoutOf(codec: TableCodec): NetworkLayout {
  const { columns, width } = codec;
  const numbers = columns.flatMap((column, at) => (column.kind === 'number' ? [{ column, at }] : []));
  const categories = columns.flatMap((column, at) => (column.kind === 'category' ? [{ column, at }] : []));
  let vectors = 0;
  const bins = Math.max(0, ...numbers.map(({ column }) => column.bins));
  const offsets = columns.map((column) => {
    const offset = vectors;
    vectors += 1 + column.indices;
    return offset;
  });
  return {
    width,
    offsets,
    vectors,
    numbers: {
      columns: numbers.map(({ at }) => at),
      codecs: numbers.map(({ column }) => column),
      indices: bins + 1,
    },
    categories: {
      columns: categories.map(({ at }) => at),
      codecs: categories.map(({ column }) => column),
      indices: Math.max(0, ...categories.map(({ column }) => column.indices)),
    },
  };
}
