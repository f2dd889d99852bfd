import type { Distribution } from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Interval } from '../quadrature';
import type { Numbers } from '../tensors';
import type { Tolerances } from '../tolerances';

/**
 * Where a distribution has its mass, which says how the kit sums over it:
 * `real` - events of real numbers, each element in the interval. Quadrature for 1 or 2 elements; importance sampling
 * from a normal of the interval's `center` and `scale` for more (choose a scale wider than the distribution);
 * `integers` - scalar events, summed one by one (for an infinite support: as far as the mass matters);
 * `events` - an explicit list of all events, see `everyEvent`;
 * `sphere` - unit vectors, with densities per unit of area. Quadrature for 2 or 3 elements; uniform directions for more.
 */
export type Support =
  | ({ readonly kind: 'real' } & Interval)
  | { readonly kind: 'integers'; readonly from: number; readonly to: number }
  | { readonly kind: 'events'; readonly events: readonly Numbers[] }
  | { readonly kind: 'sphere' };

/** Reference values; what is left out is not compared. */
export interface GoldenRow {
  /** Replaces the parameters of the case, in the same order. */
  readonly parameters?: readonly Numbers[];
  /** `[...sample, ...batch, ...event]`, for `logProb` and `cdf`. */
  readonly x?: Numbers;
  readonly logProb?: Numbers;
  readonly cdf?: Numbers;
  readonly mean?: Numbers;
  readonly variance?: Numbers;
  readonly entropy?: Numbers;
  readonly mode?: Numbers;
}

export interface DistributionCase {
  /** Values of the tensor parameters, by name; the order is that of the arguments of `make`. */
  readonly parameters: Readonly<Record<string, Numbers>>;
  /** Parameters that all entries of the batch share, though their first axis is as long as the batch. */
  readonly shared?: readonly string[];
  /** The distribution of these parameters; it borrows them. */
  readonly make: (...parameters: Tensor[]) => Distribution;
  readonly support: Support;
  readonly golden?: readonly GoldenRow[];
  /** Values in the far tails, at the edges of the support and outside it. */
  readonly extremes?: readonly {
    readonly parameters?: readonly Numbers[];
    readonly x: Numbers;
    /** The log-density to expect; by default anything finite or -Infinity. */
    readonly logProb?: Numbers;
  }[];
  /** What `logProb` is differentiated by: by x unless the support is discrete, and by every parameter. */
  readonly differentiable?: { readonly x?: boolean; readonly parameters?: readonly string[] };
  /**
   * How a reparameterized sampler is shown right: `path` compares with differences under the same key; `expectation`,
   * for samplers that reject, compares with differences of an integral (events of one element, or on a circle or sphere).
   */
  readonly pathwise?: 'path' | 'expectation';
  /** Draws for the statistical checks, per batch entry. @defaultValue 4000 */
  readonly draws?: number;
  /** The step of central differences, relative to max(1, |x|). */
  readonly step?: number;
  readonly tolerance?: Partial<Tolerances>;
}
