import type { ColumnCodec } from '../codec/table-codec';
import { fittedHistogram, type ColumnSplit, type Histogram } from './independent';
import { growTree, leafPath, type Target, type TreeNode } from './tree';

/**
 * A chain of trees: each column is predicted from the columns before it by a classification or regression tree.
 *
 * The probability of a value is a mixture of its shares among the training rows of the smallest nodes with at least 8, 40 and 200
 * rows, of logistic distributions about the means of these nodes for numbers, and of the column's histogram. The validation cells
 * choose the weights, by expectation maximization.
 *
 * @see Classification and Regression Trees (Breiman, Friedman, Olshen and Stone, 1984); synthpop (Nowok, Raab and Dibben, 2016)
 */
export class ChainOfTrees {
  private constructor(
    private readonly mixtures: readonly TreeMixture[],
    private readonly weights: readonly (readonly number[])[],
  ) {}

  /** @param columns - all columns in order */
  static of(
    codecs: readonly ColumnCodec[],
    columns: readonly Pick<ColumnSplit, 'train' | 'validation'>[],
  ): ChainOfTrees {
    const rows = columns[0]!.train.length;
    const used = Math.min(rows, Math.max(LEAST_ROWS, Math.floor(MOST_WORK / codecs.length ** 2)));
    const some = Int32Array.from({ length: used }, (_, at) => Math.floor((at * rows) / used));
    const values = columns.map(({ train }) => pick(train, some));
    const validation = columns.map((column) => column.validation.subarray(0, VALIDATION_ROWS));
    const features = values.map(sortable);
    const orders = features.map(sortedRows);
    const mixtures = codecs.map((codec, column) => {
      const own = values[column]!;
      const tree =
        column === 0
          ? undefined
          : growTree(features.slice(0, column), orders.slice(0, column), targetOf(codec, own));
      return new TreeMixture(codec, fittedHistogram(codec, columns[column]!), { tree, values: own });
    });
    const weights = mixtures.map((mixture, column) => {
      const cells = Array.from(validation[column]!, (value, row) =>
        mixture.components(value, featuresOf(validation, row, column)),
      );
      return mixtureWeights(cells);
    });
    return new ChainOfTrees(mixtures, weights);
  }

  /** The probability of the cell of a row and column, given those before it. */
  probability(columns: readonly Float64Array[], row: number, column: number): number {
    const weights = this.weights[column]!;
    return this.mixtures[column]!.components(columns[column]![row]!, featuresOf(columns, row, column)).reduce(
      (sum, probability, at) => sum + weights[at]! * probability,
      0,
    );
  }

  /** The mean nats of the cells of each column. */
  nats(columns: readonly Float64Array[]): readonly number[] {
    return columns.map(
      (values, column) =>
        -mean(Array.from(values, (_, row) => Math.log(this.probability(columns, row, column)))),
    );
  }
}

/** Rows times the square of columns, so that the trees take seconds. */
const MOST_WORK = 1e7;
const LEAST_ROWS = 2000;
const VALIDATION_ROWS = 4000;

/** The least numbers of rows of the nodes that a mixture takes in. */
const SIZES = [8, 40, 200];
/** Scales of the logistic distributions, in standard deviations of a node's rows. */
const SCALES = [0.5, 1];

/** The components of a column's mixture, the histogram first. */
class TreeMixture {
  readonly #shares = new Map<TreeNode, NodeShares>();

  constructor(
    private readonly codec: ColumnCodec,
    private readonly histogram: Histogram,
    private readonly data: { readonly tree: TreeNode | undefined; readonly values: Float64Array },
  ) {}

  /** The probability of a value under each component. */
  components(value: number, features: readonly number[]): readonly number[] {
    const ofAll = this.histogram.probability(value);
    if (!this.data.tree) return [ofAll];
    const path = leafPath(this.data.tree, features);
    return [
      ofAll,
      ...SIZES.flatMap((size) => {
        const node = path.filter(({ rows }) => rows.length >= size).at(-1) ?? path[0]!;
        return this.#sharesOf(node).of(value);
      }),
    ];
  }

  #sharesOf(node: TreeNode): NodeShares {
    let found = this.#shares.get(node);
    if (!found)
      this.#shares.set(node, (found = new NodeShares(this.codec, pick(this.data.values, node.rows))));
    return found;
  }
}

