import { ArgumentError, checkInteger, checkNumber, checkOptions } from '@dgm/core';

export interface BoostingOptions {
  /** The number of trees. @defaultValue 100 */
  readonly trees?: number;
  /** @defaultValue 0.1 */
  readonly learningRate?: number;
  /** The most leaves of a tree. @defaultValue 31 */
  readonly leaves?: number;
  /** The fewest rows of a leaf. @defaultValue 20 */
  readonly minRows?: number;
}

/** A sum of trees. */
export interface BoostedTrees {
  /** By a classifier the log-odds of the second class, by a regressor the number; `[n]`. */
  scores(columns: readonly Float64Array[]): Float64Array;
}

/**
 * Gradient boosting of the logistic loss with trees on binned features: each tree takes a Newton step, and grows where
 * the loss falls most, $\tfrac{G_l^2}{H_l} + \tfrac{G_r^2}{H_r} - \tfrac{G^2}{H}$ with sums $G, H$ of gradients $p - y$ and
 * curvatures $p (1 - p)$. Rounds and bins are those of scikit-learn's `HistGradientBoostingClassifier`.
 *
 * @param columns - features, `[n]` each; NaN where missing, which counts as smaller than all numbers
 * @param labels - 0 or 1, `[n]`
 * @throws ArgumentError if rows and labels are not equally many, or only one class occurs
 * @see Greedy function approximation: a gradient boosting machine (Friedman, 2001); LightGBM (Ke et al., 2017)
 *
 * @example
 * ```ts
 * const column = Float64Array.from({ length: 200 }, (_, row) => row % 10);
 * const labels = Uint8Array.from(column, (value) => Number(value > 4));
 * const classifier = boostedClassifier([column], labels, { trees: 20 });
 * classifier.scores([column]); // log-odds of 1 for each row
 * ```
 */
export function boostedClassifier(
  columns: readonly Float64Array[],
  labels: Uint8Array,
  options: BoostingOptions = {},
): BoostedTrees {
  const where = 'boostedClassifier';
  const checked = checkedOptions(where, options);
  const n = labels.length;
  const positives = labels.reduce((sum, label) => sum + label, 0);
  if (positives === 0 || positives === n || columns.some(({ length }) => length !== n)) {
    throw new ArgumentError({
      where,
      argument: 'labels',
      expected: 'to hold both classes, one label for each row',
      actual: `${positives} of ${n} in the second class`,
    });
  }
  const slope = (score: number, row: number) => {
    const p = 1 / (1 + Math.exp(-score));
    return [p - labels[row]!, p * (1 - p)] as const;
  };
  return boost(columns, { start: Math.log(positives / (n - positives)), slope }, checked);
}

/**
 * Gradient boosting of the squared error, as {@link boostedClassifier} does for classes. Rounds and bins are those of scikit-learn's
 * `HistGradientBoostingRegressor`.
 *
 * @param columns - features, `[n]` each; NaN where missing, which counts as smaller than all numbers
 * @param values - what to predict, `[n]`
 * @throws ArgumentError if rows and values are not equally many, or there are none
 *
 * @example
 * ```ts
 * const column = Float64Array.from({ length: 200 }, (_, row) => row % 10);
 * const regressor = boostedRegressor([column], column.map((value) => value ** 2), { trees: 20 });
 * regressor.scores([column]); // predictions for each row
 * ```
 */
export function boostedRegressor(
  columns: readonly Float64Array[],
  values: Float64Array,
  options: BoostingOptions = {},
): BoostedTrees {
  const where = 'boostedRegressor';
  const checked = checkedOptions(where, options);
  const n = values.length;
  if (n === 0 || columns.some(({ length }) => length !== n)) {
    const lengths = columns.map(({ length }) => length).join(', ');
    const expected = 'to hold a value for each row, of at least one';
    throw new ArgumentError({ where, argument: 'values', expected, actual: `${n} for ${lengths} rows` });
  }
  const start = values.reduce((sum, value) => sum + value, 0) / n;
  return boost(columns, { start, slope: (score, row) => [score - values[row]!, 1] }, checked);
}

