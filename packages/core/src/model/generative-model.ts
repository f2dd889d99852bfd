import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import type { Key } from '../random/key';
import type { Shape } from '../shape/shape';
import type { SamplingLoop } from './sampling-loop';
import type { Module } from './module';

/**
 * What a model provides about the density of an example:
 * `exact` - its log-likelihood; `lower-bound` - a bound on it; `unnormalized` - up to an unknown constant; `none`.
 */
export type LikelihoodKind = 'exact' | 'lower-bound' | 'unnormalized' | 'none';

/** Tensors by name that an objective made before its gradient: negatives, fakes or the final states of Markov chains. */
export type Prepared = Readonly<Record<string, Tensor>>;

/** Options of one call of a loss. */
export interface LossOptions {
  readonly training: boolean;
  /**
   * The number of the training step, starting at 1, for schedules of the objective. It is a tensor, so that one
   * captured step serves all steps. Absent outside training, as in validation.
   */
  readonly step?: Scalar;
  /**
   * Whether this loss includes the terms that {@link Objective.lazyEvery} makes rare.
   * @defaultValue true
   */
  readonly lazy?: boolean;
  /** The result of the objective's `prepare`. Borrowed; constants for the gradient. */
  readonly prepared?: Prepared;
}

/** One player's training goal. Most models have one; a GAN has one for its critic and one for its generator. */
export interface Objective<B = Tensor> {
  readonly name: string;
  /** The variables that this objective's optimizer updates; a fixed list. */
  readonly parameters: readonly Variable[];
  /**
   * Trains the objective at every `every`-th step. Each step has a fresh batch, so `every: 5` on the generator's
   * objective gives its critic five updates on five batches for each of the generator's.
   * @defaultValue 1
   */
  readonly every?: number;
  /**
   * Calls the loss with `lazy: true` at each `lazyEvery`-th update and with `lazy: false` otherwise, for penalties
   * that are too expensive for every update.
   * @defaultValue 1
   */
  readonly lazyEvery?: number;
  /**
   * Whether a lower mean `total` over the validation examples means a better model. `fit` validates on the first such
   * objective, keeps the weights of its best epoch and can stop early; without one, the model keeps its last weights
   * unless `validate` is given.
   * @defaultValue true for the first objective of a model with an exact likelihood or a bound, false otherwise
   */
  readonly validated?: boolean;
  /**
   * Checks the labels of the training examples; `fit` calls it once, before the first step. It is not called for examples
   * without labels, or for those that are read piece by piece.
   * @throws ArgumentError for labels that nothing can be learned from
   */
  checkLabels?(labels: Int32Array): void;
  /**
   * Makes tensors for the loss before the gradient is taken, so that nothing here is differentiated. It may assign
   * variables that are not trainable (a replay buffer, the state of a chain), but only while `training`.
   * The caller owns the tensors. Made of tfjs ops that read no value.
   */
  prepare?(batch: B, key: Key, options: LossOptions): Prepared;
  /**
   * The quantity to minimize, averaged over the batch (nats per example for likelihoods), and its terms. The caller
   * owns every returned scalar.
   */
  loss(batch: B, key: Key, options: LossOptions): { total: Scalar } & Record<string, Scalar>;
  /** Runs after each update of the parameters, to clip weights for example. Made of tfjs ops that read no value. */
  afterUpdate?(): void;
}

/**
 * Runs `prepare` of an objective, if it has one.
 * @returns the options to call `loss` with; the caller disposes of `prepared`
 */
export function prepareLoss<B>(
  objective: Objective<B>,
  batch: B,
  key: Key,
  options: LossOptions,
): LossOptions {
  const prepared = objective.prepare?.(batch, key.fold('prepare'), options);
  return prepared === undefined ? options : { ...options, prepared };
}

/** The objective that `fit` validates on; undefined for a model whose losses do not measure its quality. */
export function validatedObjective<B>(model: GenerativeModel<B>): Objective<B> | undefined {
  const objectives = model.objectives();
  const [first] = objectives;
  const isBound = model.likelihoodKind === 'exact' || model.likelihoodKind === 'lower-bound';
  return (
    objectives.find(({ validated }) => validated) ??
    (isBound && first?.validated !== false ? first : undefined)
  );
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
  /**
   * For a model of discrete data, the number of values that an entry can take: the integers from 0 to `levels` - 1,
   * or all integers if it is Infinity. `fit` and `evaluate` refuse other examples, and `evaluate` refuses a
   * likelihood above 1. Absent for a model of real numbers, whose likelihood is a density.
   */
  readonly levels?: number | undefined;
  /** Whether the bound on the likelihood of discrete data comes from a density of the data plus noise. */
  readonly isDequantized?: boolean;
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
   * `elbo` as a loop over many similar steps, with the tensors of x among its inputs, so that an engine captures a
   * single step. For the same key it gives the same values as `elbo`.
   */
  elboLoop?(x: X): SamplingLoop;
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
  /** The logarithm of the normalizer, for `evaluate`. */
  partition?(key: Key): Promise<PartitionEstimate>;
}

/** An estimate of $\ln Z = \ln \int e^{-E(x)} dx$, in nats. */
export interface PartitionEstimate {
  readonly kind: 'exact' | 'estimate';
  readonly logPartition: number;
  /** The standard error of `logPartition`; 0 if it is exact. */
  readonly standardError: number;
  /** The 95 % confidence interval of `logPartition`; both ends are equal if it is exact. */
  readonly interval: readonly [number, number];
}
