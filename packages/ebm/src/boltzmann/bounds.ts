import type { Generator } from '@dgm/core';
import type { Edge } from './graph';

/** The energy $-\sum_e w_e x_i x_j - b^\top x$ of bits, on the host. */
export interface PairwiseEnergy {
  readonly bias: ArrayLike<number>;
  readonly edges: readonly Edge[];
  /** Of each edge. */
  readonly weights: ArrayLike<number>;
}

/** Neighbours of each unit, with the weight of the edge between. */
type Adjacency = readonly (readonly { readonly unit: number; readonly weight: number }[])[];

const SWEEPS = 1000;
const CONVERGED = 1e-10;

/**
 * The mean-field bound from below: for independent bits of means q
 *
 * $$\ln Z \ge b^\top q + \sum_{ij} w_{ij} q_i q_j + \sum_i H(q_i)$$
 *
 * whose right-hand side each update $q_i = \sigma(b_i + \sum_j w_{ij} q_j)$ raises.
 */
export function meanFieldBound({ bias, edges, weights }: PairwiseEnergy): number {
  const neighbours = adjacency(bias.length, edges, weights);
  const means = Float64Array.from(bias, sigmoid);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let change = 0;
    neighbours.forEach((others, i) => {
      const field = others.reduce((sum, { unit, weight }) => sum + weight * means[unit]!, bias[i]!);
      change = Math.max(change, Math.abs(sigmoid(field) - means[i]!));
      means[i] = sigmoid(field);
    });
    if (change < CONVERGED) break;
  }
  const entropy = means.reduce((sum, q) => sum - xLogX(q) - xLogX(1 - q), 0);
  const linear = means.reduce((sum, q, i) => sum + bias[i]! * q, 0);
  return edges.reduce((sum, [i, j], e) => sum + weights[e]! * means[i]! * means[j]!, linear + entropy);
}

/**
 * The Bethe approximation: with the means q of units and $\xi$ of pairs, each of which has a law of its own,
 *
 * $$\ln Z_B = b^\top q + \sum_{ij} w_{ij} \xi_{ij} + \sum_{ij} H_{ij}(q_i, q_j, \xi_{ij}) - \sum_i (d_i - 1) H(q_i)$$
 *
 * for units of $d_i$ edges. The q are those of loopy belief propagation, and $\xi_{ij}$ makes the right-hand side the largest given them, so
 * that it is the Bethe free energy of a consistent set of laws even where messages have not converged.
 */
export function betheApproximation(energy: PairwiseEnergy): number {
  const { bias, edges, weights } = energy;
  const means = propagatedMeans(energy);
  const degrees = new Uint32Array(bias.length);
  let sum = 0;
  edges.forEach(([i, j], e) => {
    degrees[i]! += 1;
    degrees[j]! += 1;
    const [p, q] = [means[i]!, means[j]!];
    const both = pairMean(p, q, weights[e]!);
    const cells = [both, p - both, q - both, 1 - p - q + both];
    sum += weights[e]! * both - cells.reduce((total, cell) => total + xLogX(cell), 0);
  });
  return means.reduce(
    (total, q, i) => total + bias[i]! * q + (degrees[i]! - 1) * (xLogX(q) + xLogX(1 - q)),
    sum,
  );
}

/** The share of a message that is kept from sweep to sweep, without which messages can go back and forth. */
const DAMPING = 0.5;

/** $\mathbb E[x_i]$ by loopy belief propagation: exact where edges have no cycle. */
function propagatedMeans({ bias, edges, weights }: PairwiseEnergy): Float64Array {
  /** The log-odds that the two ends of an edge receive along it, [to j, to i]. */
  const messages = edges.map((): [number, number] => [0, 0]);
  const fields = Float64Array.from(bias);
  for (let sweep = 0, change = Infinity; sweep < SWEEPS && change > CONVERGED; sweep++) {
    change = 0;
    edges.forEach((ends, e) => {
      for (const side of [0, 1] as const) {
        const [from, to] = [ends[side]!, ends[1 - side]!];
        const field = fields[from]! - messages[e]![1 - side]!;
        const received = logAdd(0, field + weights[e]!) - logAdd(0, field);
        const moved = (1 - DAMPING) * (received - messages[e]![side]!);
        change = Math.max(change, Math.abs(moved));
        messages[e]![side] += moved;
        fields[to]! += moved;
      }
    });
  }
  return fields.map(sigmoid);
}

