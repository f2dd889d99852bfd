import { ArgumentError, checkOptions, DomainError } from '@dgm/core';
import { dataset, type Dataset, type Examples } from '../dataset';
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
 */
export function tableDataset(table: Examples, options: TableDatasetOptions = {}): Dataset {
  checkOptions('tableDataset', options, ['name', 'keepRow', 'mostRepeats']);
  const { name = 'table', keepRow, mostRepeats } = options;
  check(table.shape.length === 1, 'table.shape', 'to be [columns]', `[${table.shape.join(', ')}]`);
  const rows = columnsOf(rowsOf(table, keepRow), mostRepeats);
  check(rows.count >= 10, 'table', 'to have at least 10 rows that stay', String(rows.count));
  const test = rows.count - Math.floor(HELD_OUT * rows.count);
  const validation = test - Math.floor(HELD_OUT * test);
  const normalized = standardize(rows, test);
  return dataset({
    name,
    train: between(normalized, 0, validation),
    validation: between(normalized, validation, test),
    test: between(normalized, test, rows.count),
  });
}

/**
 * MINIBOONE as the published comparisons of flows have it: electron neutrinos in 43 dimensions, 29556 + 3284 + 3648 rows.
 *
 * @param path - a CSV file, gzipped or not, of the 36499 events of the first class of the UCI data set "MiniBooNE particle
 *   identification", 50 columns
 * @throws SerializationError, ArgumentError or DomainError as {@link csv} and {@link tableDataset}
 * @see Masked Autoregressive Flow for Density Estimation (Papamakarios et al., 2017), supplement D
 */
export async function miniboone(path: string): Promise<Dataset> {
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

/** Mean 0 and variance 1 in every column over the first rows; sums in doubles. */
function standardize({ count, shape, values }: Examples, first: number): Examples {
  const [width] = shape as [number];
  const normalized = new Float32Array(values.length);
  for (let column = 0; column < width; column++) {
    const at = (row: number) => values[row * width + column]!;
    let sum = 0;
    for (let row = 0; row < first; row++) sum += at(row);
    const mean = sum / first;
    let squares = 0;
    for (let row = 0; row < first; row++) squares += (at(row) - mean) ** 2;
    const std = Math.sqrt(squares / first);
    if (!(std > 0)) {
      throw new DomainError({
        where: 'tableDataset',
        argument: `column ${column}`,
        expected: 'to have more than one value',
        actual: `${mean} in every row`,
        remedy: 'leave it out, or give mostRepeats',
      });
    }
    for (let row = 0; row < count; row++) normalized[row * width + column] = (at(row) - mean) / std;
  }
  return { count, shape, values: normalized };
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
