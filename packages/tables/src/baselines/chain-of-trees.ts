import { ArgumentError, BaseModule } from '@dgm/core';
import type { NumberCodec } from '../codec/number-codec';
import type { ColumnCodec, TableCodec } from '../codec/table-codec';
import { record } from '../record';
import { logisticQuantile, type CellDistribution } from '../table/column-distribution';
import type { ChainQueries, RowModel } from '../table/row-model';
import { fittedHistogram, Histogram, type ColumnSplit } from './independent';
import { growTree, leafPath, MOST_DEPTH, type Target, type TreeNode } from './tree';
import { cellMixture, SortedValues, type MixturePart } from './tree-cell';

/**
 * A chain of trees: each column is predicted from the columns before it by a classification or regression tree.
 *
 * The probability of a value is a mixture of its shares among the training rows of the smallest nodes with at least 8, 40 and 200
 * rows, of logistic distributions about the means of these nodes for numbers, and of the column's histogram. The validation cells
 * choose the weights, by expectation maximization.
 *
 * Its file holds the cells of the training rows, by column in the order of the leaves.
 *
 * @see Classification and Regression Trees (Breiman, Friedman, Olshen and Stone, 1984); synthpop (Nowok, Raab and Dibben, 2016)
 *
 * @example
 * ```ts
 * const table = parseTextTable('kind,size\nash,3\noak,5\nash,4\noak,6\n');
 * const schema = inferSchema(table);
 * const typed = readCells(table, schema);
 * const codec = TableCodec.of(schema, typed, { maxBins: 12, minCount: 1, maxLevels: 8, protect: 1 });
 * const columns = codec.values(typed).map((values) => ({ train: values, validation: values }));
 * const model = new TableModel(ChainOfTrees.of(codec, columns));
 * ```
 */
export class ChainOfTrees extends BaseModule implements RowModel {
  readonly kind = 'trees';
  readonly likelihoodKind = 'exact';
  readonly #mixtures: readonly TreeMixture[];

  /** @param states - of each column */
  constructor(
    readonly codec: TableCodec,
    states: readonly TreeState[],
  ) {
    super();
    this.#mixtures = codec.columns.map((column, at) => new TreeMixture(column, states[at]!));
    record(this, 'chainOfTrees', [codec, JSON.stringify(states)]);
  }

  /**
   * Grows the trees.
   * @param columns - the values of each column
   */
  static of(codec: TableCodec, columns: readonly Pick<ColumnSplit, 'train' | 'validation'>[]): ChainOfTrees {
    const rows = columns[0]!.train.length;
    const most = Math.max(LEAST_ROWS, Math.floor(MOST_WORK / codec.width ** 2));
    const used = Math.min(rows, most, MOST_ROWS);
    const some = Int32Array.from({ length: used }, (_, at) => Math.floor((at * rows) / used));
    const values = columns.map(({ train }) => pick(train, some));
    const validation = columns.map((column) => column.validation.subarray(0, VALIDATION_ROWS));
    const features = values.map(sortable);
    const orders = features.map(sortedRows);
    const states = codec.columns.map((own, column): TreeState => {
      const tree =
        column === 0
          ? undefined
          : growTree(features.slice(0, column), orders.slice(0, column), targetOf(own, values[column]!));
      const { added } = fittedHistogram(own, { train: values[column]!, validation: validation[column]! });
      const grown = { added, ...treeState(tree, values[column]!) };
      const mixture = new TreeMixture(own, { ...grown, weights: [] });
      const cells = Array.from(validation[column]!, (value, row) =>
        mixture.parts(featuresOf(validation, row, column)).map((part) => part.of(clamped(own, value))),
      );
      return { ...grown, weights: mixtureWeights(cells) };
    });
    return new ChainOfTrees(codec, states);
  }

  /** The distributions of cells given those before them. */
  queries(): ChainQueries {
    return {
      sees: 'before',
      column: (column, { rows, chosen }, visit) => {
        for (let at = 0; at < chosen.length; at++) {
          visit(chosen[at]!, this.cell(rows.values, chosen[at]!, column), at);
        }
        return Promise.resolve();
      },
      dispose: () => undefined,
    };
  }