/** What a node's training rows say of a value. */
class NodeShares {
  readonly #counts = new Map<number, number>();
  readonly #total: number;
  #present = 0;
  #mean = 0;
  #deviation = 0;

  constructor(
    private readonly codec: ColumnCodec,
    values: Float64Array,
  ) {
    this.#total = values.length;
    for (const value of values) {
      const cell = cellOf(codec, value);
      this.#counts.set(cell, (this.#counts.get(cell) ?? 0) + 1);
    }
    if (codec.kind !== 'number') return;
    const places = [...values].filter((value) => !Number.isNaN(value)).map((value) => codec.axis(value));
    this.#present = places.length;
    if (places.length === 0) return;
    this.#mean = mean(places);
    const variance = mean(places.map((place) => (place - this.#mean) ** 2));
    this.#deviation = Math.sqrt(variance) * (1 + 1 / Math.sqrt(places.length));
  }

  /** The value's share; for numbers also its masses under the logistic distributions. */
  of(value: number): readonly number[] {
    const share = (this.#counts.get(cellOf(this.codec, value)) ?? 0) / this.#total;
    if (this.codec.kind !== 'number') return [share];
    if (Number.isNaN(value) || this.#present === 0) return [share, ...SCALES.map(() => 0)];
    const [low, high] = [this.codec.axis(value - 0.5), this.codec.axis(value + 0.5)];
    const masses = SCALES.map((times) => {
      // A logistic distribution of scale s has the standard deviation s pi / sqrt(3).
      const scale = (times * this.#deviation * Math.sqrt(3)) / Math.PI + LEAST_SCALE;
      return logisticMass((low - this.#mean) / scale, (high - this.#mean) / scale);
    });
    return [share, ...masses.map((mass) => (mass * this.#present) / this.#total)];
  }
}

/** On the axis, where a column has a standard deviation of 1. */
const LEAST_SCALE = 1e-6;

/** The mass between two places under the standard logistic distribution. The upper tail is mirrored, where 1 would take its digits. */
function logisticMass(low: number, high: number): number {
  const [a, b] = low > 0 ? [-high, -low] : [low, high];
  return 1 / (1 + Math.exp(-b)) - 1 / (1 + Math.exp(-a));
}

/** What trees split by: classes, or places on the axis, where missing values lie below all others. */
function targetOf(codec: ColumnCodec, values: Float64Array): Target {
  if (codec.kind === 'category') {
    return { classes: Int32Array.from(values, (value) => codec.index(value)), count: codec.indices };
  }
  const places = values.map((value) => codec.axis(value));
  const least = places.reduce((low, place) => (place < low ? place : low), Infinity);
  return { places: places.map((place) => (Number.isNaN(place) ? least - 1 : place)) };
}

/** The weights of a mixture's components under which some cells are most probable, by expectation maximization. */
function mixtureWeights(cells: readonly (readonly number[])[]): readonly number[] {
  const count = cells[0]?.length ?? 1;
  let weights = new Array<number>(count).fill(1 / count);
  for (let round = 0; round < 100; round++) {
    const sums = new Array<number>(count).fill(0);
    for (const cell of cells) {
      let total = 0;
      for (let at = 0; at < count; at++) total += weights[at]! * cell[at]!;
      for (let at = 0; at < count; at++) sums[at]! += (weights[at]! * cell[at]!) / total;
    }
    if (cells.length > 0) weights = sums.map((sum) => sum / cells.length);
  }
  // Only the histogram gives every value a probability.
  return weights.map((weight, at) => 0.999 * weight + (at === 0 ? 0.001 : 0));
}

const cellOf = (codec: ColumnCodec, value: number) =>
  codec.kind === 'category' ? codec.index(value) : Number.isNaN(value) ? -Infinity : value;

/** Missing values come before all others. */
const sortable = (values: Float64Array) => values.map(sortableValue);
const sortableValue = (value: number) => (Number.isNaN(value) ? -Infinity : value);

const featuresOf = (columns: readonly Float64Array[], row: number, column: number) =>
  columns.slice(0, column).map((values) => sortableValue(values[row]!));

function sortedRows(values: Float64Array): Int32Array {
  return Int32Array.from(values.keys()).sort((a, b) => values[a]! - values[b]! || a - b);
}

const pick = (values: Float64Array, rows: Int32Array) => Float64Array.from(rows, (row) => values[row]!);

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