/** The mean of $x_i x_j$ in the law of two bits of given means and interaction whose entropy and energy are at their best. */
function pairMean(p: number, q: number, weight: number): number {
  const a = Math.expm1(weight);
  const r = 1 + a * (p + q);
  // The smaller root of a xi^2 - r xi + (1 + a) p q = 0, without the division by a.
  return (2 * (1 + a) * p * q) / (r + Math.sqrt(r * r - 4 * a * (1 + a) * p * q));
}

/**
 * A bound from above by convexity: the parameters are a mean over spanning trees T of parameters $\theta^T$ that are 0 at all edges
 * but those of T, so that
 *
 * $$\ln Z(\theta) \le \frac1T \sum_T \ln Z(\theta^T)$$
 *
 * each of which is exact by sums along the tree. Gradient descent makes the right-hand side the smallest over all such $\theta^T$: its
 * gradient is the means of the units and edges under each tree minus their mean over the trees. Of a tree it is exact.
 */
export function treeBound(
  { bias, edges, weights }: PairwiseEnergy,
  { trees, random, steps }: { readonly trees: number; readonly random: Generator; readonly steps: number },
): number {
  const counts = new Uint32Array(edges.length);
  const chosen: (readonly number[])[] = [];
  while (chosen.length < trees || counts.includes(0)) {
    const tree = spanningForest(bias.length, edges, { counts, random });
    for (const e of tree) counts[e]! += 1;
    chosen.push(tree);
  }
  const forests = chosen.map((tree) => rooted(bias.length, edges, tree));
  let current = forests.map(({ links }) => ({
    bias: Float64Array.from(bias),
    weights: Float64Array.from(links, ({ edge }) => (weights[edge]! * forests.length) / counts[edge]!),
  }));
  const boundOf = (parameters: typeof current) => {
    const sums = forests.map((forest, t) => sumsOf(forest, parameters[t]!));
    return { sums, bound: sums.reduce((sum, { logPartition }) => sum + logPartition / forests.length, 0) };
  };
  let { sums, bound } = boundOf(current);
  for (let [step, rate] = [0, 1]; step < steps && rate > SMALLEST_RATE; step++) {
    const unitMeans = Float64Array.from(bias, (_, i) => meanOf(sums, ({ units }) => units[i]!));
    const edgeMeans = new Float64Array(edges.length);
    forests.forEach(({ links }, t) =>
      links.forEach(({ edge }, k) => (edgeMeans[edge]! += sums[t]!.pairs[k]! / counts[edge]!)),
    );
    const next = current.map((parameters, t) => ({
      bias: parameters.bias.map((value, i) => value - rate * (sums[t]!.units[i]! - unitMeans[i]!)),
      weights: parameters.weights.map(
        (value, k) => value - rate * (sums[t]!.pairs[k]! - edgeMeans[forests[t]!.links[k]!.edge]!),
      ),
    }));
    const after = boundOf(next);
    if (after.bound < bound) {
      [current, sums, bound] = [next, after.sums, after.bound];
      rate *= 1.5;
    } else {
      rate *= 0.5;
    }
  }
  return bound;
}

/** Where a step of descent this small does not lower a bound, it is at its minimum but for rounding. */
const SMALLEST_RATE = 1e-6;

/** Edges without a cycle that connect all that edges connect (Kruskal): rare ones first, in random order. */
function spanningForest(
  size: number,
  edges: readonly Edge[],
  { counts, random }: { readonly counts: Uint32Array; readonly random: Generator },
): readonly number[] {
  const order = edges
    .map((_, e) => ({ e, rank: counts[e]! + random.uniform() }))
    .sort((a, b) => a.rank - b.rank);
  const parent = Array.from({ length: size }, (_, unit) => unit);
  const root = (unit: number): number => {
    let at = unit;
    while (parent[at] !== at) at = parent[at] = parent[parent[at]!]!;
    return at;
  };
  return order
    .filter(({ e }) => {
      const [i, j] = [root(edges[e]![0]), root(edges[e]![1])];
      parent[i] = j;
      return i !== j;
    })
    .map(({ e }) => e);
}

