import type { Examples, Key, MakeBatch } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D } from '@tensorflow/tfjs-core';
import type { NetworkLayout } from './layout';

/** Some rows with some of their cells hidden, and the cells to predict, gathered by column. */
export interface MaskedRows {
  /** What the network sees, see {@link SeenRows}. */
  readonly seen: SeenRows;
  /** The cells of numbers to predict. */
  readonly numbers?: NumberTargets;
  /** The cells of categories to predict. */
  readonly categories?: Targets;
}

/** What the network sees of `n` rows of `D` columns. */
export interface SeenRows {
  /** `[n, D]`, int32: which vector stands for each cell; one of each column stands for a hidden cell. */
  readonly codes: Tensor2D;
  /** `[n, 2 D]`: places on the axes, then 1 for each cell that is not hidden; 0 for hidden cells. */
  readonly features: Tensor2D;
}

/** `C` columns with room for `Q` cells each. */
export interface Targets {
  /** `[C, Q]`, int32: the row of each cell. */
  readonly rows: Tensor2D;
  /** `[C, Q]`, int32: the index of each cell. */
  readonly indices: Tensor2D;
  /** `[C, Q]`: how much a cell counts; 0 where there is none. They sum to about the number of rows times `D`. */
  readonly weights: Tensor2D;
}

/** The cells of a column of numbers, as bins and places in them. */
export interface NumberTargets extends Targets {
  /** `[C, Q]`: the lower edge and the width of each cell on the axis, and those of its bin. */
  readonly low: Tensor2D;
  readonly width: Tensor2D;
  readonly binLow: Tensor2D;
  readonly binWidth: Tensor2D;
}

/**
 * The shares of the rows by what is hidden of them. On the chain, the cells after one are hidden, and that one is predicted;
 * few: 1 to 3 cells are hidden at random; the rest: any number is, at random. All hidden cells are predicted then.
 */
const CHAIN = 0.3;
const FEW = 0.42;

/** The expected share of the rows in which a column is to be predicted. */
function targetShare(width: number): number {
  const few = (1 + Math.min(2, width) + Math.min(3, width)) / 3 / width;
  return CHAIN / width + FEW * few + (1 - CHAIN - FEW) * (0.5 + 0.5 / width);
}

/** Room for the cells of a column among `n` rows: three standard deviations above the expected number. */
export function capacityOf(n: number, width: number): number {
  const share = targetShare(width);
  return Math.min(n, Math.ceil(n * share + 3 * Math.sqrt(n * share * (1 - share))));
}

/**
 * Hides cells of rows at random, by the key of the batch.
 *
 * @example
 * ```ts
 * const table = parseTextTable('kind,size\nash,3\noak,5\nash,4\noak,6\n');
 * const options = { maxBins: 12, minCount: 1, maxLevels: 8, protect: 1 };
 * const schema = inferSchema(table);
 * const typed = readCells(table, schema);
 * const codec = TableCodec.of(schema, typed, options);
 * const network = new AnyOrderNetwork(codec, { hidden: 64, blocks: 2, key });
 * const train = codec.examples(codec.values(typed));
 * await fit(network, { train }, { key, optimizer, batchSize: 4, epochs: 100, batch: maskRows(network.layout) });
 * ```
 */
export function maskRows(layout: NetworkLayout): MakeBatch<MaskedRows> {
  const { width } = layout;
  return (examples, rows, { key }) => {
    const hidden = new Uint8Array(rows.length * width);
    const weights = new Float32Array(rows.length * width);
    const random = key.generator();
    const order = Int32Array.from({ length: width }, (_, column) => column);
    for (let row = 0; row < rows.length; row++) {
      const at = row * width;
      const u = random.uniform();
      if (u < CHAIN) {
        const next = random.below(width);
        hidden.fill(1, at + next, at + width);
        weights[at + next] = width;
        continue;
      }
      const most = u < CHAIN + FEW ? Math.min(3, width) : width;
      const count = 1 + random.below(most);
      for (let index = 0; index < count; index++) {
        const other = index + random.below(width - index);
        const column = order[other]!;
        order[other] = order[index]!;
        order[index] = column;
        hidden[at + column] = 1;
        weights[at + column] = width / count;
      }
    }
    return maskedRows(layout, examples, rows, { hidden, weights, key });
  };
}

