import type { Tensor } from '@tensorflow/tfjs-core';
import { checkInteger, checkOptions } from '../check/check';
import { readPoints, squaredDistances, type Points } from './distances';

export interface SampleQualityOptions {
  /** k, the neighbour whose distance is the radius of a point's ball. @defaultValue 5 */
  readonly neighbours?: number;
  /**
   * Training examples, to be scored as if they were samples: what a model that draws from the data itself would reach. As
   * many are taken, from the first, as there are samples.
   */
  readonly train?: Tensor;
}

/** How samples lie among examples; each in [0, 1], but for density. */
export interface SampleQuality {
  /** The share of samples in the ball of at least one example. */
  readonly precision: number;
  /** The share of examples in the ball of at least one sample. */
  readonly recall: number;
  /** How many examples' balls a sample lies in, on average, over k; may exceed 1. */
  readonly density: number;
  /** The share of examples with a sample in their ball. */
  readonly coverage: number;
}

/**
 * Precision, recall, density and coverage of samples, by balls around each point that reach to its k-th neighbour of its
 * own kind. Computed on the host in doubles, in time that grows with $(n + m)^2$.
 *
 * All depend on k and on both numbers of points, so that values compare only at equal ones; `ceiling` is what training
 * examples reach in place of the samples.
 * @param examples - `[n, ...event]`, held out, n above k
 * @param samples - `[m, ...event]`, m above k
 * @throws {@link ShapeError} for too few points, or points of different sizes.
 * @see Improved Precision and Recall Metric for Assessing Generative Models (Kynkäänniemi et al., 2019), Eq. 1 and 2;
 * Reliable Fidelity and Diversity Metrics for Generative Models (Naeem et al., 2020), Eq. 3 and 4
 */
export async function sampleQuality(
  examples: Tensor,
  samples: Tensor,
  { neighbours = 5, train, ...unknown }: SampleQualityOptions = {},
): Promise<SampleQuality & { readonly ceiling?: SampleQuality }> {
  const where = 'sampleQuality';
  checkOptions(where, unknown, ['neighbours', 'train']);
  checkInteger(where, 'neighbours', neighbours);
  const tensors = { examples, samples, ...(train !== undefined && { train }) };
  const [real, drawn, seen] = await readPoints(where, tensors, neighbours + 1);
  const radii = ballRadii(real!, neighbours);
  const quality = compare(real!, radii, drawn!, neighbours);
  if (seen === undefined) return quality;
  const asMany = { ...seen, count: Math.min(seen.count, drawn!.count) };
  return { ...quality, ceiling: compare(real!, radii, asMany, neighbours) };
}

function compare(real: Points, realRadii: Float64Array, drawn: Points, k: number): SampleQuality {
  const drawnRadii = ballRadii(drawn, k);
  const distances = squaredDistances(real, drawn);
  // For each sample, the number of balls of examples that it lies in; for each example, whether it lies in a ball of a sample.
  const balls = new Int32Array(drawn.count);
  let [recalled, covered] = [0, 0];
  for (let i = 0; i < real.count; i++) {
    const row = distances.subarray(i * drawn.count, (i + 1) * drawn.count);
    row.forEach((distance, j) => {
      if (distance < realRadii[i]!) balls[j]!++;
    });
    if (row.some((distance, j) => distance < drawnRadii[j]!)) recalled++;
    if (row.some((distance) => distance < realRadii[i]!)) covered++;
  }
  return {
    precision: balls.filter((count) => count > 0).length / drawn.count,
    recall: recalled / real.count,
    density: balls.reduce((sum, count) => sum + count, 0) / (k * drawn.count),
    coverage: covered / real.count,
  };
}

/** The squared distance of each point to its k-th neighbour, itself not counted. */
function ballRadii(points: Points, k: number): Float64Array {
  const distances = squaredDistances(points, points);
  return Float64Array.from({ length: points.count }, (_, row) => {
    const others = distances.slice(row * points.count, (row + 1) * points.count);
    // Sorted, the point itself comes first, at distance 0.
    return others.sort()[k]!;
  });
}
