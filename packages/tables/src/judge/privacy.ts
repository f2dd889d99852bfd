import type { ColumnCodec } from '../codec/table-codec';

/** Rows by column, `[n]` each; NaN where missing. */
export type Columns = readonly Float64Array[];

/** The share of rows that equal one of other rows in all columns. */
export function copyShare(rows: Columns, others: Columns): number {
  const known = new Set(rowTexts(others));
  const texts = rowTexts(rows);
  return texts.filter((text) => known.has(text)).length / texts.length;
}

const rowTexts = (columns: Columns) =>
  Array.from(columns[0]!, (_, row) => columns.map((column) => column[row]).join());

/**
 * The share of drawn rows that are nearer to a training row than to any held-out row; ties count half. 0.5 if drawn rows are as
 * far from rows that the model was trained on as from others, more if the model repeats what it was trained on.
 *
 * The squared distance of two rows is the sum over columns of $(a - b)^2 / s^2$ for numbers, with the standard deviation $s$ of
 * training rows, and of 1 for levels that differ, and where one of the two is missing.
 *
 * @param codecs - of the columns, as `model.codec.columns`
 * @param drawn - rows of the model
 * @param rows - `train`: as many training rows as there are `heldOut` rows
 */
export function nearerShare(
  codecs: readonly ColumnCodec[],
  drawn: Columns,
  { train, heldOut }: { readonly train: Columns; readonly heldOut: Columns },
): number {
  const axes = codecs.map((codec, at) => (codec.kind === 'number' ? 1 / spread(train[at]!) : undefined));
  const count = drawn[0]!.length;
  let nearer = 0;
  for (let row = 0; row < count; row++) {
    const own = drawn.map((column) => column[row]!);
    const [toTrain, toHeldOut] = [train, heldOut].map((rows) => nearest(own, rows, axes)) as [number, number];
    nearer += toTrain === toHeldOut ? 0.5 : Number(toTrain < toHeldOut);
  }
  return nearer / count;
}

function nearest(own: readonly number[], rows: Columns, axes: readonly (number | undefined)[]): number {
  let best = Infinity;
  for (let row = 0; row < rows[0]!.length; row++) {
    let sum = 0;
    for (let column = 0; column < own.length && sum < best; column++) {
      const [a, b, scale] = [own[column]!, rows[column]![row]!, axes[column]];
      if (Number.isNaN(a) || Number.isNaN(b)) sum += Number(Number.isNaN(a) !== Number.isNaN(b));
      else sum += scale === undefined ? Number(a !== b) : ((a - b) * scale) ** 2;
    }
    best = Math.min(best, sum);
  }
  return best;
}

function spread(values: Float64Array): number {
  const present = values.filter((value) => !Number.isNaN(value));
  const mean = present.reduce((sum, value) => sum + value, 0) / present.length;
  const variance = present.reduce((sum, value) => sum + (value - mean) ** 2, 0) / present.length;
  return Math.sqrt(variance) || 1;
}
