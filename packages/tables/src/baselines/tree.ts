/** What a tree predicts: a class of each row, or a place on an axis. */
export type Target =
  { readonly classes: Int32Array; readonly count: number } | { readonly places: Float64Array };

/** A node with the training rows that reach it. */
export interface TreeNode {
  readonly rows: Int32Array;
  /** Where rows go from here; undefined in a leaf. */
  split?: {
    readonly feature: number;
    /** Rows with at most this value go to `low`. */
    readonly threshold: number;
    readonly low: TreeNode;
    readonly high: TreeNode;
  };
}

/**
 * Grows a tree by splits that leave the least Gini impurity, or the least variance for places, until nodes are pure or too small.
 *
 * @param features - by column, without NaN
 * @param orders - the rows sorted by each feature
 */
export function growTree(
  features: readonly Float64Array[],
  orders: readonly Int32Array[],
  target: Target,
): TreeNode {
  const isLow = new Uint8Array(features[0]!.length);
  const root: TreeNode = { rows: orders[0]! };
  const open = [{ node: root, orders, depth: 0 }];
  for (let next = open.pop(); next; next = open.pop()) {
    const { node, orders: sorted, depth } = next;
    if (node.rows.length < 2 * LEAST_LEAF || depth === MOST_DEPTH) continue;
    const best = bestSplit(features, sorted, target);
    if (!best) continue;
    const { feature, size } = best;
    sorted[feature]!.forEach((row, at) => (isLow[row] = at < size ? 1 : 0));
    const halves = sorted.map((order) => partition(order, isLow, size));
    const [low, high] = [0, 1].map((side) => ({ rows: halves[feature]![side]! })) as [TreeNode, TreeNode];
    const threshold = features[feature]![sorted[feature]![size - 1]!]!;
    node.split = { feature, threshold, low, high };
    open.push({ node: low, orders: halves.map((half) => half[0]), depth: depth + 1 });
    open.push({ node: high, orders: halves.map((half) => half[1]), depth: depth + 1 });
  }
  return root;
}

const LEAST_LEAF = 8;
/** The most splits on the way to a leaf. */
export const MOST_DEPTH = 40;

/** The nodes on a row's way from the root to its leaf. */
export function leafPath(root: TreeNode, features: readonly number[]): readonly TreeNode[] {
  const path = [root];
  for (let { split } = root; split; split = path.at(-1)!.split) {
    path.push(features[split.feature]! <= split.threshold ? split.low : split.high);
  }
  return path;
}

interface Split {
  readonly feature: number;
  /** How many rows go low. */
  readonly size: number;
}

function bestSplit(
  features: readonly Float64Array[],
  orders: readonly Int32Array[],
  target: Target,
): Split | undefined {
  const gains =
    'classes' in target ? new GiniGains(target, orders[0]!) : new VarianceGains(target, orders[0]!);
  let best: (Split & { readonly gain: number }) | undefined;
  features.forEach((values, feature) => {
    const order = orders[feature]!;
    gains.reset();
    for (let size = 1; size <= order.length - LEAST_LEAF; size++) {
      const gain = gains.moveLow(order[size - 1]!, size);
      if (size < LEAST_LEAF || values[order[size - 1]!] === values[order[size]!]) continue;
      if (gain > (best?.gain ?? gains.least)) best = { feature, size, gain };
    }
  });
  return best;
}

/** $\sum_c n_{lc}^2 / n_l + \sum_c n_{rc}^2 / n_r$, the larger the purer both sides are. */
class GiniGains {
  readonly least: number;
  readonly #all: Float64Array;
  readonly #low: Float64Array;
  #ofLow = 0;
  #ofHigh = 0;
  readonly #ofAll: number;

  constructor(
    private readonly target: { readonly classes: Int32Array; readonly count: number },
    private readonly rows: Int32Array,
  ) {
    this.#all = new Float64Array(target.count);
    this.#low = new Float64Array(target.count);
    for (const row of rows) this.#all[target.classes[row]!]!++;
    this.#ofAll = this.#all.reduce((sum, n) => sum + n * n, 0);
    this.least = this.#ofAll / rows.length + 1e-9 * rows.length;
  }

  reset(): void {
    this.#low.fill(0);
    [this.#ofLow, this.#ofHigh] = [0, this.#ofAll];
  }

  /** Takes a row to the low side, which then has `size` rows. */
  moveLow(row: number, size: number): number {
    const at = this.target.classes[row]!;
    const low = this.#low[at]!;
    const high = this.#all[at]! - low;
    this.#low[at] = low + 1;
    this.#ofLow += 2 * low + 1;
    this.#ofHigh -= 2 * high - 1;
    return this.#ofLow / size + this.#ofHigh / (this.rows.length - size);
  }
}

/** $S_l^2 / n_l + S_r^2 / n_r$ with sums $S$ of places about their mean, the larger the less variance is left. */
class VarianceGains {
  readonly least: number;
  readonly #mean: number;
  #low = 0;

  constructor(
    private readonly target: { readonly places: Float64Array },
    private readonly rows: Int32Array,
  ) {
    const { places } = target;
    this.#mean = rows.reduce((sum, row) => sum + places[row]!, 0) / rows.length;
    const squares = rows.reduce((sum, row) => sum + (places[row]! - this.#mean) ** 2, 0);
    this.least = 1e-9 * squares + 1e-12;
  }

  reset(): void {
    this.#low = 0;
  }

  moveLow(row: number, size: number): number {
    this.#low += this.target.places[row]! - this.#mean;
    // The sums about the mean of both sides are each other's negative.
    return this.#low ** 2 * (1 / size + 1 / (this.rows.length - size));
  }
}

/** The rows that go low and those that go high, each in their order. */
function partition(order: Int32Array, isLow: Uint8Array, size: number): readonly [Int32Array, Int32Array] {
  const [low, high] = [new Int32Array(size), new Int32Array(order.length - size)];
  let [toLow, toHigh] = [0, 0];
  for (const row of order) {
    if (isLow[row] === 1) low[toLow++] = row;
    else high[toHigh++] = row;
  }
  return [low, high];
}
