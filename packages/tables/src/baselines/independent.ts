import type { ColumnCodec } from '../codec/table-codec';
import { UNIFORM_SHARE } from '../model/layout';
import { chooseIndex } from '../table/column-distribution';
import { SortedValues, type MixturePart } from './tree-cell';

/** The values of a column in the parts of a table. */
export interface ColumnSplit {
  readonly train: Float64Array;
  readonly validation: Float64Array;
  readonly test: Float64Array;
}

/**
 * The histogram of a column's training cells, which knows no other column. What is added to each count is chosen by the
 * validation cells.
 */
export function fittedHistogram(
  codec: ColumnCodec,
  { train, validation }: Pick<ColumnSplit, 'train' | 'validation'>,
): Histogram {
  const histogram = new Histogram(codec, train);
  let best = { added: 1, nats: Infinity };
  for (const added of ADDED) {
    histogram.added = added;
    const nats = histogram.nats(validation);
    if (nats < best.nats) best = { added, nats };
  }
  histogram.added = best.added;
  return histogram;
}

/** The counts of a column's values. */
export class Histogram implements MixturePart {
  /** What is added to the count of each value in the range. */
  added = 1;
  readonly #counts = new Map<number, number>();
  readonly #total: number;
  readonly #size: number;
  readonly #support: number;
  #sorted: SortedValues | undefined;

  constructor(
    private readonly codec: ColumnCodec,
    private readonly values: Float64Array,
  ) {
    for (const value of values) {
      const cell = this.#cell(value);
      this.#counts.set(cell, (this.#counts.get(cell) ?? 0) + 1);
    }
    this.#total = values.length;
    if (codec.kind === 'category') {
      this.#size = codec.levels + (codec.hasMissing ? 1 : 0) + (codec.state.hasOther ? 1 : 0);
      this.#support = codec.indices;
    } else {
      const [least, most] = this.#seen();
      this.#size = most - least + 1 + (codec.hasMissing ? 1 : 0);
      this.#support = codec.support + 1;
    }
  }

  /** The probability of a value. */
  of(value: number): number {
    const { added } = this;
    const count = this.#counts.get(this.#cell(value)) ?? 0;
    const isInside = count > 0 || this.#isInRange(value);
    const smoothed = isInside ? (count + added) / (this.#total + added * this.#size) : 0;
    return (1 - UNIFORM_SHARE) * smoothed + UNIFORM_SHARE / this.#support;
  }

  between(first: number, last: number): number {
    return this.#masses(first, last).reduce((sum, mass) => sum + mass, 0);
  }

  at(share: number, first: number, last: number): number {
    const masses = this.#masses(first, last);
    const chosen = chooseIndex(masses, share);
    const before = masses.slice(0, chosen).reduce((sum, mass) => sum + mass, 0);
    const total = masses.reduce((sum, mass) => sum + mass, 0);
    const rest = Math.min(Math.max((share * total - before) / masses[chosen]!, 0), 1);
    if (chosen === 0) return this.#sortedValues().at(rest, first, last);
    const [least, most] = chosen === 1 ? this.#seen() : [first, last];
    const [low, high] = [Math.max(first, least), Math.min(last, most)];
    return Math.min(low + Math.floor(rest * (high - low + 1)), high);
  }

  /** The mean nats of some values. */
  nats(values: Float64Array): number {
    const sum = values.reduce((total, value) => total - Math.log(this.of(value)), 0);
    return values.length === 0 ? 0 : sum / values.length;
  }

  /** What the counts, what is added to them, and the uniform part give to the integers of a range. */
  #masses(first: number, last: number): readonly [number, number, number] {
    const [least, most] = this.#seen();
    const overlap = Math.max(Math.min(last, most) - Math.max(first, least) + 1, 0);
    const each = (1 - UNIFORM_SHARE) / (this.#total + this.added * this.#size);
    const counted = this.#sortedValues().count(first, last);
    return [
      each * counted,
      each * this.added * overlap,
      (UNIFORM_SHARE * (last - first + 1)) / this.#support,
    ];
  }

  /** The least and the largest number that was seen: the bins at both ends lie outside. */
  #seen(): readonly [number, number] {
    const { codec } = this;
    return codec.kind === 'number' ? [codec.starts[1]!, codec.ends.at(-2)!] : [0, codec.levels - 1];
  }

  #sortedValues(): SortedValues {
    return (this.#sorted ??= new SortedValues(this.values));
  }

  #cell(value: number): number {
    return this.codec.kind === 'category' ? this.codec.index(value) : value;
  }

  #isInRange(value: number): boolean {
    if (Number.isNaN(value)) return this.codec.hasMissing;
    if (this.codec.kind === 'category') return this.codec.index(value) < this.codec.levels;
    return value >= this.codec.starts[1]! && value <= this.codec.ends.at(-2)!;
  }
}

const ADDED = [1, 0.3, 0.1, 0.03, 0.01];