function checkedOptions(where: string, options: BoostingOptions): Required<BoostingOptions> {
  checkOptions(where, options, ['trees', 'learningRate', 'leaves', 'minRows']);
  const { trees = 100, learningRate = 0.1, leaves = 31, minRows = 20 } = options;
  checkInteger(where, 'trees', trees);
  checkInteger(where, 'leaves', leaves, { min: 2 });
  checkInteger(where, 'minRows', minRows);
  checkNumber(where, 'learningRate', learningRate, { above: 0 });
  return { trees, learningRate, leaves, minRows };
}

interface Loss {
  /** The score that trees are added to. */
  readonly start: number;
  /** The derivative of a row's loss by its score, and the second one. */
  readonly slope: (score: number, row: number) => readonly [gradient: number, curvature: number];
}

function boost(
  columns: readonly Float64Array[],
  { start, slope }: Loss,
  { trees, learningRate, leaves, minRows }: Required<BoostingOptions>,
): BoostedTrees {
  const n = columns[0]?.length ?? 0;
  const thresholds = columns.map(binThresholds);
  const binned = (rows: readonly Float64Array[]) =>
    rows.map((column, at) => Uint8Array.from(column, (value) => binOf(thresholds[at]!, value)));
  const bins = binned(columns);
  const scores = new Float64Array(n).fill(start);
  const [gradients, curvatures] = [new Float64Array(n), new Float64Array(n)];
  const forest: Tree[] = [];
  for (let round = 0; round < trees; round++) {
    for (let row = 0; row < n; row++) [gradients[row], curvatures[row]] = slope(scores[row]!, row);
    const grower = new TreeGrower({ bins, gradients, curvatures }, { leaves, minRows });
    forest.push(
      grower.grow((rows, value) => {
        for (const row of rows) scores[row]! += learningRate * value;
      }),
    );
  }
  return {
    scores: (rows) => {
      const own = binned(rows);
      return Float64Array.from({ length: rows[0]?.length ?? 0 }, (_, row) =>
        forest.reduce((sum, tree) => sum + learningRate * valueAt(tree, own, row), start),
      );
    },
  };
}

type Tree =
  | { readonly value: number }
  | { readonly feature: number; readonly bin: number; readonly low: Tree; readonly high: Tree };

function valueAt(tree: Tree, bins: readonly Uint8Array[], row: number): number {
  let node = tree;
  while ('feature' in node) node = bins[node.feature]![row]! <= node.bin ? node.low : node.high;
  return node.value;
}

interface Rows {
  readonly bins: readonly Uint8Array[];
  readonly gradients: Float64Array;
  readonly curvatures: Float64Array;
}

interface Split {
  readonly gain: number;
  readonly feature: number;
  readonly bin: number;
}

/** A leaf that may still be split. */
interface Leaf {
  readonly rows: Int32Array;
  readonly histogram: Float64Array;
  readonly split: Split | undefined;
  readonly value: number;
  /** Puts a tree in the leaf's place. */
  readonly place: (tree: Tree) => void;
}

class TreeGrower {
  constructor(
    private readonly data: Rows,
    private readonly options: { readonly leaves: number; readonly minRows: number },
  ) {}

  /** @param take - called with the rows and the value of each leaf */
  grow(take: (rows: Int32Array, value: number) => void): Tree {
    let root: Tree = { value: 0 };
    const all = Int32Array.from({ length: this.data.gradients.length }, (_, row) => row);
    const open = [this.#leaf(all, this.#histogram(all), (tree) => (root = tree))];
    const done: Leaf[] = [];
    while (open.length > 0 && open.length + done.length < this.options.leaves) {
      const best = open.reduce((a, b) => ((b.split?.gain ?? 0) > (a.split?.gain ?? 0) ? b : a));
      open.splice(open.indexOf(best), 1);
      if (best.split) open.push(...this.#divide(best, best.split));
      else done.push(best);
    }
    for (const leaf of [...open, ...done]) {
      leaf.place({ value: leaf.value });
      take(leaf.rows, leaf.value);
    }
    return root;
  }

  #divide({ rows, histogram, place }: Leaf, { feature, bin }: Split): [Leaf, Leaf] {
    const of = this.data.bins[feature]!;
    const low = rows.filter((row) => of[row]! <= bin);
    const high = rows.filter((row) => of[row]! > bin);
    // The larger side's histogram is what the smaller one leaves.
    const smaller = this.#histogram(low.length < high.length ? low : high);
    const larger = histogram.map((value, at) => value - smaller[at]!);
    const [ofLow, ofHigh] = low.length < high.length ? [smaller, larger] : [larger, smaller];
    const sides: { low: Tree; high: Tree } = { low: { value: 0 }, high: { value: 0 } };
    const node = { feature, bin, ...sides };
    place(node);
    return [
      this.#leaf(low, ofLow, (tree) => (node.low = tree)),
      this.#leaf(high, ofHigh, (tree) => (node.high = tree)),
    ];
  }

  #leaf(rows: Int32Array, histogram: Float64Array, place: (tree: Tree) => void): Leaf {
    const [gradient, curvature] = this.#totals(histogram);
    return {
      rows,
      histogram,
      place,
      value: -gradient / (curvature + 1e-12),
      split: this.#bestSplit(histogram, [gradient, curvature, rows.length]),
    };
  }

