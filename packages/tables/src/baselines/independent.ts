import type { ColumnCodec } from '../codec/table-codec';
import { UNIFORM_SHARE } from '../model/layout';

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
export class Histogram {
  /** What is added to the count of each value in the range. */
  added = 1;
  readonly #counts = new Map<number, number>();
  readonly #total: number;
  readonly #size: number;
  readonly #support: number;

  constructor(
    private readonly codec: ColumnCodec,
    values: Float64Array,
  ) {
    for (const value of values) {
      const cell = this.#cell(value);
      this.#counts.set(cell, (this.#counts.get(cell) ?? 0) + 1);
    }
    this.#total = values.length;
    if (codec.kind === 'category') {
      this.#size = codec.levels + (codec.hasMissing ? 1 : 0);
      this.#support = codec.indices;
    } else {
      // The bins at both ends lie outside of what was seen.
      const seen = codec.ends.at(-2)! - codec.starts[1]! + 1;
      this.#size = seen + (codec.hasMissing ? 1 : 0);
      this.#support = codec.support + 1;
    }
  }

  probability(value: number): number {
    const { added } = this;
    const count = this.#counts.get(this.#cell(value)) ?? 0;
    const isInside = count > 0 || this.#isInRange(value);
    const smoothed = isInside ? (count + added) / (this.#total + added * this.#size) : 0;
    return (1 - UNIFORM_SHARE) * smoothed + UNIFORM_SHARE / this.#support;
  }

  /** The mean nats of some values. */
  nats(values: Float64Array): number {
    const sum = values.reduce((total, value) => total - Math.log(this.probability(value)), 0);
    return values.length === 0 ? 0 : sum / values.length;
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
