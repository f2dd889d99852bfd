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
 * A bound from above by convexity: the weights are a mean over random spanning trees T of weights that are $w_e / \rho_e$ on the edges
 * of T and 0 elsewhere, where $\rho_e$ is the share of trees with edge e, so that
 *
 * $$\ln Z(w) \le \frac1T \sum_T \ln Z(w^T)$$
 *
 * each of which is exact by sums along the tree. Of a tree it is exact.
 */
export function treeBound(
  { bias, edges, weights }: PairwiseEnergy,
  { trees, random }: { readonly trees: number; readonly random: Generator },
): number {
  const counts = new Uint32Array(edges.length);
  const forests: (readonly number[])[] = [];
  while (forests.length < trees || counts.includes(0)) {
    const forest = spanningForest(bias.length, edges, { counts, random });
    for (const e of forest) counts[e]! += 1;
    forests.push(forest);
  }
  const bounds = forests.map((forest) => {
    const scaled = forest.map((e) => (weights[e]! * forests.length) / counts[e]!);
    return logPartitionOfForest(
      bias,
      adjacency(
        bias.length,
        forest.map((e) => edges[e]!),
        scaled,
      ),
    );
  });
  return bounds.reduce((sum, bound) => sum + bound / forests.length, 0);
}

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

/** $\ln Z$ of a graph without cycles, by sums from the leaves to a root of each tree. */
function logPartitionOfForest(bias: ArrayLike<number>, neighbours: Adjacency): number {
  const [seen, order, from] = [new Set<number>(), [] as number[], new Map<number, number>()];
  const roots: number[] = [];
  neighbours.forEach((_, start) => {
    if (seen.has(start)) return;
    roots.push(start);
    seen.add(start);
    for (let at = order.push(start) - 1; at < order.length; at++) {
      for (const { unit } of neighbours[order[at]!]!) {
        if (seen.has(unit)) continue;
        seen.add(unit);
        from.set(unit, order[at]!);
        order.push(unit);
      }
    }
  });
  // ln of the sum over all below a unit, for its values 0 and 1.
  const below = Array.from(bias, (value) => [0, value]);
  for (const unit of order.reverse()) {
    const parent = from.get(unit);
    if (parent === undefined) continue;
    const { weight } = neighbours[unit]!.find((other) => other.unit === parent)!;
    const [off, on] = below[unit]! as [number, number];
    below[parent]![0]! += logAdd(off, on);
    below[parent]![1]! += logAdd(off, on + weight);
  }
  return roots.reduce((sum, unit) => sum + logAdd(below[unit]![0]!, below[unit]![1]!), 0);
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
const logAdd = (a: number, b: number): number => Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)));
