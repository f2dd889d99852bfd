import type { CategoryCodec } from '../codec/category-codec';
import type { NumberCodec } from '../codec/number-codec';
import type { ColumnCodec } from '../codec/table-codec';
import {
  chooseIndex,
  drawCategory,
  indicesOf,
  type Allowed,
  type CellDistribution,
} from '../table/column-distribution';

/** One component of the mixture that a cell has. */
export interface MixturePart {
  /** The probability of a value. */
  of(value: number): number;
  /** For numbers, the probability of the integers from one to another. */
  between(first: number, last: number): number;
  /** The integer from `first` to `last` at a share of that probability. */
  at(share: number, first: number, last: number): number;
}

/** The distribution of one cell, a mixture. */
export function cellMixture(
  codec: ColumnCodec,
  parts: readonly MixturePart[],
  weights: readonly number[],
): CellDistribution {
  return codec.kind === 'number'
    ? new NumberMixture(codec, parts, weights)
    : new CategoryMixture(codec, parts, weights);
}

abstract class CellMixture implements CellDistribution {
  constructor(
    protected readonly parts: readonly MixturePart[],
    protected readonly weights: readonly number[],
  ) {}

  logProb(_row: number, value: number): number {
    return Math.log(this.probability(value));
  }

  abstract mass(row: number, allowed: Allowed): number;
  abstract draw(row: number, u: number, v: number, allowed?: Allowed): number;

  protected probability(value: number): number {
    return this.sum((part) => part.of(value));
  }

  protected sum(of: (part: MixturePart) => number): number {
    return this.parts.reduce((sum, part, at) => sum + this.weights[at]! * of(part), 0);
  }
}

class CategoryMixture extends CellMixture {
  constructor(
    private readonly codec: CategoryCodec,
    parts: readonly MixturePart[],
    weights: readonly number[],
  ) {
    super(parts, weights);
  }

  mass(_row: number, allowed: Allowed): number {
    const indices = indicesOf(this.codec, allowed);
    return indices.reduce((sum, index) => sum + this.probability(this.codec.value(index)), 0);
  }

  draw(_row: number, u: number, _v: number, allowed?: Allowed): number {
    const { codec } = this;
    const p = Array.from({ length: codec.indices }, (_, index) => this.probability(codec.value(index)));
    return drawCategory(codec, p, { u, allowed });
  }
}

class NumberMixture extends CellMixture {
  constructor(
    private readonly codec: NumberCodec,
    parts: readonly MixturePart[],
    weights: readonly number[],
  ) {
    super(parts, weights);
  }

  mass(_row: number, allowed: Allowed): number {
    if ('values' in allowed) {
      return [...new Set(allowed.values)].reduce((sum, value) => sum + this.probability(value), 0);
    }
    const [first, last] = this.#range(allowed);
    return first > last ? 0 : this.sum((part) => part.between(first, last));
  }

  draw(_row: number, u: number, v: number, allowed?: Allowed): number {
    if (allowed && 'values' in allowed) {
      const { values } = allowed;
      return values[
        chooseIndex(
          values.map((value) => this.probability(value)),
          u,
        )
      ]!;
    }
    const [first, last] = this.#range(allowed);
    const masses = this.parts.map((part, at) => this.weights[at]! * part.between(first, last));
    const missing = allowed || !this.codec.hasMissing ? 0 : this.probability(NaN);
    const chosen = chooseIndex([...masses, missing], u);
    return chosen === masses.length ? NaN : this.parts[chosen]!.at(v, first, last);
  }

  protected override probability(value: number): number {
    return super.probability(this.codec.clamp(value));
  }

  #range(allowed?: { readonly min: number; readonly max: number }): [first: number, last: number] {
    const [least, most] = [this.codec.starts[0]!, this.codec.ends.at(-1)!];
    if (!allowed) return [least, most];
    return [Math.max(Math.ceil(allowed.min), least), Math.min(Math.floor(allowed.max), most)];
  }
}

/** Values in order, to count and choose those of a range. */
export class SortedValues {
  readonly #sorted: Float64Array;

  /** @param values - NaN is left out */
  constructor(values: Float64Array) {
    this.#sorted = values.filter((value) => !Number.isNaN(value)).sort();
  }

  count(first: number, last: number): number {
    return this.#below(last + 1) - this.#below(first);
  }

  /** The value at a share of those from `first` to `last`. */
  at(share: number, first: number, last: number): number {
    const start = this.#below(first);
    const count = this.#below(last + 1) - start;
    return this.#sorted[start + Math.min(Math.floor(share * count), count - 1)]!;
  }

  /** How many values are below an integer. */
  #below(value: number): number {
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#sorted[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
