import { formatCell } from '@dgm/data';
import type { ColumnCodec } from '../codec/table-codec';

/** The share of rows with a value, or with one of a range of values. */
export interface Bar {
  /** The value as text, or the first value of the range. */
  readonly label: string;
  readonly real: number;
  readonly synthetic: number;
}

/**
 * How much the distributions of a column in two tables have in common: 1 if they are equal, 0 if no value of one occurs in the
 * other. For numbers it is one minus the Kolmogorov-Smirnov distance, for categories one minus the total variation distance.
 * A missing value counts as a level, and as smaller than all numbers.
 */
export function shapeSimilarity(codec: ColumnCodec, real: Float64Array, synthetic: Float64Array): number {
  const [ofReal, ofSynthetic] = [countsOf(real), countsOf(synthetic)];
  const values = [...new Set([...ofReal.keys(), ...ofSynthetic.keys()])].sort((a, b) => a - b);
  let [difference, largest, sum] = [0, 0, 0];
  for (const value of values) {
    const own = (ofReal.get(value) ?? 0) / real.length - (ofSynthetic.get(value) ?? 0) / synthetic.length;
    difference += own;
    largest = Math.max(largest, Math.abs(difference));
    sum += Math.abs(own) / 2;
  }
  return 1 - (codec.kind === 'number' ? largest : sum);
}

/**
 * The distributions of a column in two tables as bars: the most frequent levels, or ranges of equal width that hold the numbers
 * but for the outer 0.5 % on each side, which the first and last bar take in.
 */
export function barsOf(codec: ColumnCodec, real: Float64Array, synthetic: Float64Array): readonly Bar[] {
  const present = real.filter((value) => !Number.isNaN(value)).sort();
  const starts = codec.kind === 'number' ? rangeStarts(present) : frequentLevels(present);
  const place = (value: number): number => {
    if (Number.isNaN(value)) return starts.length + 1;
    if (codec.kind === 'category') return starts.includes(value) ? starts.indexOf(value) : starts.length;
    const next = starts.findIndex((start) => start > value);
    return Math.max((next < 0 ? starts.length : next) - 1, 0);
  };
  const shares = (values: Float64Array) => {
    const bars = new Array<number>(starts.length + 2).fill(0);
    for (const value of values) bars[place(value)]! += 1 / values.length;
    return bars;
  };
  const [ofReal, ofSynthetic] = [shares(real), shares(synthetic)];
  const labels = [...starts.map((start) => formatCell(codec.schema, start, 'missing')), 'other', 'missing'];
  return labels
    .map((label, at) => ({ label, real: ofReal[at]!, synthetic: ofSynthetic[at]! }))
    .filter((bar, at) => at < starts.length || bar.real + bar.synthetic > 0);
}

const MOST_BARS = 24;

function rangeStarts(sorted: Float64Array): readonly number[] {
  const distinct = [...new Set(sorted)];
  if (distinct.length <= MOST_BARS) return distinct;
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!;
  const [low, high] = [at(0.005), at(0.995)];
  // Numbers are integers on their grid, and so is the width: no range holds more of them than another.
  const width = Math.max(1, Math.ceil((high - low + 1) / MOST_BARS));
  return Array.from({ length: Math.ceil((high - low + 1) / width) }, (_, bar) => low + bar * width);
}

function frequentLevels(values: Float64Array): readonly number[] {
  return [...countsOf(values)]
    .sort(([a, n], [b, m]) => m - n || a - b)
    .slice(0, MOST_BARS)
    .map(([level]) => level)
    .sort((a, b) => a - b);
}

/** How often each value occurs; a missing one is $-\infty$. */
function countsOf(values: Float64Array): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const value of values) {
    const key = Number.isNaN(value) ? -Infinity : value;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}