  /** Sums of gradients, curvatures and rows by feature and bin. */
  #histogram(rows: Int32Array): Float64Array {
    const { bins, gradients, curvatures } = this.data;
    const histogram = new Float64Array(bins.length * BINS * 3);
    bins.forEach((of, feature) => {
      for (const row of rows) {
        const at = 3 * (feature * BINS + of[row]!);
        histogram[at]! += gradients[row]!;
        histogram[at + 1]! += curvatures[row]!;
        histogram[at + 2]! += 1;
      }
    });
    return histogram;
  }

  #totals(histogram: Float64Array): [gradient: number, curvature: number] {
    let [gradient, curvature] = [0, 0];
    for (let at = 0; at < BINS * 3; at += 3) {
      gradient += histogram[at]!;
      curvature += histogram[at + 1]!;
    }
    return [gradient, curvature];
  }

  #bestSplit(
    histogram: Float64Array,
    [gradient, curvature, count]: readonly [number, number, number],
  ): Split | undefined {
    const { minRows } = this.options;
    const own = gradient ** 2 / (curvature + 1e-12);
    let best: Split | undefined;
    for (let feature = 0; feature < this.data.bins.length; feature++) {
      let [g, h, n] = [0, 0, 0];
      for (let bin = 0; bin < BINS - 1; bin++) {
        const at = 3 * (feature * BINS + bin);
        if (histogram[at + 2] === 0) continue;
        g += histogram[at]!;
        h += histogram[at + 1]!;
        n += histogram[at + 2]!;
        if (n < minRows || h < LEAST_CURVATURE) continue;
        if (count - n < minRows || curvature - h < LEAST_CURVATURE) break;
        const gain = g ** 2 / h + (gradient - g) ** 2 / (curvature - h) - own;
        if (gain > (best?.gain ?? 1e-9)) best = { gain, feature, bin };
      }
    }
    return best;
  }
}

/** Bin 0 is for missing values. */
const BINS = 256;
const LEAST_CURVATURE = 1e-3;

/** Where bins end: between all distinct values, or at quantiles if there are many. */
function binThresholds(column: Float64Array): Float64Array {
  const sorted = column.filter((value) => !Number.isNaN(value)).sort();
  const distinct = sorted.filter((value, at) => at === 0 || value !== sorted[at - 1]);
  if (distinct.length <= BINS - 1) {
    return distinct.subarray(1).map((value, at) => (value + distinct[at]!) / 2);
  }
  const quantiles = Float64Array.from({ length: BINS - 2 }, (_, index) => {
    const at = ((index + 1) / (BINS - 1)) * (sorted.length - 1);
    return (sorted[Math.floor(at)]! + sorted[Math.ceil(at)]!) / 2;
  });
  return quantiles.filter((value, at) => at === 0 || value !== quantiles[at - 1]);
}

function binOf(thresholds: Float64Array, value: number): number {
  if (Number.isNaN(value)) return 0;
  let [first, last] = [0, thresholds.length];
  while (first < last) {
    const middle = (first + last) >> 1;
    if (thresholds[middle]! < value) first = middle + 1;
    else last = middle;
  }
  return first + 1;
}
