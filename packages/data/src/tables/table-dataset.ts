import { ArgumentError, checkOptions } from '@dgm/core';
import { dataset, type Dataset, type Examples } from '../dataset';
import { standardization, standardize, type Standardization } from '../transforms/standardize';
import { subset } from '../transforms/subset';
import { csv } from './csv';

export interface TableDatasetOptions {
  readonly name?: string;
  /** Whether a row stays. By default all do. */
  readonly keepRow?: (row: ArrayLike<number>) => boolean;
  /**
   * A column whose smallest value occurs more often than this is left out: a measurement that often failed or saturated
   * is no density. By default all columns stay.
   */
  readonly mostRepeats?: number;
}

/** A data set of standardized columns. */
export interface TableDataset extends Dataset {
  /** What was done to the columns that stay; `destandardize` takes samples back to the units of the table. */
  readonly standardization: Standardization;
}

/** The share of the rows that are held out for the test, and then of the rest for validation. */
const HELD_OUT = 0.1;

/**
 * A data set of a table of real numbers by the protocol of the published comparisons of flows: the last tenth of the rows is
 * for the test, the last tenth of the others for validation, and every column is shifted and scaled to mean 0 and
 * variance 1 over the rows that are not for the test.
 *
 * The order of the rows counts: shuffle them first if they are sorted.
 * @param table - `[columns]` per example; labels are left out
 * @throws ArgumentError if there are fewer than 10 rows, no column stays, or the table is not one of rows
 * @throws DomainError at the first column that is constant
 * @see Masked Autoregressive Flow for Density Estimation (Papamakarios et al., 2017), §4.2 and supplement D
 *
 * @example
 * ```ts
 * const { train, validation, test } = tableDataset(await csv('measurements.csv'), { name: 'measurements' });
 * ```
 */
export function tableDataset(table: Examples, options: TableDatasetOptions = {}): TableDataset {
  checkOptions('tableDataset', options, ['name', 'keepRow', 'mostRepeats']);
  const { name = 'table', keepRow, mostRepeats } = options;
  check(table.shape.length === 1, 'table.shape', 'to be [columns]', `[${table.shape.join(', ')}]`);
  const rows = columnsOf(rowsOf(table, keepRow), mostRepeats);
  check(rows.count >= 10, 'table', 'to have at least 10 rows that stay', String(rows.count));
  const test = rows.count - Math.floor(HELD_OUT * rows.count);
  const validation = test - Math.floor(HELD_OUT * test);
  const map = standardization(between(rows, 0, test));
  const normalized = standardize(rows, map);
  const parts = {
    train: between(normalized, 0, validation),
    validation: between(normalized, validation, test),
    test: between(normalized, test, rows.count),
  };
  return { ...dataset({ name, ...parts }), standardization: map };
}

/**
 * MINIBOONE as the published comparisons of flows have it: electron neutrinos in 43 dimensions, 29556 + 3284 + 3648 rows.
 *
 * @param path - a CSV file, gzipped or not, of the 36499 events of the first class of the UCI data set "MiniBooNE particle
 *   identification", 50 columns
 * @throws SerializationError, ArgumentError or DomainError as {@link csv} and {@link tableDataset}
 * @see Masked Autoregressive Flow for Density Estimation (Papamakarios et al., 2017), supplement D
 *
 * @example
 * ```ts
 * const { train, validation, test } = await miniboone('miniboone.csv.gz'); // 29556, 3284 and 3648 rows [43]
 * ```
 */
export async function miniboone(path: string): Promise<TableDataset> {
  // Eleven events failed in every measurement.
  return tableDataset(await csv(path), {
    name: 'miniboone',
    keepRow: (row) => row[0]! >= -100,
    mostRepeats: 5,
  });
}

function rowsOf(table: Examples, keepRow: TableDatasetOptions['keepRow']): Examples {
  const [width] = table.shape as [number];
  const all = Array.from({ length: table.count }, (_, row) => row);
  const row = (index: number) => table.values.subarray(index * width, (index + 1) * width);
  const { count, shape, values } = subset(table, keepRow ? all.filter((index) => keepRow(row(index))) : all);
  return { count, shape, values };
}

function columnsOf(table: Examples, mostRepeats = Infinity): Examples {
  const { count, values } = table;
  const [width] = table.shape as [number];
  const kept = Array.from({ length: width }, (_, column) => column).filter((column) => {
    let [smallest, repeats] = [Infinity, 0];
    for (let index = column; index < values.length; index += width) {
      const value = values[index]!;
      if (value < smallest) [smallest, repeats] = [value, 0];
      if (value === smallest) repeats++;
    }
    return repeats <= mostRepeats;
  });
  check(kept.length > 0, 'mostRepeats', 'to leave a column', String(mostRepeats));
  const left = new Float32Array(count * kept.length);
  for (let row = 0; row < count; row++) {
    kept.forEach((column, index) => {
      left[row * kept.length + index] = values[row * width + column]!;
    });
  }
  return { count, shape: [kept.length], values: left };
}

function between(rows: Examples, start: number, end: number): Examples {
  return subset(
    rows,
    Array.from({ length: end - start }, (_, index) => start + index),
  );
}

function check(holds: boolean, argument: string, expected: string, actual: string): void {
  if (!holds) throw new ArgumentError({ where: 'tableDataset', argument, expected, actual });
}
