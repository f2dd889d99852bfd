import type { CategorySchema, ColumnSchema, DateSchema, NumberSchema } from '@dgm/data';
import { BIT, codeNatural, UniformTable } from '../coders/coder';
import type { Coder } from '../coders/coder';
import { FrequencyTable } from '../coders/frequency-table';
import { exp, log } from '../evaluator/functions';

/** How a column of numbers is cut into bins and laid on an axis: that of a `NumberCodec` of `@dgm/tables`. */
export interface NumberState {
  readonly kind: 'number';
  /** The smallest integer of each bin. */
  readonly starts: readonly number[];
  /** The largest integer of the last bin. */
  readonly end: number;
  readonly isLog: boolean;
  readonly low: number;
  readonly shift: number;
  readonly mean: number;
  readonly deviation: number;
}

/** Which levels of a category have an index of their own: that of a `CategoryCodec` of `@dgm/tables`. */
export interface CategoryState {
  readonly kind: 'category';
  /** Indices of levels of the schema. */
  readonly kept: readonly number[];
}

/** The values of a column as a network sees and describes them, in doubles and by operations of one order. */
export interface TableColumn {
  readonly schema: ColumnSchema;
  /** How many indices the network knows of the column. */
  readonly indices: number;
  /** The index of a value, and its place on the axis; NaN is a missing value. */
  see(value: number): readonly [index: number, place: number];
  /**
   * Codes a value.
   * @param outputs - what the network says of the cell
   */
  code(coder: Coder, value: number, outputs: Float64Array): number;
}

/** Frequencies are multiples of `2 ** -PRECISION`, so that the least costs little where there are hundreds of bins. */
const PRECISION = 20;
/** An interval of more integers is cut into so many parts, and one of them then again. */
const PARTS = 256;
/** The constants of the network's likelihood. */
const FLAT_DENSITY = 1e-6;
const LEAST_WIDTH = 1e-12;
const FARTHEST_PLACE = 8;

/**
 * A column of integers on a grid. A value is its bin and then, by the mixture of logistics, its place in the bin; two symbols
 * more stand for missing and for an integer outside of all bins.
 */
export class NumberTableColumn implements TableColumn {
  readonly indices: number;
  readonly #missing: number;
  readonly #outside: number;

  /** @param padded - the number of indices of the network's head, of which the last is that of missing */
  constructor(
    readonly schema: NumberSchema | DateSchema,
    readonly state: NumberState,
    readonly padded: number,
    readonly components: number,
  ) {
    this.#missing = state.starts.length;
    this.#outside = this.#missing + 1;
    this.indices = this.#missing + 1;
  }

