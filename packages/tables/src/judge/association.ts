import type { ColumnCodec } from '../codec/table-codec';

/** The class of each row, from 0. */
export interface Classes {
  readonly of: Int32Array;
  readonly count: number;
}

/**
 * How strongly two columns depend on each other: Cramér's V of their classes with the correction of its bias, 0 if they are
 * independent and 1 if each follows from the other,
 *
 * $$V = \sqrt{\frac{\max(0, \phi^2 - (r - 1)(k - 1) / (n - 1))}{\min(\tilde r, \tilde k) - 1}}, \quad
 *   \tilde r = r - \frac{(r - 1)^2}{n - 1}, \quad \tilde k = k - \frac{(k - 1)^2}{n - 1},$$
 *
 * with $\phi^2 = \chi^2 / n$ of $n$ rows and the $r$ and $k$ classes that occur.
 *
 * @see A bias-correction for Cramér's V and Tschuprow's T (Bergsma, 2013)
 */
export function association(a: Classes, b: Classes): number {
  const n = a.of.length;
  const [rows, columns] = [new Float64Array(a.count), new Float64Array(b.count)];
  const both = new Float64Array(a.count * b.count);
  for (let row = 0; row < n; row++) {
    rows[a.of[row]!]!++;
    columns[b.of[row]!]!++;
    both[a.of[row]! * b.count + b.of[row]!]!++;
  }
  // chi^2 / n = sum n_ij^2 / (n_i n_j) - 1
  let square = -1;
  both.forEach((count, at) => {
    if (count > 0) square += count ** 2 / (rows[Math.floor(at / b.count)]! * columns[at % b.count]!);
  });
  const [r, k] = [rows, columns].map((counts) => counts.filter((count) => count > 0).length) as [
    number,
    number,
  ];
  const corrected = (size: number) => size - (size - 1) ** 2 / (n - 1);
  const most = Math.min(corrected(r), corrected(k)) - 1;
  if (most <= 0) return 0;
  return Math.sqrt(Math.min(1, Math.max(0, square - ((r - 1) * (k - 1)) / (n - 1)) / most));
}

/**
 * Sorts the values of a column into classes: its levels, or ten ranges that hold equally many rows of the real table, and one
 * for missing values.
 *
 * @param real - the values that decide where ranges end
 */
export function classifier(codec: ColumnCodec, real: Float64Array): (values: Float64Array) => Classes {
  if (codec.kind === 'category') {
    return (values) => ({ of: Int32Array.from(values, (value) => codec.index(value)), count: codec.indices });
  }
  const sorted = real.filter((value) => !Number.isNaN(value)).sort();
  const ends = Array.from(
    { length: RANGES - 1 },
    (_, at) => sorted[Math.floor(((at + 1) * sorted.length) / RANGES)]!,
  );
  const classOf = (value: number) =>
    Number.isNaN(value) ? RANGES : ends.filter((end) => value >= end).length;
  return (values) => ({ of: Int32Array.from(values, classOf), count: RANGES + 1 });
}

const RANGES = 10;
