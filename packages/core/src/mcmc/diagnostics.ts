import type { Tensor } from '@tensorflow/tfjs-core';
import { checkGiven, checkThat } from '../check/check';
import { ShapeError } from '../errors/dgm-error';
import { formatShape, sizeOf } from '../shape/shape';

/**
 * The effective sample size of chains for the mean of each element: how many independent draws would estimate it as well. Each
 * chain is split in halves, and the sum of autocorrelations ends by Geyer's initial positive and monotone sequences.
 *
 * Computed on the host in doubles.
 * @param draws - `[draws, chains, ...event]`, four draws or more, as {@link drawsAlong} gives them
 * @returns one number for each element of an event, in row-major order; NaN where a draw is not finite
 * @throws {@link ShapeError} for too few draws.
 * @see Rank-normalization, folding, and localization: an improved R-hat (Vehtari et al., 2021), §3.2
 */
export async function effectiveSampleSize(draws: Tensor): Promise<number[]> {
  return (await halvesOf(draws, 'effectiveSampleSize')).map(effectiveSize);
}

/**
 * The potential scale reduction of chains that are split in halves, $\sqrt{\widehat{\mathrm{var}}^+ / W}$: near 1 where all
 * halves have the same mean and variance, above it where chains have not forgotten their start. Values above 1.01 are a warning.
 *
 * Computed on the host in doubles.
 * @param draws - `[draws, chains, ...event]`, four draws or more
 * @returns one number for each element of an event, in row-major order; NaN where a draw is not finite or nothing moves
 * @throws {@link ShapeError} for too few draws.
 * @see Rank-normalization, folding, and localization: an improved R-hat (Vehtari et al., 2021), Eq. 1-4
 */
export async function splitRHat(draws: Tensor): Promise<number[]> {
  return (await halvesOf(draws, 'splitRHat')).map((halves) => {
    const { within, total } = variances(halves);
    return Math.sqrt(total / within);
  });
}

/** For each element of an event: the chains, split in halves. A middle draw belongs to neither. */
async function halvesOf(draws: Tensor, where: string): Promise<Float64Array[][]> {
  checkGiven(where, 'draws', draws, 'to be a tensor of shape [draws, chains, ...event]');
  const [length = 0, chains = 0] = draws.shape;
  const half = Math.floor(length / 2);
  checkThat(where, 'draws', half >= 2 && chains >= 1, {
    error: ShapeError,
    expected: `of shape ${formatShape(['draws', 'chains', '...event'])} with four draws or more`,
    actual: formatShape(draws.shape),
  });
  const values = await draws.data();
  const event = sizeOf(draws.shape.slice(2));
  const starts = [0, length - half];
  return Array.from({ length: event }, (_, element) =>
    Array.from({ length: chains }, (_, chain) => chain).flatMap((chain) =>
      starts.map((start) =>
        Float64Array.from(
          { length: half },
          (_, draw) => values[((start + draw) * chains + chain) * event + element]!,
        ),
      ),
    ),
  );
}

/** The mean variance within chains, W, and the estimate of the marginal variance, $\frac{n - 1}{n} W + \frac{B}{n}$. */
function variances(chains: readonly Float64Array[]): { readonly within: number; readonly total: number } {
  const n = chains[0]!.length;
  const within = mean(chains.map(variance));
  return { within, total: ((n - 1) / n) * within + variance(chains.map(mean)) };
}

function effectiveSize(chains: readonly Float64Array[]): number {
  const n = chains[0]!.length;
  const size = n * chains.length;
  if (chains.some((chain) => !chain.every(Number.isFinite))) return NaN;
  if (chains.every((chain) => chain.every((value) => value === chains[0]![0]))) return size;
  const { within, total } = variances(chains);
  const centred = chains.map((chain) => {
    const centre = mean(chain);
    return chain.map((value) => value - centre);
  });
  const autocovariance = (lag: number): number =>
    mean(
      centred.map((chain) => {
        let sum = 0;
        for (let i = lag; i < n; i++) sum += chain[i]! * chain[i - lag]!;
        return sum / n;
      }),
    );
  const correlation = (lag: number): number => (lag === 0 ? 1 : 1 - (within - autocovariance(lag)) / total);
  // Sums of correlations at an even lag and the odd one after it are positive and decrease for a reversible chain.
  let [sum, smallest, lag] = [0, Infinity, 0];
  let even = correlation(0);
  let pair = even + correlation(1);
  while (pair > 0 && lag + 4 < n) {
    smallest = Math.min(smallest, pair);
    sum += smallest;
    lag += 2;
    even = correlation(lag);
    pair = even + correlation(lag + 1);
  }
  const time = -1 + 2 * sum + Math.max(0, even);
  return size / Math.max(time, 1 / Math.log10(size));
}

function mean(values: readonly number[] | Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** Unbiased. */
function variance(values: readonly number[] | Float64Array): number {
  const centre = mean(values);
  let sum = 0;
  for (const value of values) sum += (value - centre) ** 2;
  return sum / (values.length - 1);
}