  /** The distribution of the cell of a row and column, given those before it. */
  cell(columns: readonly Float64Array[], row: number, column: number): CellDistribution {
    return this.#mixtures[column]!.cell(featuresOf(columns, row, column));
  }

  /** The mean nats of the cells of each column. */
  nats(columns: readonly Float64Array[]): readonly number[] {
    return columns.map(
      (values, column) =>
        -mean(Array.from(values, (value, row) => this.cell(columns, row, column).logProb(0, value))),
    );
  }
}

/**
 * The chain of trees of a codec and a JSON text, which is how a model file keeps them.
 * @throws ArgumentError if the text is not that of trees of the codec's columns
 * @see Classification and Regression Trees (Breiman, Friedman, Olshen and Stone, 1984); synthpop (Nowok, Raab and Dibben, 2016)
 *
 * @example
 * ```ts
 * const table = parseTextTable('kind,size\nash,3\noak,5\nash,4\noak,6\n');
 * const schema = inferSchema(table);
 * const codec = TableCodec.of(schema, readCells(table, schema), { maxBins: 12, minCount: 1, maxLevels: 8, protect: 1 });
 * const leaf = { added: 1, features: [], thresholds: [], sizes: [] };
 * const kinds = { ...leaf, weights: [1], values: [0, 1, 0, 1] };
 * const sizes = { ...leaf, weights: [1], values: [3, 5, 4, 6] };
 * const model = new TableModel(chainOfTrees(codec, JSON.stringify([kinds, sizes])));
 * ```
 */
export function chainOfTrees(codec: TableCodec, json: string): ChainOfTrees {
  const states: unknown = JSON.parse(json);
  if (
    Array.isArray(states) &&
    states.length === codec.width &&
    codec.columns.every((column, at) => isTreeState(states[at], column, at))
  ) {
    return new ChainOfTrees(codec, states as TreeState[]);
  }
  throw new ArgumentError({
    where: 'chainOfTrees',
    argument: 'json',
    expected: `to hold a tree for each of the ${codec.width} columns`,
    actual: json.slice(0, 60),
  });
}

/** The tree of a column as JSON keeps it. */
export interface TreeState {
  /** What is added to the counts of the histogram. */
  readonly added: number;
  /** Of the mixture: the histogram, then the nodes of each size. */
  readonly weights: readonly number[];
  /** The training cells in the order of the leaves; null where missing. */
  readonly values: readonly (number | null)[];
  /** The column that decides at each node in preorder, -1 at a leaf; empty without a tree. */
  readonly features: readonly number[];
  /** Of each split: rows with at most this value go to the low side; null if only missing ones do. */
  readonly thresholds: readonly (number | null)[];
  /** Of each split: how many training rows go to the low side. */
  readonly sizes: readonly number[];
}

/** Rows times the square of columns, so that the trees take seconds. */
const MOST_WORK = 1e7;
const LEAST_ROWS = 2000;
const MOST_ROWS = 1e5;
const VALIDATION_ROWS = 4000;

/** The least numbers of rows of the nodes that a mixture takes in. */
const SIZES = [8, 40, 200];
/** Scales of the logistic distributions, in standard deviations of a node's rows. */
const SCALES = [0.5, 1];

/** The components of a column's mixture, the histogram first. */
class TreeMixture {
  readonly #histogram: Histogram;
  readonly #tree: TreeNode | undefined;
  readonly #values: Float64Array;
  readonly #parts = new Map<TreeNode, readonly MixturePart[]>();

  constructor(
    private readonly codec: ColumnCodec,
    private readonly state: TreeState,
  ) {
    this.#values = Float64Array.from(state.values, (value) => value ?? NaN);
    this.#histogram = new Histogram(codec, this.#values);
    this.#histogram.added = state.added;
    this.#tree = treeOf(state);
  }