interface Mask {
  /** `[rows, D]`, 1 for what the network does not see. */
  readonly hidden: Uint8Array;
  /** `[rows, D]`, more than 0 for what is predicted. */
  readonly weights: Float32Array;
  readonly key: Key;
}

function maskedRows(
  layout: NetworkLayout,
  examples: Examples,
  rows: Int32Array,
  { hidden, weights, key }: Mask,
): MaskedRows {
  const { width, numbers, categories } = layout;
  const cells = examples.values;
  const start = (row: number) => rows[row]! * 4 * width;
  // The order in which rows are looked at, so that those that find no room are others each time.
  const first = key.fold('first').generator().below(rows.length);
  const gather = (columns: readonly number[]) => {
    const capacity = capacityOf(rows.length, width);
    const size = columns.length * capacity;
    const [chosen, indices, weight] = [new Int32Array(size), new Int32Array(size), new Float32Array(size)];
    const [low, widths] = [new Float32Array(size), new Float32Array(size).fill(1)];
    columns.forEach((column, group) => {
      let at = group * capacity;
      const end = at + capacity;
      for (let step = 0; step < rows.length && at < end; step++) {
        const row = (first + step) % rows.length;
        if (weights[row * width + column] === 0) continue;
        const cell = start(row) + column;
        chosen[at] = row;
        weight[at] = weights[row * width + column]!;
        indices[at] = cells[cell]!;
        low[at] = cells[cell + 2 * width]!;
        widths[at++] = cells[cell + 3 * width]!;
      }
    });
    return { shape: [columns.length, capacity] as [number, number], chosen, indices, weight, low, widths };
  };
  const targetsOf = ({ shape, chosen, indices, weight }: ReturnType<typeof gather>): Targets => ({
    rows: tf.tensor2d(chosen, shape, 'int32'),
    indices: tf.tensor2d(indices, shape, 'int32'),
    weights: tf.tensor2d(weight, shape),
  });
  const numberTargets = (): NumberTargets => {
    const found = gather(numbers.columns);
    const { shape, indices, low, widths } = found;
    const [binLow, binWidth] = [new Float32Array(low.length), new Float32Array(low.length).fill(1)];
    indices.forEach((index, at) => {
      const codec = numbers.codecs[Math.floor(at / shape[1])]!;
      if (index >= codec.bins) {
        indices[at] = numbers.indices - 1;
        return;
      }
      binLow[at] = codec.edges[index]!;
      binWidth[at] = codec.edges[index + 1]! - codec.edges[index]!;
      // A bin of one integer: its cell and itself must be the same to the bit.
      if (codec.starts[index] === codec.ends[index]) [binLow[at], binWidth[at]] = [low[at]!, widths[at]!];
    });
    return {
      ...targetsOf(found),
      low: tf.tensor2d(low, shape),
      width: tf.tensor2d(widths, shape),
      binLow: tf.tensor2d(binLow, shape),
      binWidth: tf.tensor2d(binWidth, shape),
    };
  };
  return {
    seen: seenRows(
      layout,
      rows.length,
      (row, column) => hidden[row * width + column] === 1,
      (row, column) => {
        const cell = start(row) + column;
        return [cells[cell]!, cells[cell + width]!];
      },
    ),
    ...(numbers.columns.length > 0 && { numbers: numberTargets() }),
    ...(categories.columns.length > 0 && { categories: targetsOf(gather(categories.columns)) }),
  };
}

/**
 * What the network sees of rows.
 * @param isHidden - whether a cell is hidden
 * @param cellOf - the index and the place on the axis of a cell that is not
 */
export function seenRows(
  layout: NetworkLayout,
  count: number,
  isHidden: (row: number, column: number) => boolean,
  cellOf: (row: number, column: number) => readonly [index: number, place: number],
): SeenRows {
  const { width, offsets } = layout;
  const codes = new Int32Array(count * width);
  const features = new Float32Array(count * 2 * width);
  for (let row = 0; row < count; row++) {
    for (let column = 0; column < width; column++) {
      const at = row * width + column;
      if (isHidden(row, column)) {
        codes[at] = offsets[column]!;
        continue;
      }
      const [index, place] = cellOf(row, column);
      codes[at] = offsets[column]! + 1 + index;
      features[row * 2 * width + column] = place;
      features[row * 2 * width + width + column] = 1;
    }
  }
  return {
    codes: tf.tensor2d(codes, [count, width], 'int32'),
    features: tf.tensor2d(features, [count, 2 * width]),
  };
}
