import type { CategoryCodec } from '../codec/category-codec';
import { LEAST_WIDTH, type NumberCodec } from '../codec/number-codec';
import type { ColumnCodec } from '../codec/table-codec';
import { FLAT_DENSITY, UNIFORM_SHARE } from '../model/layout';

/** What the value of a cell may be; a missing value is NaN. */
export type Allowed = { readonly values: readonly number[] } | { readonly min: number; readonly max: number };

/** The distributions of the cells of one column, one for each row, in doubles on the host. */
export interface CellDistribution {
  /** The log-probability of a value, in nats. */
  logProb(row: number, value: number): number;
  /** The probability of what is allowed. */
  mass(row: number, allowed: Allowed): number;
  /** The value at a place of the distribution function: a draw, if `u` and `v` are uniform on [0, 1). */
  draw(row: number, u: number, v: number, allowed?: Allowed): number;
}

/** The distributions of the cells of one column with their centers and quantiles. */
export interface ColumnDistribution extends CellDistribution {
  /** The mean of a number, the most probable level of a category; of the values that are not missing. */
  center(row: number): number;
  /** The smallest value that is not missing with at least this probability up to it; NaN for a category. */
  quantile(row: number, probability: number): number;
  /** The probabilities of the indices of the column's codec. */
  probabilities(row: number): Float64Array;
}

/**
 * @param outputs - what the network says of the column, `[n, stride]`
 * @param indices - the padded number of indices
 */
export function columnDistribution(
  codec: ColumnCodec,
  outputs: Float32Array,
  { stride, indices }: { readonly stride: number; readonly indices: number },
): ColumnDistribution {
  return codec.kind === 'number'
    ? new NumberDistribution(codec, outputs, stride, indices)
    : new CategoryDistribution(codec, outputs, stride);
}

class CategoryDistribution implements ColumnDistribution {
  constructor(
    private readonly codec: CategoryCodec,
    private readonly outputs: Float32Array,
    private readonly stride: number,
  ) {}

  logProb(row: number, value: number): number {
    const p = Math.exp(this.outputs[row * this.stride + this.codec.index(value)]!);
    return Math.log((1 - UNIFORM_SHARE) * p + UNIFORM_SHARE / this.codec.indices);
  }

  mass(row: number, allowed: Allowed): number {
    const p = this.probabilities(row);
    return indicesOf(this.codec, allowed).reduce((sum, index) => sum + p[index]!, 0);
  }

  draw(row: number, u: number, _v: number, allowed?: Allowed): number {
    return drawCategory(this.codec, this.probabilities(row), { u, allowed });
  }

  center(row: number): number {
    const p = this.probabilities(row);
    let best = 0;
    for (let level = 1; level < this.codec.levels; level++) if (p[level]! > p[best]!) best = level;
    return this.codec.value(best);
  }

  quantile(): number {
    return NaN;
  }

  probabilities(row: number): Float64Array {
    const at = row * this.stride;
    return Float64Array.from({ length: this.codec.indices }, (_, index) =>
      Math.exp(this.outputs[at + index]!),
    );
  }
}

/**
 * A category drawn by the probabilities of its indices.
 * @param u - uniform on [0, 1)
 */
export function drawCategory(
  codec: CategoryCodec,
  probabilities: ArrayLike<number>,
  { u, allowed }: { readonly u: number; readonly allowed: Allowed | undefined },
): number {
  const { levels, hasMissing } = codec;
  // What is another level has no text.
  const indices = allowed
    ? indicesOf(codec, allowed)
    : [...Array(levels).keys(), ...(hasMissing ? [levels + 1] : [])];
  const weights = indices.map((index) => probabilities[index]!);
  return codec.value(indices[chooseIndex(weights, u)]!);
}

/** The indices of the values that are allowed. */
export function indicesOf(codec: CategoryCodec, allowed: Allowed): number[] {
  if ('values' in allowed) return [...new Set(allowed.values.map((value) => codec.index(value)))];
  return codec.state.kept.flatMap((level, index) =>
    level >= allowed.min && level <= allowed.max ? [index] : [],
  );
}

class NumberDistribution implements ColumnDistribution {
  readonly #components: number;

  constructor(
    private readonly codec: NumberCodec,
    private readonly outputs: Float32Array,
    private readonly stride: number,
    private readonly indices: number,
  ) {
    this.#components = (stride - indices) / 3;
  }

