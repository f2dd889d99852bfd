import { decimal } from './format';

/** A linear map from data to percent of an axis. */
export interface Scale {
  readonly min: number;
  readonly max: number;
  percent(value: number): number;
}

export function scale(min: number, max: number): Scale {
  const span = max > min ? max - min : 1;
  return { min, max, percent: (value) => (100 * (value - min)) / span };
}

/** The scale of all values, with a margin on both sides, as a share of what they span. */
export function scaleAround(values: readonly number[], margin: number): Scale {
  const [min, max] = extent(values);
  const room = margin * (max - min || Math.abs(max) || 1);
  return scale(min - room, max + room);
}

/** The least and the greatest value. `Math.min(...values)` takes no more arguments than there is room for on the stack. */
export function extent(values: readonly number[]): readonly [min: number, max: number] {
  return values.reduce(([min, max], value) => [Math.min(min, value), Math.max(max, value)], [
    Infinity,
    -Infinity,
  ] as [number, number]);
}

/** From this many labels on, an axis can be read. */
const FEWEST_TICKS = 3;

/**
 * Round numbers within the scale, a step of 1, 2 or 5 times a power of ten apart: at most `count` + 1 of them, or a few more where
 * there would be fewer than three.
 */
export function ticks({ min, max }: Pick<Scale, 'min' | 'max'>, count: number): readonly number[] {
  if (max <= min) return [min];
  const rough = (max - min) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const steps = [10, 5, 2, 1, 0.5, 0.2].map((factor) => factor * power);
  const fine = steps.findIndex((step) => step < rough * (1 - 1e-9));
  const candidates = steps.slice(fine - 1).map((step) => multiples(step, min, max));
  return candidates.find(({ length }) => length >= FEWEST_TICKS) ?? candidates.at(-1)!;
}

/** Multiples of the step, not sums of it: rounding errors do not add up. */
function multiples(step: number, min: number, max: number): readonly number[] {
  const first = Math.ceil(min / step - 1e-9);
  const last = Math.floor(max / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) =>
    Number(((first + index) * step).toPrecision(12)),
  );
}

/** The texts of an axis, all with the decimals that the finest needs. */
export function tickTexts(values: readonly number[]): readonly string[] {
  const decimals = values.map((value) => /\.(\d+)$/.exec(String(value))?.[1]?.length ?? 0);
  const digits = Math.min(Math.max(0, ...decimals), 6);
  return values.map((value) => decimal(value, digits));
}
