import { checkNumber } from '@dgm/core';
import type { LossOptions } from '@dgm/core';
import type { Scalar } from '@tensorflow/tfjs-core';

/** A weight that changes while a model is trained, such as `linearAnnealing` of `@dgm/vae`. */
export interface ScheduledWeight {
  /** The weight at a training step, 1 at the first, in tensor operations: an engine captures them once. */
  at(step: Scalar): Scalar;
  /** The weight in validation, and in the end. */
  readonly final: number;
}

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
 */
export function convexWeights(lambda: number): HybridWeights {
  checkNumber('convexWeights', 'lambda', lambda, { min: 0, max: 1 });
  return { classification: 1 - lambda, density: lambda };
}

/**
 * The weighted density: 1 for the classification and $\lambda$ for the density; with $\lambda = 1$ the joint likelihood.
 * @throws ArgumentError if `lambda` is negative
 * @see DGM Eq. 5.9, and Eq. 5.12 with the weight on the log-determinant as well
 */
export function densityWeight(lambda: number): HybridWeights {
  checkNumber('densityWeight', 'lambda', lambda, { min: 0 });
  return { classification: 1, density: lambda };
}

/** @throws ArgumentError for a weight that is negative or not finite */
export function checkWeight(where: string, argument: string, weight: number | ScheduledWeight): void {
  checkNumber(where, argument, typeof weight === 'number' ? weight : weight?.final, { min: 0 });
}

/** The weight at the step of a loss; the last one where nothing is being trained. */
export function weightAt(weight: number | ScheduledWeight, { step }: LossOptions): number | Scalar {
  if (typeof weight === 'number') return weight;
  return step === undefined ? weight.final : weight.at(step);
}
