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

/** At most `count` + 1 round numbers, a step of 1, 2 or 5 times a power of ten apart, within the scale. */
export function ticks({ min, max }: Pick<Scale, 'min' | 'max'>, count: number): readonly number[] {
  const rough = (max - min || 1) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * (1 - 1e-9))!;
  const first = Math.ceil(min / step - 1e-9);
  const last = Math.floor(max / step + 1e-9);
  // Multiples of the step, not sums of it: no rounding errors pile up. The digits are what the step needs.
  return Array.from({ length: last - first + 1 }, (_, index) =>
    Number(((first + index) * step).toPrecision(12)),
  );
}
