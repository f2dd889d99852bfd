import { SerializationError } from '@dgm/core';
import { FrequencyTable } from '../coders/frequency-table';
import type { RangeDecoder, RangeEncoder } from '../coders/range-coder';
import { exp } from '../evaluator/functions';

const BIT = FrequencyTable.of([1, 1], { precision: 1 });
/** The number of bits of a distance, from 0 to 63. */
const LENGTH = FrequencyTable.of(new Array<number>(64).fill(1), { precision: 6 });

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

  /** @param value - an integer below 2^53 in size */
  encode(value: number, encoder: RangeEncoder): void {
    const escape = this.#table.numSymbols - 1;
    const symbol = value - this.#first;
    if (symbol >= 0 && symbol < escape) {
      encoder.encode(symbol, this.#table);
      return;
    }
    encoder.encode(escape, this.#table);
    const isBelow = symbol < 0;
    encoder.encode(isBelow ? 1 : 0, BIT);
    const distance = isBelow ? -1 - symbol : symbol - escape;
    const length = bitsOf(distance);
    encoder.encode(length, LENGTH);
    for (let bit = length - 1; bit >= 0; bit--) encoder.encode(Math.floor(distance / 2 ** bit) % 2, BIT);
  }

  /** @throws SerializationError if the message has no such integer */
  decode(decoder: RangeDecoder): number {
    const escape = this.#table.numSymbols - 1;
    const symbol = decoder.decode(this.#table);
    if (symbol < escape) return this.#first + symbol;
    const isBelow = decoder.decode(BIT) === 1;
    const length = decoder.decode(LENGTH);
    let distance = 0;
    for (let bit = 0; bit < length; bit++) distance = 2 * distance + decoder.decode(BIT);
    if (Number.isSafeInteger(distance)) return this.#first + (isBelow ? -1 - distance : escape + distance);
    throw new SerializationError({
      where: 'IntegerTable.decode',
      argument: 'the message',
      expected: 'to hold integers below 2 ** 53',
      actual: String(distance),
    });
  }
}

function bitsOf(value: number): number {
  let bits = 0;
  for (let rest = value; rest >= 1; rest = Math.floor(rest / 2)) bits++;
  return bits;
}

function sumOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
