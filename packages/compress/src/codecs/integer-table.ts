import { BIT, codeNatural } from '../coders/coder';
import type { Coder } from '../coders/coder';
import { FrequencyTable } from '../coders/frequency-table';
import { exp } from '../evaluator/functions';

/**
 * A code for all integers: those with a probability of at least `2 ** -precision`, and those between, have symbols. Others are
 * an escape symbol, a bit for the side, and their distance from the table: its number of bits and its bits.
 */
export class IntegerTable {
  /** The probability of all integers that were not given. */
  readonly outside: number;
  /** The integer of symbol 0. */
  readonly #first: number;
  /** The last symbol is the escape. */
  readonly #table: FrequencyTable;

  /**
   * @param logProb - of the integers from `first` on
   * @param options - `precision`: frequencies are multiples of `2 ** -precision`
   */
  constructor(
    logProb: ArrayLike<number>,
    { first, precision }: { readonly first: number; readonly precision: number },
  ) {
    const probabilities = Float64Array.from(logProb, exp);
    this.outside = 1 - sumOf(probabilities);
    const isCommon = (probability: number): boolean => probability >= 2 ** -precision;
    const start = Math.max(0, probabilities.findIndex(isCommon));
    let end = probabilities.length;
    while (end > start && !isCommon(probabilities[end - 1]!)) end--;
    const common = probabilities.subarray(start, end);
    this.#first = first + start;
    this.#table = FrequencyTable.of([...common, Math.max(0, 1 - sumOf(common))], { precision });
  }

  /**
   * @param value - an integer below 2^53 in size
   * @throws SerializationError if a message has no such integer
   */
  code(coder: Coder, value: number): number {
    const escape = this.#table.numSymbols - 1;
    const own = value - this.#first;
    const symbol = coder(own >= 0 && own < escape ? own : escape, this.#table);
    if (symbol < escape) return this.#first + symbol;
    const isBelow = coder(own < 0 ? 1 : 0, BIT) === 1;
    const distance = codeNatural(coder, own < 0 ? -1 - own : own - escape);
    return this.#first + (isBelow ? -1 - distance : escape + distance);
  }
}

function sumOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
