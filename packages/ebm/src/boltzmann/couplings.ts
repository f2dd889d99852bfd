import { ArgumentError, checkInteger } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { colourClasses, type Edge } from './graph';
import { eliminationOf, type Elimination } from './elimination';

/** Which units of a machine interact. Weights are a matrix `[size, size]`, of which the entries above the diagonal at the edges count. */
export class Couplings {
  readonly edges: readonly Edge[];
  /** Sets of units without an edge between them, which are drawn together: 1 at the members, `[size]` each. */
  readonly classes: readonly Float32Array[];
  readonly #size: number;
  readonly #levels: number;
  /** 1 above the diagonal at the edges, `[size, size]`. */
  readonly #mask: Float32Array;
  #elimination: { readonly found: Elimination | undefined } | undefined;

  /**
   * @param edges - pairs of units (`@defaultValue` every pair)
   * @throws ArgumentError for what are no pairs of different units
   */
  constructor(
    where: string,
    edges: readonly Edge[] | undefined,
    { size, levels }: { readonly size: number; readonly levels: number },
  ) {
    this.#size = size;
    this.#levels = levels;
    this.edges = checkedEdges(where, edges ?? allPairs(size), size);
    this.#mask = new Float32Array(size ** 2);
    for (const edge of this.edges) this.#mask[this.place(edge)] = 1;
    this.classes = colourClasses(size, this.edges).map((members) => {
      const indicator = new Float32Array(size);
      for (const unit of members) indicator[unit] = 1;
      return indicator;
    });
  }

  /** How to sum over all states exactly; undefined where that takes too long. */
  get elimination(): Elimination | undefined {
    this.#elimination ??= { found: eliminationOf(this.#size, this.edges, this.#levels) };
    return this.#elimination.found;
  }

  /** Where the weight of an edge is in the matrix, row by row. */
  place([i, j]: Edge): number {
    return Math.min(i, j) * this.#size + Math.max(i, j);
  }

  /** The weight of an edge, `[1, 1]`. */
  weight(weights: Tensor, edge: number): Tensor {
    const [i, j] = this.edges[edge]!;
    return tf.slice(weights, [Math.min(i, j), Math.max(i, j)], [1, 1]);
  }

  /** The symmetric matrix of weights, 0 where there is no edge. */
  symmetric(weights: Tensor): Tensor {
    const upper = tf.mul(weights, tf.tensor2d(this.#mask, [this.#size, this.#size]));
    return tf.add(upper, tf.transpose(upper));
  }
}

function checkedEdges(where: string, edges: readonly Edge[], size: number): readonly Edge[] {
  const refuse = (actual: string): ArgumentError =>
    new ArgumentError({ where, argument: 'edges', expected: 'to be pairs of different units', actual });
  if (!Array.isArray(edges)) throw refuse(typeof edges);
  for (const edge of edges as readonly Edge[]) {
    if (!Array.isArray(edge) || edge.length !== 2) throw refuse(JSON.stringify(edge));
    const [i, j] = edge as Edge;
    for (const unit of [i, j]) checkInteger(where, 'a unit of edges', unit, { min: 0, max: size - 1 });
    if (i === j) throw refuse(`[${i}, ${j}]`);
  }
  // A pair that is given twice interacts once.
  return [
    ...new Map(edges.map(([i, j]) => [Math.min(i, j) * size + Math.max(i, j), [i, j] as Edge])).values(),
  ];
}

function allPairs(size: number): readonly Edge[] {
  return Array.from({ length: size }, (_, j) => Array.from({ length: j }, (__, i): Edge => [i, j])).flat();
}
