import type { DateSchema, NumberSchema } from '@dgm/data';

export interface BinOptions {
  /** About how many bins there are: a value that more than 1 / `maxBins` of the rows have gets a bin of its own. */
  readonly maxBins: number;
  /** The fewest training rows of a bin, but for those that are cut off by a frequent value. */
  readonly minCount: number;
}

/** The state of a {@link NumberCodec}, as JSON keeps it. */
export interface NumberCodecState {
  readonly kind: 'number';
  readonly starts: readonly number[];
  readonly end: number;
  readonly centers: readonly number[];
  readonly hasMissing: boolean;
  readonly isLog: boolean;
  readonly low: number;
  readonly shift: number;
  readonly mean: number;
  readonly deviation: number;
  readonly minScale: number;
}

/**
 * A column of integers on a grid, cut into bins by the counts of the training rows, and laid on an axis where they are
 * about as spread as a standard normal. One bin more on each side, as wide as the range, takes what lies outside.
 *
 * The index of a cell is that of its bin; the last index stands for a missing value.
 */
export class NumberCodec {
  readonly kind = 'number';
  /** The number of bins. */
  readonly bins: number;
  /** The smallest integer of each bin. */
  readonly starts: Float64Array;
  /** The largest integer of each bin. */
  readonly ends: Float64Array;
  /** The edges of the bins on the axis, `[bins + 1]`. */
  readonly edges: Float64Array;
  readonly hasMissing: boolean;
  /** The least scale of a component on the axis: a tenth of the smallest gap between integers that occur. */
  readonly minScale: number;

  private constructor(
    readonly schema: NumberSchema | DateSchema,
    readonly state: NumberCodecState,
  ) {
    const { starts, end } = state;
    this.bins = starts.length;
    this.starts = Float64Array.from(starts);
    this.ends = Float64Array.from(starts, (_, bin) => (bin + 1 < starts.length ? starts[bin + 1]! - 1 : end));
    this.hasMissing = state.hasMissing;
    this.minScale = state.minScale;
    this.edges = Float64Array.from([...starts, end + 1], (start) => this.axis(start - 0.5));
  }

  static fromState(schema: NumberSchema | DateSchema, state: NumberCodecState): NumberCodec {
    return new NumberCodec(schema, state);
  }

  /**
   * The codec of some training values.
   * @param values - integers, NaN where missing
   */
  static of(
    schema: NumberSchema | DateSchema,
    values: Float64Array,
    { maxBins, minCount }: BinOptions,
  ): NumberCodec {
    const present = values.filter((value) => !Number.isNaN(value)).sort();
    const hasMissing = present.length < values.length;
    const sorted = present.length > 0 ? present : Float64Array.of(0);
    const { unique, counts } = tally(sorted);
    const low = unique[0]!;
    const high = unique.at(-1)!;
    const starts = binStarts(unique, counts, Math.max(sorted.length / maxBins, minCount));
    const deviation = standardDeviation(sorted);
    const isLog = skewness(sorted, deviation) > 1 && starts.length > 20;
    const shift = Math.max(1, (median(sorted) - low) / 2);
    const draft = { isLog, low, shift, mean: 0, deviation: 1 };
    const onAxis = sorted.map((value) => axisOf(draft, value));
    const position = { ...draft, mean: mean(onAxis), deviation: Math.max(standardDeviation(onAxis), 1e-6) };
    const width = (value: number) =>
      Math.max(axisOf(position, value + 0.5) - axisOf(position, value - 0.5), LEAST_WIDTH);
    const minScale = 0.1 * unique.reduce((least, value) => Math.min(least, width(value)), Infinity);
    const span = high - low + 1;
    const state = {
      kind: 'number' as const,
      starts: [low - span, ...starts, high + 1],
      end: high + span,
      hasMissing,
      ...position,
      minScale,
    };
    return new NumberCodec(schema, { ...state, centers: centersOf(state, unique, counts) });
  }

