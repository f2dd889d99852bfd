import { checkInteger, checkThat, DomainError } from '@dgm/core';

/** What an entropy coder asks of a distribution over the symbols 0, 1, ..., n - 1: integer counts, cumulated. */
export interface SymbolTable {
  readonly numSymbols: number;
  /** The sum of all frequencies. */
  readonly total: number;
  /** The sum of the frequencies of all symbols before this one. */
  start(symbol: number): number;
  /** At least 1. */
  frequency(symbol: number): number;
  /** The symbol whose interval `[start, start + frequency)` contains an integer from 0 to `total - 1`. */
  find(slot: number): number;
}

export interface FrequencyOptions {
  /**
   * The frequencies sum to `2 ** precision`.
   * @defaultValue 16
   */
  readonly precision?: number;
}

/** The largest precision that the coders compute with exactly. */
export const MAX_PRECISION = 24;

/** Up to so many symbols a search from the front is faster than halving. */
const LINEAR_SEARCH = 8;

/**
 * Integer frequencies in proportion to probabilities. Every symbol gets 1, so that all can be coded; the rest is shared
 * out in proportion, rounded down, and what remains goes to the largest remainders, the first of equals first.
 *
 * The arithmetic is in doubles and in a fixed order: equal probabilities give equal frequencies on every machine.
 *
 * @param probabilities - need not sum to 1
 * @returns one frequency per symbol, which sum to `2 ** precision`
 * @throws ArgumentError if the precision is not an integer from 1 to 24, or too small for the number of symbols
 * @throws DomainError if a probability is negative or not finite, or if all are 0
 */
export function frequencies(
  probabilities: ArrayLike<number>,
  { precision = 16 }: FrequencyOptions = {},
): Uint32Array {
  const where = 'frequencies';
  checkInteger(where, 'precision', precision, { min: 1, max: MAX_PRECISION });
  const numSymbols = probabilities.length;
  const total = 2 ** precision;
  checkInteger(where, 'the number of symbols', numSymbols, { min: 1, max: total });
  let mass = 0;
  for (let symbol = 0; symbol < numSymbols; symbol++) {
    const probability = probabilities[symbol]!;
    if (!(probability >= 0 && probability < Infinity)) throw notProbability(symbol, probability);
    mass += probability;
  }
  if (!(mass > 0 && mass < Infinity)) throw notProbability('all', mass);
  const result = new Uint32Array(numSymbols);
  const remainders = new Float64Array(numSymbols);
  let left = total;
  for (let symbol = 0; symbol < numSymbols; symbol++) {
    const share = (probabilities[symbol]! / mass) * (total - numSymbols);
    const whole = Math.floor(share);
    result[symbol] = 1 + whole;
    remainders[symbol] = share - whole;
    left -= 1 + whole;
  }
  if (left > 0) giveToLargest(result, remainders, left);
  // Rounding can make the shares exceed the whole by a unit or two.
  for (; left < 0; left++) result[result.indexOf(largest(result))]!--;
  return result;
}

function giveToLargest(result: Uint32Array, remainders: Float64Array, left: number): void {
  const order = Array.from(remainders.keys()).sort((a, b) => remainders[b]! - remainders[a]! || a - b);
  for (let index = 0; index < left; index++) result[order[index % order.length]!]!++;
}

function largest(values: Uint32Array): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}

function notProbability(symbol: number | 'all', actual: number): DomainError {
  return new DomainError({
    where: 'frequencies',
    argument: symbol === 'all' ? 'the sum of the probabilities' : `probability ${symbol}`,
    expected: symbol === 'all' ? 'to be positive and finite' : 'to be a number of at least 0',
    actual: String(actual),
  });
}

/**
 * Fixed frequencies that sum to a power of two: what both rANS and the range coder take.
 *
 * @example
 * ```ts
 * const table = new FrequencyTable(frequencies([0.7, 0.2, 0.1], { precision: 12 })); // of three symbols
 * ```
 */
export class FrequencyTable implements SymbolTable {
  readonly numSymbols: number;
  readonly precision: number;
  readonly total: number;
  /** The start of each symbol's interval, and `total` at the end. */
  readonly cumulative: Uint32Array;

  /**
   * @param counts - positive integers that sum to a power of two of at most `2 ** 24`, as {@link frequencies} gives them
   * @throws ArgumentError if they are not
   */
  constructor(counts: ArrayLike<number>) {
    this.numSymbols = counts.length;
    this.cumulative = new Uint32Array(counts.length + 1);
    let total = 0;
    for (let symbol = 0; symbol < counts.length; symbol++) {
      checkInteger('FrequencyTable', `count ${symbol}`, counts[symbol]!);
      total += counts[symbol]!;
      this.cumulative[symbol + 1] = total;
    }
    this.total = total;
    this.precision = Math.round(Math.log2(total));
    checkThat('FrequencyTable', 'counts', 2 ** this.precision === total && this.precision <= MAX_PRECISION, {
      expected: `to sum to a power of two of at most 2 ** ${MAX_PRECISION}`,
      actual: String(total),
      remedy: 'quantize probabilities with frequencies()',
    });
  }

  /** The table of quantized probabilities: `new FrequencyTable(frequencies(probabilities, options))`. */
  static of(probabilities: ArrayLike<number>, options?: FrequencyOptions): FrequencyTable {
    return new FrequencyTable(frequencies(probabilities, options));
  }

  start(symbol: number): number {
    return this.cumulative[symbol]!;
  }

  frequency(symbol: number): number {
    return this.cumulative[symbol + 1]! - this.cumulative[symbol]!;
  }

  find(slot: number): number {
    const { cumulative } = this;
    let low = 0;
    let high = this.numSymbols;
    while (high - low > LINEAR_SEARCH) {
      const middle = (low + high) >>> 1;
      if (cumulative[middle]! <= slot) low = middle;
      else high = middle;
    }
    while (cumulative[low + 1]! <= slot) low++;
    return low;
  }
}

/** @throws ArgumentError unless the symbol is an integer from 0 to `numSymbols - 1` */
export function checkSymbol(where: string, symbol: number, { numSymbols }: SymbolTable): void {
  if (symbol >= 0 && symbol < numSymbols && Math.floor(symbol) === symbol) return;
  checkInteger(where, 'symbol', symbol, { min: 0, max: numSymbols - 1 });
}