  cell(features: readonly number[]): CellDistribution {
    return cellMixture(this.codec, this.parts(features), this.state.weights);
  }

  /** What a cell is a mixture of. */
  parts(features: readonly number[]): readonly MixturePart[] {
    if (!this.#tree) return [this.#histogram];
    const path = leafPath(this.#tree, features);
    return [
      this.#histogram,
      ...SIZES.flatMap((size) =>
        this.#partsOf(path.filter(({ rows }) => rows.length >= size).at(-1) ?? path[0]!),
      ),
    ];
  }

  #partsOf(node: TreeNode): readonly MixturePart[] {
    let found = this.#parts.get(node);
    if (!found) this.#parts.set(node, (found = nodeParts(this.codec, pick(this.#values, node.rows))));
    return found;
  }
}

/** What a node's training rows say of a value: its share; for numbers also its masses under logistic distributions. */
function nodeParts(codec: ColumnCodec, values: Float64Array): readonly MixturePart[] {
  const shares = new Shares(codec, values);
  if (codec.kind !== 'number') return [shares];
  const places = [...values].filter((value) => !Number.isNaN(value)).map((value) => codec.axis(value));
  if (places.length === 0) return [shares, ...SCALES.map(() => shares)];
  const center = mean(places);
  const variance = mean(places.map((place) => (place - center) ** 2));
  const deviation = Math.sqrt(variance) * (1 + 1 / Math.sqrt(places.length));
  return [
    shares,
    ...SCALES.map((times) => {
      // A logistic distribution of scale s has the standard deviation s pi / sqrt(3).
      const scale = (times * deviation * Math.sqrt(3)) / Math.PI + LEAST_SCALE;
      return new LogisticPart(codec, { share: places.length / values.length, mean: center, scale });
    }),
  ];
}

/** The shares of the values themselves. */
class Shares implements MixturePart {
  readonly #counts = new Map<number, number>();
  #sorted: SortedValues | undefined;

  constructor(
    private readonly codec: ColumnCodec,
    private readonly values: Float64Array,
  ) {
    for (const value of values) {
      const cell = cellOf(codec, value);
      this.#counts.set(cell, (this.#counts.get(cell) ?? 0) + 1);
    }
  }

  of(value: number): number {
    return (this.#counts.get(cellOf(this.codec, value)) ?? 0) / this.values.length;
  }

  between(first: number, last: number): number {
    return this.#sortedValues().count(first, last) / this.values.length;
  }

  at(share: number, first: number, last: number): number {
    return this.#sortedValues().at(share, first, last);
  }

  #sortedValues(): SortedValues {
    return (this.#sorted ??= new SortedValues(this.values));
  }
}

/**
 * A logistic distribution on the axis of the values that are not missing. What lies beyond those of the column belongs to its first and
 * last.
 */
class LogisticPart implements MixturePart {
  constructor(
    private readonly codec: NumberCodec,
    /** `share`: of the rows that are not missing. */
    private readonly shape: { readonly share: number; readonly mean: number; readonly scale: number },
  ) {}

  of(value: number): number {
    return Number.isNaN(value) ? 1 - this.shape.share : this.between(value, value);
  }

  between(first: number, last: number): number {
    return this.shape.share * logisticMass(this.#low(first), this.#high(last));
  }

  at(share: number, first: number, last: number): number {
    const { mean, scale } = this.shape;
    const place = mean + scale * logisticQuantile(this.#low(first), this.#high(last), share);
    return Math.min(Math.max(this.codec.atAxis(place), first), last);
  }

  #low(first: number): number {
    return first <= this.codec.starts[0]! ? -Infinity : this.#place(first - 0.5);
  }

  #high(last: number): number {
    return last >= this.codec.ends.at(-1)! ? Infinity : this.#place(last + 0.5);
  }