/** A graph without cycles: its roots, and every other unit after its parent. */
interface Forest {
  readonly size: number;
  readonly roots: readonly number[];
  readonly links: readonly { readonly unit: number; readonly parent: number; readonly edge: number }[];
}

/** @param tree - edges without a cycle, by their places among `edges` */
function rooted(size: number, edges: readonly Edge[], tree: readonly number[]): Forest {
  const neighbours = Array.from({ length: size }, () => [] as { unit: number; edge: number }[]);
  for (const edge of tree) {
    const [i, j] = edges[edge]!;
    neighbours[i]!.push({ unit: j, edge });
    neighbours[j]!.push({ unit: i, edge });
  }
  const seen = new Uint8Array(size);
  const [roots, links]: [number[], { unit: number; parent: number; edge: number }[]] = [[], []];
  for (let root = 0; root < size; root++) {
    if (seen[root]) continue;
    roots.push(root);
    const queue = [root];
    seen[root] = 1;
    for (const parent of queue) {
      for (const { unit, edge } of neighbours[parent]!) {
        if (seen[unit]) continue;
        seen[unit] = 1;
        links.push({ unit, parent, edge });
        queue.push(unit);
      }
    }
  }
  return { size, roots, links };
}

interface ForestSums {
  readonly logPartition: number;
  /** $\mathbb E[x_i]$, of each unit. */
  readonly units: Float64Array;
  /** $\mathbb E[x_i x_j]$, of each link. */
  readonly pairs: Float64Array;
}

/** Exact sums over all states of a forest, from the leaves to the roots and back (the sum-product algorithm). */
function sumsOf(
  { size, roots, links }: Forest,
  { bias, weights }: { readonly bias: Float64Array; readonly weights: Float64Array },
): ForestSums {
  // ln of the sum over all below a unit, for its values 0 and 1; then over all else as well.
  const [off, on] = [new Float64Array(size), Float64Array.from(bias)];
  // What a unit adds to its parent's.
  const [toOff, toOn] = [new Float64Array(links.length), new Float64Array(links.length)];
  for (let k = links.length - 1; k >= 0; k--) {
    const { unit, parent } = links[k]!;
    toOff[k] = logAdd(off[unit]!, on[unit]!);
    toOn[k] = logAdd(off[unit]!, on[unit]! + weights[k]!);
    off[parent]! += toOff[k]!;
    on[parent]! += toOn[k]!;
  }
  const logPartition = roots.reduce((sum, root) => sum + logAdd(off[root]!, on[root]!), 0);
  const pairs = new Float64Array(links.length);
  links.forEach(({ unit, parent }, k) => {
    const [restOff, restOn] = [off[parent]! - toOff[k]!, on[parent]! - toOn[k]!];
    const both = restOn + on[unit]! + weights[k]!;
    off[unit]! += logAdd(restOff, restOn);
    on[unit] = logAdd(on[unit]! + restOff, both);
    pairs[k] = Math.exp(both - logAdd(off[unit]!, on[unit]!));
  });
  return { logPartition, units: on.map((value, i) => sigmoid(value - off[i]!)), pairs };
}

function adjacency(size: number, edges: readonly Edge[], weights: ArrayLike<number>): Adjacency {
  const neighbours = Array.from({ length: size }, () => [] as { unit: number; weight: number }[]);
  edges.forEach(([i, j], e) => {
    neighbours[i]!.push({ unit: j, weight: weights[e]! });
    neighbours[j]!.push({ unit: i, weight: weights[e]! });
  });
  return neighbours;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const xLogX = (x: number): number => (x > 0 ? x * Math.log(x) : 0);
const meanOf = <T>(all: readonly T[], value: (each: T) => number): number =>
  all.reduce((sum, each) => sum + value(each), 0) / all.length;
const logAdd = (a: number, b: number): number => Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)));
