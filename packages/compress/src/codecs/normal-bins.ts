import type { SymbolTable } from '../coders/frequency-table';
import { erfc } from '../evaluator/functions';

const ROOT_TWO = 1.4142135623730951;

/** $\Phi(x)$, with all its digits in the lower tail. */
export function normalCdf(x: number): number {
  return erfc(-x / ROOT_TWO) / 2;
}

/** The x with $\Phi(x) = p$, for p in (0, 1/2], by halving an interval: 60 times, whatever p is. */
function normalQuantile(p: number): number {
  let [low, high] = [-40, 0];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (normalCdf(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The real line in `2 ** bits` bins of equal mass under the standard normal distribution. */
export interface NormalBins {
  readonly bits: number;
  /** The lower edges of the bins, and Infinity. */
  readonly edges: Float64Array;
  /** A point in each bin: its median. */
  readonly centers: Float64Array;
}

export function normalBins(bits: number): NormalBins {
  const known = made.get(bits) ?? makeBins(bits);
  made.set(bits, known);
  return known;
}

/** Quantiles take a while. */
const made = new Map<number, NormalBins>();

function makeBins(bits: number): NormalBins {
  const count = 2 ** bits;
  const edges = new Float64Array(count + 1);
  const centers = new Float64Array(count);
  edges[0] = -Infinity;
  edges[count] = Infinity;
  for (let bin = 0; bin < count / 2; bin++) {
    if (bin > 0) {
      edges[bin] = normalQuantile(bin / count);
      edges[count - bin] = -edges[bin]!;
    }
    centers[bin] = normalQuantile((bin + 0.5) / count);
    centers[count - 1 - bin] = -centers[bin]!;
  }
  return { bits, edges, centers };
}

/** All frequencies sum to this: so fine that a bin of little mass costs little of it. */
const TOTAL = 2 ** 24;

/**
 * A normal distribution over such bins, for an entropy coder. Every bin has a least frequency and its share of the rest; sums
 * are computed where they are asked for, as there are many bins.
 */
export class BinnedNormal implements SymbolTable {
  readonly numSymbols: number;
  readonly total = TOTAL;
  readonly #edges: Float64Array;
  readonly #mean: number;
  readonly #std: number;
  readonly #least: number;

  /** @param least - 1 for bins that are pushed, which may be any; 0 for bins that are only drawn, so that none is improbable */
  constructor({ edges }: NormalBins, mean: number, std: number, least: 0 | 1 = 1) {
    this.numSymbols = edges.length - 1;
    this.#edges = edges;
    this.#mean = mean;
    this.#std = std;
    this.#least = least;
  }

  start(bin: number): number {
    const below = normalCdf((this.#edges[bin]! - this.#mean) / this.#std);
    return this.#least * bin + Math.floor(below * (TOTAL - this.#least * this.numSymbols));
  }

  frequency(bin: number): number {
    return this.start(bin + 1) - this.start(bin);
  }

  find(slot: number): number {
    let [low, high] = [0, this.numSymbols];
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (this.start(middle) <= slot) low = middle;
      else high = middle;
    }
    return low;
  }
}
