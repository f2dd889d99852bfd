import type { Tensor } from '@tensorflow/tfjs-core';
import { checkNumber, checkOptions } from '../check/check';
import { readPoints, squaredDistances } from './distances';

/** How samples fall to known modes. */
export interface ModeCounts {
  /** The number of samples within the radius of each mode, by the nearest. */
  readonly counts: readonly number[];
  /** The number of modes with a sample. */
  readonly covered: number;
  /** The share of samples beyond the radius of every mode. */
  readonly outside: number;
}

/**
 * Counts the samples of each mode of a known mixture: a sample belongs to the nearest mode if it lies within `radius` of it, which
 * for a normal mixture is usually three standard deviations.
 * @param samples - `[n, ...event]`
 * @param modes - the centres, `[k, ...event]`
 * @throws {@link ShapeError} where the points have different sizes.
 * @see VEEGAN: Reducing Mode Collapse in GANs using Implicit Variational Learning (Srivastava et al., 2017), §4.1
 */
export async function modeCounts(
  samples: Tensor,
  modes: Tensor,
  { radius, ...unknown }: { readonly radius: number },
): Promise<ModeCounts> {
  checkOptions('modeCounts', unknown, ['radius']);
  checkNumber('modeCounts', 'radius', radius, { above: 0 });
  const [points, centres] = await readPoints('modeCounts', { samples, modes });
  const distances = squaredDistances(points!, centres!);
  const counts = Array<number>(centres!.count).fill(0);
  for (let row = 0; row < points!.count; row++) {
    const own = distances.subarray(row * centres!.count, (row + 1) * centres!.count);
    const nearest = own.indexOf(own.reduce((least, distance) => Math.min(least, distance)));
    if (own[nearest]! <= radius ** 2) counts[nearest]!++;
  }
  const inside = counts.reduce((sum, count) => sum + count, 0);
  return {
    counts,
    covered: counts.filter((count) => count > 0).length,
    outside: 1 - inside / points!.count,
  };
}