  logProb(row: number, value: number): number {
    const uniform = UNIFORM_SHARE / (this.codec.support + 1);
    return Math.log((1 - UNIFORM_SHARE) * this.#probability(row, value) + uniform);
  }

  mass(row: number, allowed: Allowed): number {
    if ('values' in allowed) {
      return [...new Set(allowed.values)].reduce((sum, value) => sum + this.#probability(row, value), 0);
    }
    let sum = 0;
    for (let bin = 0; bin < this.codec.bins; bin++) sum += this.#partOfBin(row, bin, allowed);
    return sum;
  }

  draw(row: number, u: number, v: number, allowed?: Allowed): number {
    if (allowed && 'values' in allowed) {
      const { values } = allowed;
      return values[
        chooseIndex(
          values.map((value) => this.#probability(row, value)),
          u,
        )
      ]!;
    }
    const { bins, starts, ends } = this.codec;
    const p = allowed
      ? Array.from({ length: bins }, (_, bin) => this.#partOfBin(row, bin, allowed))
      : [...this.probabilities(row)];
    const bin = chooseIndex(p, u);
    if (bin === bins) return NaN;
    const first = allowed ? Math.max(starts[bin]!, Math.ceil(allowed.min)) : starts[bin]!;
    const last = allowed ? Math.min(ends[bin]!, Math.floor(allowed.max)) : ends[bin]!;
    return first === last ? first : this.#inside(row, first, last, v);
  }

  center(row: number): number {
    const p = this.probabilities(row);
    let [sum, total] = [0, 0];
    this.codec.state.centers.forEach((center, bin) => {
      sum += p[bin]! * center;
      total += p[bin]!;
    });
    return sum / total;
  }

  quantile(row: number, probability: number): number {
    const p = this.probabilities(row).subarray(0, this.codec.bins);
    const target = probability * p.reduce((sum, value) => sum + value, 0);
    let below = 0;
    let bin = 0;
    while (bin < p.length - 1 && below + p[bin]! < target) below += p[bin++]!;
    let [first, last] = [this.codec.starts[bin]!, this.codec.ends[bin]!];
    const whole = this.#mixtureMass(row, first, last);
    const start = first;
    while (first < last) {
      const middle = Math.floor((first + last) / 2);
      if (below + (p[bin]! * this.#mixtureMass(row, start, middle)) / whole >= target) last = middle;
      else first = middle + 1;
    }
    return first;
  }

  probabilities(row: number): Float64Array {
    const at = row * this.stride;
    const p = new Float64Array(this.codec.indices);
    for (let bin = 0; bin < this.codec.bins; bin++) p[bin] = Math.exp(this.outputs[at + bin]!);
    p[this.codec.bins] = Math.exp(this.outputs[at + this.indices - 1]!);
    return p;
  }

  /** Without the uniform part. */
  #probability(row: number, value: number): number {
    const at = row * this.stride;
    if (Number.isNaN(value)) return Math.exp(this.outputs[at + this.indices - 1]!);
    const inside = this.codec.clamp(value);
    const bin = this.codec.index(inside);
    const p = Math.exp(this.outputs[at + bin]!);
    const [first, last] = [this.codec.starts[bin]!, this.codec.ends[bin]!];
    if (first === last) return p;
    return (p * this.#mixtureMass(row, inside, inside)) / this.#mixtureMass(row, first, last);
  }

  #partOfBin(row: number, bin: number, { min, max }: { readonly min: number; readonly max: number }): number {
    const [start, end] = [this.codec.starts[bin]!, this.codec.ends[bin]!];
    const first = Math.max(start, Math.ceil(min));
    const last = Math.min(end, Math.floor(max));
    if (first > last) return 0;
    const p = Math.exp(this.outputs[row * this.stride + bin]!);
    if (first === start && last === end) return p;
    return (p * this.#mixtureMass(row, first, last)) / this.#mixtureMass(row, start, end);
  }

  /** The mass of the mixture over the cells from one integer to another, the flat part included. */
  #mixtureMass(row: number, first: number, last: number): number {
    const [low, high] = [this.codec.axis(first - 0.5), this.codec.axis(last + 0.5)];
    let mass = FLAT_DENSITY * Math.max(high - low, LEAST_WIDTH);
    for (let k = 0; k < this.#components; k++) mass += this.#componentMass(row, k, low, high);
    return mass;
  }

  #componentMass(row: number, k: number, low: number, high: number): number {
    const { weight, mean, scale } = this.#component(row, k);
    const [a, b] = [(low - mean) / scale, (high - mean) / scale];
    return weight * sigmoid(b) * sigmoid(-a) * -Math.expm1(a - b);
  }

  #component(
    row: number,
    k: number,
  ): { readonly weight: number; readonly mean: number; readonly scale: number } {
    const at = row * this.stride + this.indices + k;
    const K = this.#components;
    return {
      weight: Math.exp(this.outputs[at]!),
      mean: this.outputs[at + K]!,
      scale: this.outputs[at + 2 * K]!,
    };
  }

  /** An integer from `first` to `last` by the mixture there: a component by its mass, then its quantile. */
  #inside(row: number, first: number, last: number, v: number): number {
    const [low, high] = [this.codec.axis(first - 0.5), this.codec.axis(last + 0.5)];
    const masses = Array.from({ length: this.#components }, (_, k) => this.#componentMass(row, k, low, high));
    masses.push(FLAT_DENSITY * (high - low));
    const total = masses.reduce((sum, mass) => sum + mass, 0);
    let rest = v * total;
    let k = 0;
    while (k < masses.length - 1 && rest >= masses[k]!) rest -= masses[k++]!;
    const share = Math.min(rest / masses[k]!, 1);
    let place = low + share * (high - low);
    if (k < this.#components) {
      const { mean, scale } = this.#component(row, k);
      place = mean + scale * logisticQuantile((low - mean) / scale, (high - mean) / scale, share);
    }
    return Math.min(Math.max(this.codec.atAxis(place), first), last);
  }
}

/** The place with the share `share` of a logistic's mass between `a` and `b`. */
export function logisticQuantile(a: number, b: number, share: number): number {
  // In the upper half, where sigmoids are near 1, the mirror image is exact.
  if (a + b > 0) return -logisticQuantile(-b, -a, 1 - share);
  const p = sigmoid(a) + share * (sigmoid(b) - sigmoid(a));
  return Math.min(Math.max(Math.log(p / (1 - p)), a), b);
}

/** The first index whose cumulated weight is above the share `u` of all. */
export function chooseIndex(weights: readonly number[], u: number): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let rest = u * total;
  let last = 0;
  for (let index = 0; index < weights.length; index++) {
    if (weights[index]! <= 0) continue;
    last = index;
    if (rest < weights[index]!) return index;
    rest -= weights[index]!;
  }
  return last;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
