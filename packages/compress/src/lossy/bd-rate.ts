import { checkNumber, checkThat } from '@dgm/core';

/** One point of a rate-distortion curve. */
export interface RatePoint {
  /** In any unit: bits per pixel, bytes. */
  readonly rate: number;
  /** In decibels, larger for less distortion: `peakSignalToNoiseRatio` of `@dgm/core`, for example. */
  readonly quality: number;
}

/**
 * Bjøntegaard's delta rate: how much more rate a codec takes than another for the same quality, in percent; below 0 it takes less.
 *
 * The logarithm of the rate is interpolated over the quality by cubic pieces that keep its order (PCHIP), and the mean difference
 * over the qualities that both curves reach is turned back.
 *
 * @param anchor - the curve to compare with, at least two points of different quality
 * @param curve - likewise
 * @throws ArgumentError if a curve has fewer points, one of them twice, a rate that is not positive, or if the two share no quality
 * @see Calculation of average PSNR differences between RD-curves (Bjøntegaard, 2001), ITU-T VCEG-M33. Monotone Piecewise Cubic
 * Interpolation (Fritsch and Carlson, 1980)
 */
export function bjontegaardRate(anchor: readonly RatePoint[], curve: readonly RatePoint[]): number {
  const [a, b] = [interpolated('anchor', anchor), interpolated('curve', curve)];
  const low = Math.max(a.low, b.low);
  const high = Math.min(a.high, b.high);
  checkThat(WHERE, 'curve', low < high, {
    expected: `to reach a quality between ${a.low} and ${a.high}, as the anchor does`,
    actual: `${b.low} to ${b.high}`,
  });
  const difference = (b.integral(low, high) - a.integral(low, high)) / (high - low);
  return 100 * Math.expm1(difference);
}

const WHERE = 'bjontegaardRate';

interface LogRate {
  readonly low: number;
  readonly high: number;
  /** Of the logarithm of the rate between two qualities. */
  integral(from: number, to: number): number;
}

function interpolated(argument: string, points: readonly RatePoint[]): LogRate {
  for (const { rate, quality } of points) {
    checkNumber(WHERE, `a rate of ${argument}`, rate, { above: 0 });
    checkNumber(WHERE, `a quality of ${argument}`, quality);
  }
  const sorted = [...points].sort((p, q) => p.quality - q.quality);
  const x = sorted.map(({ quality }) => quality);
  const y = sorted.map(({ rate }) => Math.log(rate));
  checkThat(WHERE, argument, x.length >= 2 && !x.some((quality, at) => at > 0 && quality === x[at - 1]), {
    expected: 'to be at least two points of different qualities',
    actual: `qualities ${x.join(', ')}`,
  });
  const slopes = monotoneSlopes(x, y);
  /** The cubic of a piece, by its ends and their slopes (Hermite). */
  const valueAt = (piece: number, quality: number): number => {
    const step = x[piece + 1]! - x[piece]!;
    const t = (quality - x[piece]!) / step;
    const [s, u] = [1 - t, t * t * (3 - 2 * t)];
    return (
      (1 - u) * y[piece]! + u * y[piece + 1]! + step * t * s * (s * slopes[piece]! - t * slopes[piece + 1]!)
    );
  };
  return {
    low: x[0]!,
    high: x.at(-1)!,
    integral: (from, to) => {
      let sum = 0;
      for (let piece = 0; piece + 1 < x.length; piece++) {
        const [start, end] = [Math.max(from, x[piece]!), Math.min(to, x[piece + 1]!)];
        if (end <= start) continue;
        // Simpson's rule is exact for cubics.
        const middle = valueAt(piece, (start + end) / 2);
        sum += ((end - start) / 6) * (valueAt(piece, start) + 4 * middle + valueAt(piece, end));
      }
      return sum;
    },
  };
}

/** Slopes at the points with which the cubic pieces have no extremes between them. */
function monotoneSlopes(x: readonly number[], y: readonly number[]): number[] {
  const steps = x.slice(1).map((each, at) => each - x[at]!);
  const chords = steps.map((step, at) => (y[at + 1]! - y[at]!) / step);
  if (chords.length === 1) return [chords[0]!, chords[0]!];
  /** One-sided, from the two pieces next to an end. */
  const atEnd = (h: number, next: number, chord: number, after: number): number => {
    const slope = ((2 * h + next) * chord - h * after) / (h + next);
    if (Math.sign(slope) !== Math.sign(chord)) return 0;
    return Math.sign(chord) !== Math.sign(after) && Math.abs(slope) > 3 * Math.abs(chord) ? 3 * chord : slope;
  };
  const last = chords.length - 1;
  const inner = chords.slice(1).map((after, at) => {
    const before = chords[at]!;
    if (before * after <= 0) return 0;
    const [left, right] = [2 * steps[at + 1]! + steps[at]!, steps[at + 1]! + 2 * steps[at]!];
    return (left + right) / (left / before + right / after);
  });
  return [
    atEnd(steps[0]!, steps[1]!, chords[0]!, chords[1]!),
    ...inner,
    atEnd(steps[last]!, steps[last - 1]!, chords[last]!, chords[last - 1]!),
  ];
}
