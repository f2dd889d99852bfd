import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import type { Key } from '../random/key';
import type { Shape } from '../shape/shape';
import type { Module } from './module';

/**
 * What a model can say about the density of an example:
 * `exact` - its log-likelihood; `lower-bound` - a bound on it; `unnormalized` - up to an unknown constant; `none`.
 */
export type LikelihoodKind = 'exact' | 'lower-bound' | 'unnormalized' | 'none';

/** Options of one call of a loss. */
export interface LossOptions {
  readonly training: boolean;
  /**
   * The number of the training step, 1 at the first: for schedules of the objective. A tensor, so that a captured step
   * need not be captured anew; absent where nothing is being trained, as in validation.
   */
  readonly step?: Scalar;
}

/** One player's training goal. Most models have one; a GAN has one for its critic and one for its generator. */
export interface Objective<B = Tensor> {
  readonly name: string;
  /** What this objective's optimizer changes; a fixed list. */
  readonly parameters: readonly Variable[];
  /**
   * The quantity to minimize, averaged over the batch (nats per example for likelihoods), and the terms it is made of.
   * Every returned scalar belongs to the caller.
   */
  loss(batch: B, key: Key, options: LossOptions): { total: Scalar } & Record<string, Scalar>;
}

/** Options of `sample` that every model understands. */
export interface SampleOptions {
  /** The condition of each draw, `[n, contextSize]`, for a conditional model. */
  readonly context?: Tensor;
}

/**
 * A model that can be trained and sampled from.
 *
 * `B` is what the model is trained on: a tensor of examples, or a record such as `{ x, context }`
 * ({@link ConditionedBatch}). The option `batch` of `fit` makes it from the rows of a data set.
 */
export interface GenerativeModel<B = Tensor> extends Module {
  /** The shape of one example. */
  readonly eventShape: Shape;
  readonly likelihoodKind: LikelihoodKind;
  /** Draws `n` examples: `[n, ...event]`. */
  sample(key: Key, n: number, options?: SampleOptions): Tensor;
  objectives(): readonly Objective<B>[];
}

/**
 * A model with an exact log-likelihood of `X`: of examples, or of examples given a condition (`Tensor | ConditionedBatch`).
 * The option `batch` of `evaluate` makes it from the rows of a data set.
 */
export interface LikelihoodModel<B = Tensor, X = Tensor> extends GenerativeModel<B> {
  readonly likelihoodKind: 'exact';
  /** Log-likelihood of each example in nats, `[n]`. */
  logProb(x: X, key?: Key): Tensor;
}

/** A model with a lower bound on the log-likelihood of `X`. A bound is never called `logProb`. */
export interface BoundModel<B = Tensor, X = Tensor> extends GenerativeModel<B> {
  readonly likelihoodKind: 'lower-bound';
  /** A one-sample estimate of the bound for each example in nats, `[n]`. */
  elbo(x: X, key: Key): Tensor;
  /**
   * Log importance weights $\ln p(x, z_k) - \ln q(z_k | x)$ of `numSamples` draws for each example in nats,
   * `[numSamples, n]`. The log of their mean weight estimates the log-likelihood; `evaluate` asks for them in chunks.
   */
  logWeights?(x: X, key: Key, numSamples: number): Tensor;
}

/** A model with an energy: log-likelihood is `-energy(x)` minus an unknown constant. */
export interface EnergyModel<B = Tensor, X = Tensor> extends GenerativeModel<B> {
  readonly likelihoodKind: 'unnormalized';
  /** Energy of each example, `[n]`. */
  energy(x: X): Tensor;
}