  #place(value: number): number {
    return (this.codec.axis(value) - this.shape.mean) / this.shape.scale;
  }
}

/** On the axis, where a column has a standard deviation of 1. */
const LEAST_SCALE = 1e-6;

/** The mass between two places under the standard logistic distribution. The upper tail is mirrored, where 1 would take its digits. */
function logisticMass(low: number, high: number): number {
  const [a, b] = low > 0 ? [-high, -low] : [low, high];
  return 1 / (1 + Math.exp(-b)) - 1 / (1 + Math.exp(-a));
}

/** A tree as a state, and the training cells in the order of its leaves. */
function treeState(tree: TreeNode | undefined, values: Float64Array): Omit<TreeState, 'added' | 'weights'> {
  const state = {
    values: [] as (number | null)[],
    features: [] as number[],
    thresholds: [] as (number | null)[],
    sizes: [] as number[],
  };
  const write = (cells: Iterable<number>) => {
    for (const value of cells) state.values.push(Number.isNaN(value) ? null : value);
  };
  const visit = ({ rows, split }: TreeNode) => {
    state.features.push(split ? split.feature : -1);
    if (!split) return write(pick(values, rows));
    state.thresholds.push(split.threshold === -Infinity ? null : split.threshold);
    state.sizes.push(split.low.rows.length);
    visit(split.low);
    visit(split.high);
  };
  if (tree) visit(tree);
  else write(values);
  return state;
}

/** The tree of a state; the rows of a node are places among the state's values. */
function treeOf({ values, features, thresholds, sizes }: TreeState): TreeNode | undefined {
  if (features.length === 0) return undefined;
  const places = Int32Array.from(values.keys());
  let [nodes, splits] = [0, 0];
  const read = (start: number, end: number): TreeNode => {
    const node: TreeNode = { rows: places.subarray(start, end) };
    const feature = features[nodes++]!;
    if (feature < 0) return node;
    const [threshold, middle] = [thresholds[splits] ?? -Infinity, start + sizes[splits]!];
    splits++;
    node.split = { feature, threshold, low: read(start, middle), high: read(middle, end) };
    return node;
  };
  return read(0, values.length);
}

function isTreeState(value: unknown, codec: ColumnCodec, column: number): value is TreeState {
  if (typeof value !== 'object' || value === null) return false;
  const { added, weights, values, features, thresholds, sizes } = value as Partial<TreeState>;
  const isNumber = (part: unknown) => typeof part === 'number';
  const components = 1 + SIZES.length * (codec.kind === 'number' ? 1 + SCALES.length : 1);
  return (
    [weights, values, features, thresholds, sizes].every((list) => Array.isArray(list)) &&
    isNumber(added) &&
    added! > 0 &&
    weights!.every((weight) => isNumber(weight) && weight >= 0 && weight <= 1) &&
    values!.length > 0 &&
    values!.every((cell) => cell === null || isNumber(cell)) &&
    features!.every((feature) => Number.isInteger(feature) && feature >= -1 && feature < column) &&
    thresholds!.every((threshold) => threshold === null || isNumber(threshold)) &&
    weights!.length === (features!.length === 0 ? 1 : components) &&
    isPreorder(value as TreeState)
  );
}

/** Whether the splits are those of a tree, and leave rows on each side. */
function isPreorder({ values, features, thresholds, sizes }: TreeState): boolean {
  const splits = features.filter((feature) => feature >= 0).length;
  if (features.length === 0) return splits === sizes.length && thresholds.length === 0;
  if (features.length !== 2 * splits + 1 || sizes.length !== splits || thresholds.length !== splits)
    return false;
  const open = [{ rows: values.length, depth: 0 }];
  let split = 0;
  for (const feature of features) {
    const next = open.pop();
    if (!next || next.depth > MOST_DEPTH) return false;
    if (feature < 0) continue;
    const low = sizes[split++]!;
    if (!Number.isInteger(low) || low < 1 || low >= next.rows) return false;
    open.push({ rows: next.rows - low, depth: next.depth + 1 }, { rows: low, depth: next.depth + 1 });
  }
  return open.length === 0;
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

const clamped = (codec: ColumnCodec, value: number) => (codec.kind === 'number' ? codec.clamp(value) : value);

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
