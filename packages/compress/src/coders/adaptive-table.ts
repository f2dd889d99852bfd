import { checkInteger } from '@dgm/core';
import { checkSymbol } from './frequency-table';
import type { SymbolTable } from './frequency-table';

export interface AdaptiveTableOptions {
  readonly numSymbols: number;
  /**
   * What a symbol's count grows by each time it comes. All start at 1, so that more is a weaker prior: 2 is the estimate of
   * Krichevsky and Trofimov.
   * @defaultValue 2
   */
  readonly increment?: number;
  /**
   * All counts are halved when their sum passes this, so that what came long ago counts less.
   * @defaultValue 2 ** 22
   */
  readonly limit?: number;
}

/** The largest sum of counts. */
const MAX_LIMIT = 2 ** 24;

/**
 * Counts that follow the message: encoder and decoder call {@link AdaptiveTable.update} with each symbol and hold the same
 * counts. For the range coder, whose totals may be any number. Reading and updating take $O(\log n)$ (Fenwick tree).
 *
 * @throws ArgumentError for options out of their range
 *
 * @example
 * ```ts
 * const table = new AdaptiveTable({ numSymbols: 256 });
 * for (const byte of bytes) {
 *   encoder.encode(byte, table);
 *   table.update(byte);
 * }
 * ```
 */
export class AdaptiveTable implements SymbolTable {
  readonly numSymbols: number;
  readonly #counts: Uint32Array;
  /** Node i (from 1) holds the sum of the `i & -i` counts that end with count i - 1. */
  readonly #tree: Uint32Array;
  readonly #increment: number;
  readonly #limit: number;
  #total: number;

  constructor({ numSymbols, increment = 2, limit = 2 ** 22 }: AdaptiveTableOptions) {
    const where = 'AdaptiveTable';
    checkInteger(where, 'numSymbols', numSymbols, { min: 1, max: MAX_LIMIT / 4 });
    checkInteger(where, 'limit', limit, { min: 2 * numSymbols, max: MAX_LIMIT });
    checkInteger(where, 'increment', increment, { min: 1, max: limit / 2 });
    this.numSymbols = numSymbols;
    this.#increment = increment;
    this.#limit = limit;
    this.#counts = new Uint32Array(numSymbols).fill(1);
    this.#tree = new Uint32Array(numSymbols + 1);
    this.#total = this.#build();
  }

  get total(): number {
    return this.#total;
  }

  start(symbol: number): number {
    let sum = 0;
    for (let node = symbol; node > 0; node -= node & -node) sum += this.#tree[node]!;
    return sum;
  }

  frequency(symbol: number): number {
    return this.#counts[symbol]!;
  }

  find(slot: number): number {
    let node = 0;
    let rest = slot;
    for (let step = 2 ** Math.floor(Math.log2(this.numSymbols)); step >= 1; step /= 2) {
      const next = node + step;
      if (next > this.numSymbols || this.#tree[next]! > rest) continue;
      node = next;
      rest -= this.#tree[next]!;
    }
    return node;
  }

  /** Counts a symbol. */
  update(symbol: number): void {
    checkSymbol('AdaptiveTable.update', symbol, this);
    this.#counts[symbol]! += this.#increment;
    for (let node = symbol + 1; node <= this.numSymbols; node += node & -node) {
      this.#tree[node]! += this.#increment;
    }
    this.#total += this.#increment;
    if (this.#total <= this.#limit) return;
    for (let each = 0; each < this.numSymbols; each++) this.#counts[each] = (this.#counts[each]! + 1) >>> 1;
    this.#total = this.#build();
  }

  #build(): number {
    this.#tree.fill(0);
    let total = 0;
    for (let node = 1; node <= this.numSymbols; node++) {
      this.#tree[node]! += this.#counts[node - 1]!;
      total += this.#counts[node - 1]!;
      const parent = node + (node & -node);
      if (parent <= this.numSymbols) this.#tree[parent]! += this.#tree[node]!;
    }
    return total;
  }
}