  see(value: number): readonly [index: number, place: number] {
    if (Number.isNaN(value)) return [this.#missing, 0];
    const { starts, end } = this.state;
    const inside = Math.min(Math.max(value, starts[0]!), end);
    const place = Math.min(Math.max(this.#axis(inside), -FARTHEST_PLACE), FARTHEST_PLACE);
    return [this.#bin(inside), place];
  }

  code(coder: Coder, value: number, outputs: Float64Array): number {
    const { starts, end } = this.state;
    const probabilities = new Float64Array(this.#outside + 1);
    for (let bin = 0; bin < this.#missing; bin++) probabilities[bin] = exp(outputs[bin]!);
    probabilities[this.#missing] = exp(outputs[this.padded - 1]!);
    const symbol = coder(this.#symbol(value), FrequencyTable.of(probabilities, { precision: PRECISION }));
    if (symbol === this.#missing) return NaN;
    if (symbol === this.#outside) {
      const isBelow = coder(value < starts[0]! ? 1 : 0, BIT) === 1;
      const distance = codeNatural(coder, value < starts[0]! ? starts[0]! - 1 - value : value - end - 1);
      return isBelow ? starts[0]! - 1 - distance : end + 1 + distance;
    }
    return this.#codeInside(coder, value, symbol, outputs);
  }

  #symbol(value: number): number {
    if (Number.isNaN(value)) return this.#missing;
    return value < this.state.starts[0]! || value > this.state.end ? this.#outside : this.#bin(value);
  }

  #bin(value: number): number {
    const { starts } = this.state;
    let [first, last] = [0, starts.length - 1];
    while (first < last) {
      const middle = (first + last + 1) >> 1;
      if (starts[middle]! <= value) first = middle;
      else last = middle - 1;
    }
    return first;
  }

  #codeInside(coder: Coder, value: number, bin: number, outputs: Float64Array): number {
    const { starts, end } = this.state;
    let first = starts[bin]!;
    let last = bin + 1 < starts.length ? starts[bin + 1]! - 1 : end;
    while (first < last) {
      const size = Math.ceil((last - first + 1) / PARTS);
      const edges: number[] = [];
      for (let start = first; start <= last; start += size) edges.push(start);
      const masses = this.#masses([...edges, last + 1], outputs);
      const table = FrequencyTable.of(masses, { precision: PRECISION });
      const part = coder(Math.floor((value - first) / size), table);
      first = edges[part]!;
      last = Math.min(first + size - 1, last);
    }
    return first;
  }

  /** The mass of the mixture between neighbouring integers of some, lower ends included, with a small uniform part. */
  #masses(edges: readonly number[], outputs: Float64Array): Float64Array {
    const places = edges.map((edge) => this.#axis(edge - 0.5));
    const masses = Float64Array.from(
      { length: edges.length - 1 },
      (_, part) => FLAT_DENSITY * Math.max(places[part + 1]! - places[part]!, LEAST_WIDTH),
    );
    for (let component = 0; component < this.components; component++) {
      const at = this.padded + component;
      const weight = exp(outputs[at]!);
      const mean = outputs[at + this.components]!;
      const scale = outputs[at + 2 * this.components]!;
      const ends = places.map((place) => logistic((place - mean) / scale));
      for (let part = 0; part < masses.length; part++) {
        const [from, to] = [ends[part]!, ends[part + 1]!];
        // In the upper half the shares above are those with all their digits.
        const mass = from.below > 0.5 ? from.above - to.above : to.below - from.below;
        masses[part]! += weight * Math.max(mass, 0);
      }
    }
    return masses;
  }

  #axis(value: number): number {
    const { isLog, low, shift, mean, deviation } = this.state;
    const distance = value - low;
    const t = !isLog ? value : distance > 0 ? log(distance + shift) : log(shift) + distance / shift;
    return (t - mean) / deviation;
  }
}

/** The shares of the standard logistic distribution below and above a place. */
function logistic(place: number): { readonly below: number; readonly above: number } {
  const small = exp(-Math.abs(place));
  const [near, far] = [small / (1 + small), 1 / (1 + small)];
  return place < 0 ? { below: near, above: far } : { below: far, above: near };
}

/** A column of categories: the levels that the network knows, one symbol for the others of the schema, one for missing. */
export class CategoryTableColumn implements TableColumn {
  readonly indices: number;
  readonly #other: number;
  readonly #index: ReadonlyMap<number, number>;
  readonly #levels: UniformTable;

  constructor(
    readonly schema: CategorySchema,
    readonly state: CategoryState,
  ) {
    const { kept } = state;
    this.#other = kept.length;
    this.indices = kept.length + 2;
    this.#index = new Map(kept.map((level, index) => [level, index]));
    this.#levels = new UniformTable(schema.levels.length);
  }

  see(value: number): readonly [index: number, place: number] {
    return [this.#symbol(value), 0];
  }

  code(coder: Coder, value: number, outputs: Float64Array): number {
    const probabilities = outputs.subarray(0, this.indices).map(exp);
    const symbol = coder(this.#symbol(value), FrequencyTable.of(probabilities, { precision: PRECISION }));
    if (symbol === this.#other + 1) return NaN;
    return symbol === this.#other ? coder(value, this.#levels) : this.state.kept[symbol]!;
  }

  #symbol(value: number): number {
    return Number.isNaN(value) ? this.#other + 1 : (this.#index.get(value) ?? this.#other);
  }
}
