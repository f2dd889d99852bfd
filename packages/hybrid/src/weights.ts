import { checkNumber, type ScheduledWeight } from '@dgm/core';
import { record } from './record';

/** The weights of the two terms of a hybrid's loss, $-w_y \ln p(y|x) - w_x \ln p(x)$. */
export interface HybridWeights {
  /** $w_y$ */
  readonly classification: number | ScheduledWeight;
  /** $w_x$, of the whole $\ln p(x)$: in a flow the log-determinant is part of it. */
  readonly density: number | ScheduledWeight;
}

/**
 * The convex combination: $(1 - \lambda)$ for the classification and $\lambda$ for the density.
 * @throws ArgumentError if `lambda` is not in [0, 1]
 * @see DGM Eq. 5.8
 *
 * @example
 * ```ts
 * const model = hybrid({
 *   density: realNvp({ dims: 64, key: key.fold('density') }),
 *   features: 'encode',
 *   classifier: mlp([64, 10], { key: key.fold('classifier') }),
 *   classes: 10,
 *   weights: convexWeights(0.1), // 0.9 for the classification
 * });
 * ```
 */
export function convexWeights(lambda: number): HybridWeights {
  checkNumber('convexWeights', 'lambda', lambda, { min: 0, max: 1 });
  const weights: HybridWeights = { classification: 1 - lambda, density: lambda };
  return record(weights, 'convexWeights', arguments);
}

/**
 * The weighted density: 1 for the classification and $\lambda$ for the density; with $\lambda = 1$ the joint likelihood.
 * @throws ArgumentError if `lambda` is negative
 * @see DGM Eq. 5.9, and Eq. 5.12 with the weight on the log-determinant as well
 *
 * @example
 * ```ts
 * const model = hybrid({
 *   density: realNvp({ dims: 64, key: key.fold('density') }),
 *   features: 'encode',
 *   classifier: mlp([64, 10], { key: key.fold('classifier') }),
 *   classes: 10,
 *   weights: densityWeight(1 / 64),
 * });
 * ```
 */
export function densityWeight(lambda: number): HybridWeights {
  checkNumber('densityWeight', 'lambda', lambda, { min: 0 });
  const weights: HybridWeights = { classification: 1, density: lambda };
  return record(weights, 'densityWeight', arguments);
}
