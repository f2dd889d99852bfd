import { ArgumentError } from '@dgm/core';
import { UNIFORM_SHARE } from '../model/layout';
import type { ColumnCodec } from './table-codec';

/** An interval of (0, 1), with what lies below and above it: each is exact where it is small. */
export interface Interval {
  readonly below: number;
  readonly width: number;
  readonly above: number;
}

/**
 * A column's distribution function over the training rows: each value has an interval of (0, 1) as wide as its share, in the order of
 * the values, missing last. The integers of a bin share its interval evenly. The intervals of all values fill (0, 1).
 */
export class ColumnShares {
  /** Of each index. */
  readonly #below: Float64Array;
  readonly #above: Float64Array;
  readonly #shares: Float64Array;

  /**
   * @param shares - of each index of the codec, missing last; they are divided by their sum
   * @throws ArgumentError if they are not positive, or not as many as the codec has indices
   */
  constructor(
    private readonly codec: ColumnCodec,
    shares: readonly number[],
  ) {
    if (shares.length !== codec.indices || !shares.every((share) => share > 0 && share < Infinity)) {
      throw new ArgumentError({
        where: 'ColumnShares',
        argument: 'shares',
        expected: `to be ${codec.indices} numbers above 0`,
        actual: JSON.stringify(shares).slice(0, 60),
      });
    }
    const total = shares.reduce((sum, share) => sum + share, 0);
    this.#shares = Float64Array.from(shares, (share) => share / total);
    this.#below = cumulated(this.#shares);
    this.#above = cumulated(this.#shares.slice().reverse()).reverse();
  }

  /** The shares of training values, half a row added to each; what does not occur has a ten-thousandth of all. */
  static count(codec: ColumnCodec, values: Float64Array): readonly number[] {
    const counts = new Array<number>(codec.indices).fill(0);
    for (const value of values) counts[codec.index(value)]!++;
    const rare = Math.max(UNIFORM_SHARE * values.length, 1e-3);
    return counts.map((count) => (count > 0 ? count + 0.5 : rare));
  }

  interval(value: number): Interval {
    const { codec } = this;
    const inside = codec.kind === 'number' ? codec.clamp(value) : value;
    const index = codec.index(inside);
    const [below, share, above] = [this.#below[index]!, this.#shares[index]!, this.#above[index]!];
    if (codec.kind === 'category' || index >= codec.bins) return { below, width: share, above };
    const [first, last] = [codec.starts[index]!, codec.ends[index]!];
    const width = share / (last - first + 1);
    return { below: below + width * (inside - first), width, above: above + width * (last - inside) };
  }

  /**
   * The value whose interval holds a place.
   * @param below - the place in (0, 1)
   * @param above - 1 less the place
   */
  at(below: number, above: number): number {
    const { codec } = this;
    const index = this.#indexAt(below, above);
    if (codec.kind === 'category') return codec.value(index);
    if (index >= codec.bins) return NaN;
    const [first, last] = [codec.starts[index]!, codec.ends[index]!];
    const width = this.#shares[index]! / (last - first + 1);
    const value =
      below < above
        ? first + Math.floor((below - this.#below[index]!) / width)
        : last - Math.floor((above - this.#above[index]!) / width);
    return Math.min(Math.max(value, first), last);
  }

  /** The same of values that can be written: what no training row has, missing or another level, becomes the largest value before it. */
  drawnAt(below: number, above: number): number {
    const { codec } = this;
    const value = this.at(below, above);
    if (Number.isNaN(value) ? codec.hasMissing : value >= 0 || codec.kind === 'number') return value;
    return codec.kind === 'number' ? codec.ends.at(-2)! : codec.value(Math.max(codec.levels - 1, 0));
  }

  #indexAt(below: number, above: number): number {
    const last = this.#shares.length - 1;
    if (below < above) {
      let index = 0;
      while (index < last && this.#below[index + 1]! <= below) index++;
      return index;
    }
    let index = last;
    while (index > 0 && this.#above[index - 1]! <= above) index--;
    return index;
  }
}

/** The sums of what comes before each number. */
function cumulated(shares: Float64Array): Float64Array {
  let sum = 0;
  return shares.map((share) => {
    const before = sum;
    sum += share;
    return before;
  });
}
