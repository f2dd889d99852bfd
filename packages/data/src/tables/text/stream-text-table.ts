import { checkInteger, checkKey, checkOptions, type Key } from '@dgm/core';
import { bytesOf, nameOf, type StreamSource } from '../../internal/files';
import { TextTableReader, type TextTableOptions } from './read-text-table';
import { CellsBuilder } from './text-cells';
import { TextTable } from './text-table';

export interface StreamTextTableOptions extends TextTableOptions {
  /** From how many rows on a table is given; it has fewer where they are long. @defaultValue 65536 */
  readonly rows?: number;
}

/**
 * Reads delimited text of any size as tables of some rows each, in memory for a few of them. All have the header of the text;
 * written one after the other, all but the first without it ({@link TextTable.body}), they give the same bytes.
 *
 * @param source - as of {@link readTextTable}
 * @throws as {@link readTextTable}
 * @example
 * ```ts
 * let rows = 0;
 * for await (const table of streamTextTable('large.csv.gz')) rows += table.count;
 * ```
 */
export async function* streamTextTable(
  source: StreamSource,
  options: StreamTextTableOptions = {},
): AsyncGenerator<TextTable, void> {
  const where = 'streamTextTable';
  checkOptions(where, options, ['rows', 'header', 'separator', 'name']);
  const { rows = 65_536, ...others } = options;
  checkInteger(where, 'rows', rows);
  const reader = new TextTableReader(where, { name: nameOf(source), ...others });
  // One table is held back: what follows the last row of the text belongs to the last table.
  let earlier: TextTable | undefined;
  let size = 0;
  for await (const bytes of bytesOf(source, where)) {
    reader.push(bytes);
    size += bytes.length;
    if (reader.count === 0 || (reader.count < rows && size < MOST_BYTES)) continue;
    if (earlier) yield earlier;
    earlier = reader.take();
    size = 0;
  }
  const last = reader.finish();
  if (earlier && last.count === 0) yield new TextTable(earlier.columns, last.dialect);
  else {
    if (earlier) yield earlier;
    yield last;
  }
}

/** Of the text of a table that is one of several. */
export const MOST_BYTES = 2 ** 23;

export interface SampleRowsOptions {
  /** How many rows are drawn. */
  readonly rows: number;
  /** Decides which. */
  readonly key: Key;
}

export interface SampleTextTableOptions extends TextTableOptions, SampleRowsOptions {}

/** Some rows of a text. */
export interface SampledTextTable {
  /** The rows in the order of the text: all of it byte by byte, if it has no more rows than are drawn. */
  readonly table: TextTable;
  /** The number of rows of the text. */
  readonly count: number;
}

/**
 * Draws rows of delimited text of any size, without replacement, in memory for a few times as many rows as are drawn. Every
 * row is read, and a fault is found wherever it is.
 *
 * @param source - as of {@link readTextTable}
 * @throws as {@link readTextTable}
 * @example
 * ```ts
 * const { table, count } = await sampleTextTable('large.csv', { rows: 100_000, key: Key.of(0) });
 * console.log(`${table.count} of ${count} rows`);
 * ```
 */
export async function sampleTextTable(
  source: StreamSource,
  options: SampleTextTableOptions,
): Promise<SampledTextTable> {
  checkOptions('sampleTextTable', options, ['rows', 'key', 'header', 'separator', 'name']);
  const { rows, key, ...others } = options;
  return sampleRows(streamTextTable(source, others), { rows, key });
}

/**
 * Draws rows of a table that comes in pieces, without replacement, in memory for a few times as many rows as are drawn.
 * @param tables - pieces with the same columns, such as {@link streamParquet} and {@link streamJsonLines} give
 * @example
 * ```ts
 * const { table, count } = await sampleRows(streamParquet('large.parquet'), { rows: 100_000, key: Key.of(0) });
 * console.log(`${table.count} of ${count} rows`);
 * ```
 */
export async function sampleRows(
  tables: AsyncIterable<TextTable>,
  options: SampleRowsOptions,
): Promise<SampledTextTable> {
  const where = 'sampleRows';
  checkOptions(where, options, ['rows', 'key']);
  const { rows, key } = options;
  checkInteger(where, 'rows', rows);
  checkKey(where, key);
  const random = key.generator();
  // The rows with the lowest of random ranks are a draw without replacement, and so are those of what has been read so far.
  let kept: readonly RankedRows[] = [];
  let [count, highest, size] = [0, 2 ** 32, 0];
  let dialect: TextTable['dialect'] | undefined;
  for await (const table of tables) {
    ({ dialect } = table);
    const ranks = Float64Array.from({ length: table.count }, () => random.int32() >>> 0);
    count += table.count;
    const chosen = rowsUpTo({ table, ranks }, highest);
    size += chosen.table.count;
    kept = [...kept, chosen];
    if (size <= 2 * rows) continue;
    highest = rankOf(kept, rows);
    kept = kept.map((part) => rowsUpTo(part, highest));
    size = kept.reduce((sum, part) => sum + part.table.count, 0);
  }
  return { table: firstRows(kept, rows, dialect!), count };
}

interface RankedRows {
  readonly table: TextTable;
  readonly ranks: Float64Array;
}

function rowsUpTo(part: RankedRows, highest: number): RankedRows {
  const rows = [...part.ranks.keys()].filter((row) => part.ranks[row]! <= highest);
  if (rows.length === part.ranks.length) return part;
  return { table: part.table.subset(rows), ranks: Float64Array.from(rows, (row) => part.ranks[row]!) };
}

/** The highest of the `count` lowest ranks. */
function rankOf(parts: readonly RankedRows[], count: number): number {
  const all = new Float64Array(parts.reduce((sum, { ranks }) => sum + ranks.length, 0));
  let at = 0;
  for (const { ranks } of parts) {
    all.set(ranks, at);
    at += ranks.length;
  }
  return count < all.length ? all.sort()[count - 1]! : Infinity;
}

/** The rows of the `count` lowest ranks in one table; of equal ranks those that come first. */
function firstRows(parts: readonly RankedRows[], count: number, dialect: TextTable['dialect']): TextTable {
  const highest = rankOf(parts, count);
  const below = parts.reduce((sum, { ranks }) => sum + ranks.filter((rank) => rank < highest).length, 0);
  let equal = count - below;
  const chosen = parts.map(({ ranks }) =>
    [...ranks.keys()].filter((row) => ranks[row]! < highest || (ranks[row] === highest && equal-- > 0)),
  );
  const columns = parts[0]!.table.columns.map(({ name }, column) => {
    const builder = new CellsBuilder();
    parts.forEach(({ table }, part) => {
      const cells = table.columns[column]!;
      for (const row of chosen[part]!) {
        builder.push(cells.bytes.subarray(cells.start(row), cells.ends[row]), cells.isQuoted(row));
      }
    });
    return builder.finish(name);
  });
  return new TextTable(columns, dialect);
}