  /** The number of integers that have a probability. */
  get support(): number {
    return this.ends.at(-1)! - this.starts[0]! + 1;
  }

  /** How many indices there are: those of the bins, and missing. */
  get indices(): number {
    return this.bins + 1;
  }

  /** The place of an integer, or of one plus a half, on the axis. */
  axis(value: number): number {
    return axisOf(this.state, value);
  }

  /** The integer whose cell on the axis holds a place. */
  atAxis(place: number): number {
    const { isLog, low, shift, mean: center, deviation } = this.state;
    const t = place * deviation + center;
    if (!isLog) return Math.round(t);
    const base = Math.log(shift);
    return Math.round(low + (t > base ? Math.exp(t) - shift : (t - base) * shift));
  }

  /** The nearest integer that has a probability. */
  clamp(value: number): number {
    return Math.min(Math.max(value, this.starts[0]!), this.ends.at(-1)!);
  }

  /** The index of a value; that of missing for NaN. */
  index(value: number): number {
    if (Number.isNaN(value)) return this.bins;
    let [first, last] = [0, this.bins - 1];
    while (first < last) {
      const middle = (first + last + 1) >> 1;
      if (this.starts[middle]! <= value) first = middle;
      else last = middle - 1;
    }
    return first;
  }
}

/** The least width of a cell on the axis: among numbers of 15 digits rounding can leave none. */
export const LEAST_WIDTH = 1e-12;

function axisOf(
  {
    isLog,
    low,
    shift,
    mean: center,
    deviation,
  }: Pick<NumberCodecState, 'isLog' | 'low' | 'shift' | 'mean' | 'deviation'>,
  value: number,
): number {
  const distance = value - low;
  const t = !isLog ? value : distance > 0 ? Math.log(distance + shift) : Math.log(shift) + distance / shift;
  return (t - center) / deviation;
}

/** The smallest value of each bin: a value with `least` rows has its own, others share one until they have as many. */
function binStarts(unique: readonly number[], counts: readonly number[], least: number): number[] {
  const starts: number[] = [];
  let start = unique[0]!;
  let gathered = 0;
  unique.forEach((value, index) => {
    const count = counts[index]!;
    if (count >= least) {
      if (start < value) starts.push(start);
      starts.push(value);
      [start, gathered] = [value + 1, 0];
      return;
    }
    gathered += count;
    if (gathered >= least) {
      starts.push(start);
      [start, gathered] = [value + 1, 0];
    }
  });
  if (start <= unique.at(-1)!) starts.push(start);
  return starts;
}

/** The mean of the training values of each bin; its middle where there are none. */
function centersOf(
  { starts, end }: Pick<NumberCodecState, 'starts' | 'end'>,
  unique: readonly number[],
  counts: readonly number[],
): number[] {
  let at = 0;
  return starts.map((start, bin) => {
    const next = starts[bin + 1] ?? end + 1;
    let [sum, total] = [0, 0];
    for (; at < unique.length && unique[at]! < next; at++) {
      sum += unique[at]! * counts[at]!;
      total += counts[at]!;
    }
    return total > 0 ? sum / total : (start + next - 1) / 2;
  });
}

function tally(sorted: Float64Array): { unique: number[]; counts: number[] } {
  const unique: number[] = [];
  const counts: number[] = [];
  for (const value of sorted) {
    if (value === unique.at(-1)) counts[counts.length - 1]!++;
    else {
      unique.push(value);
      counts.push(1);
    }
  }
  return { unique, counts };
}

const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;

function standardDeviation(values: Float64Array): number {
  const center = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - center) ** 2, 0) / values.length);
}

function skewness(values: Float64Array, deviation: number): number {
  const center = mean(values);
  const third = values.reduce((sum, value) => sum + (value - center) ** 3, 0) / values.length;
  return third / (deviation + 1e-9) ** 3;
}

function median(sorted: Float64Array): number {
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
}
