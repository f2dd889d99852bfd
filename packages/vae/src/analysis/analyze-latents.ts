import { checkGiven, checkKey, checkNumber, checkOptions, logSumExp } from '@dgm/core';
import type { ConditionedBatch, Distribution, Examples, Independent, Key, MakeBatch } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { LatentVariableModel } from '../elbo';
import { chunksOf } from './chunks';
import type { Chunk } from './chunks';

export interface AnalyzeLatentsOptions {
  /** Randomness of the draw of z, one per example. */
  readonly key: Key;
  /**
   * The number of examples, and of values of z to compare them with, per batch.
   * @defaultValue 128
   */
  readonly chunkSize?: number;
  /**
   * A latent variable is active if the variance over the examples of its posterior mean is at least this.
   * @defaultValue 0.01
   */
  readonly activeFrom?: number;
  /** Makes batches of examples, as for `fit`: `{ x, context }` for a conditional model. */
  readonly batch?: MakeBatch<Tensor | ConditionedBatch>;
}

/** A latent-variable model for each context, such as a {@link conditionalVae}. */
export interface ConditionedLatentModel {
  /** @param context - `[n, contextSize]`, one for each example */
  given(context: Tensor): LatentVariableModel;
}

/**
 * The ELBO of a set of examples, decomposed, in nats per example. The bound is
 * `reconstruction - crossEntropy + posteriorEntropy`, and the regularizer
 * `crossEntropy - posteriorEntropy = mutualInformation + marginalDivergence`. If the variables of the posterior are
 * independent, the last term is `totalCorrelation + dimensionwiseDivergence`.
 */
export interface LatentAnalysis {
  readonly elbo: number;
  /** $\mathbb{E}[\ln p(x|z)]$, Eq. 4.34. */
  readonly reconstruction: number;
  /** $\mathrm{CE}[q(z) \| p(z)]$ of the aggregated posterior q(z) and the prior, Eq. 4.46. */
  readonly crossEntropy: number;
  /** $\mathbb{H}[q(z|x)]$, Eq. 4.45. */
  readonly posteriorEntropy: number;
  /** $\mathbb{H}[q(z)]$. */
  readonly aggregatedEntropy: number;
  /**
   * $\mathbb{H}[q(z)] - \mathbb{H}[q(z|x)]$: how much z tells about which of the N examples it encodes; at most ln N.
   */
  readonly mutualInformation: number;
  /** $\mathrm{KL}[q(z) \| p(z)]$: the most that another prior could gain. */
  readonly marginalDivergence: number;
  /**
   * $\mathrm{KL}[q(z) \| \prod_j q(z_j)]$: how far the variables are from being independent over all examples. Only
   * if each posterior is a product.
   */
  readonly totalCorrelation?: number;
  /** $\sum_j \mathrm{KL}[q(z_j) \| p(z_j)]$; only if the prior is a product as well. */
  readonly dimensionwiseDivergence?: number;
  /** The variance over the examples of each latent variable's posterior mean. */
  readonly meanVariances: readonly number[];
  /** The number of active variables. */
  readonly activeUnits: number;
  /** Set if the posterior has collapsed onto the prior in most of the variables. */
  readonly warning?: string;
}

/**
 * Decomposes the ELBO (Eq. 4.33-4.43), with the aggregated posterior of the given examples.
 *
 * Each draw is compared with the posterior of every example, so the cost grows with the square of their number. A
 * thousand examples are enough.
 * @param model - its posterior must have a mean
 * @see DGM §4.4.1. ELBO surgery (Hoffman and Johnson, 2016); Isolating Sources of Disentanglement (Chen et al., 2018), Eq. 2;
 * Burda et al., 2016, §5 (active units)
 */
export async function analyzeLatents(
  model: LatentVariableModel | ConditionedLatentModel,
  examples: Examples,
  options: AnalyzeLatentsOptions,
): Promise<LatentAnalysis> {
  checkOptions('analyzeLatents', options, ['key', 'chunkSize', 'activeFrom', 'batch']);
  const { key, chunkSize = 128, activeFrom = 0.01, batch } = options;
  checkKey('analyzeLatents', key);
  checkNumber('analyzeLatents', 'activeFrom', activeFrom, { min: 0 });
  const { count } = examples;
  const makers = chunksOf('analyzeLatents', examples, { key: key.fold('batch'), chunkSize, batch });
  const chunks = makers.map((make) => () => given(model, make()));
  const seen: Partial<Record<Quantity, number[]>> = {};
  for (const [index, chunk] of chunks.entries()) {
    const scores = tf.tidy(() => score(chunk(), key.fold(index), { chunks, count }));
    try {
      for (const [name, values] of Object.entries(scores) as [Quantity, Tensor][]) {
        (seen[name] ??= []).push(...(await values.data()));
      }
    } finally {
      tf.dispose(scores);
    }
  }
  return summarize(seen as Seen, { count, activeFrom });
}

type Quantity =
  | 'reconstruction'
  | 'logPrior'
  | 'logPosterior'
  | 'logAggregated'
  | 'means'
  /** $\ln \prod_j q(z_j)$ and $\ln \prod_j p(z_j)$, if both are products. */
  | 'logMarginals'
  | 'logPriorMarginals';

type Seen = Record<Exclude<Quantity, 'logMarginals' | 'logPriorMarginals'>, number[]> &
  Partial<Record<Quantity, number[]>>;

function summarize(
  seen: Seen,
  { count, activeFrom }: { readonly count: number; readonly activeFrom: number },
): LatentAnalysis {
  const [reconstruction, logPrior] = [average(seen.reconstruction), average(seen.logPrior)];
  const [logPosterior, logAggregated] = [average(seen.logPosterior), average(seen.logAggregated)];
  const meanVariances = columnVariances(seen.means, count);
  const activeUnits = meanVariances.filter((variance) => variance >= activeFrom).length;
  const logMarginals = seen.logMarginals && average(seen.logMarginals);
  return {
    elbo: reconstruction + logPrior - logPosterior,
    reconstruction,
    crossEntropy: -logPrior,
    posteriorEntropy: -logPosterior,
    aggregatedEntropy: -logAggregated,
    mutualInformation: logPosterior - logAggregated,
    marginalDivergence: logAggregated - logPrior,
    ...(logMarginals === undefined ? {} : { totalCorrelation: logAggregated - logMarginals }),
    ...(logMarginals === undefined || seen.logPriorMarginals === undefined
      ? {}
      : { dimensionwiseDivergence: logMarginals - average(seen.logPriorMarginals) }),
    meanVariances,
    activeUnits,
    ...(2 * activeUnits < meanVariances.length
      ? { warning: warningOf(activeUnits, meanVariances.length) }
      : {}),
  };
}

/** Examples, and the model of them. */
interface Asked {
  readonly x: Tensor;
  readonly model: LatentVariableModel;
}

function given(model: LatentVariableModel | ConditionedLatentModel, { x, context }: Chunk): Asked {
  if (!('given' in model)) return { x, model };
  checkGiven('analyzeLatents', 'batch', context, 'to make { x, context } for a conditional model');
  return { x, model: model.given(context) };
}

/** The log-densities of one draw of z for each example, `[n]`, and the posterior's means, `[n, M]`. */
function score(
  { x, model }: Asked,
  key: Key,
  { chunks, count }: { readonly chunks: readonly (() => Asked)[]; readonly count: number },
): Partial<Record<Quantity, Tensor>> {
  const [q, p] = [model.encode(x), model.prior()];
  const z = q.sample(key); // [n, ...latent]
  const against = tf.expandDims(z, 1); // [n, 1, ...latent], against a batch [m]
  const sums = chunks.map((chunk) =>
    tf.tidy(() => {
      const other = chunk();
      return logSumsOver(other.model.encode(other.x), against);
    }),
  );
  /** ln of the mean over all examples of a density at the draws, `[n, ...]`. */
  const logMean = (logSums: readonly Tensor[]): Tensor =>
    tf.sub(logSumExp(tf.stack([...logSums]), { axis: 0 }), Math.log(count));
  const marginals = sums.flatMap(({ ofVariables }) => ofVariables ?? []);
  const logPrior = p.logProb(z);
  return {
    reconstruction: model.decode(z).logProb(x),
    logPrior,
    logPosterior: q.logProb(z),
    logAggregated: logMean(sums.map(({ whole }) => whole)), // ln q(z)
    means: tf.reshape(q.mean(), [x.shape[0]!, -1]),
    ...(marginals.length > 0 ? { logMarginals: perExample(logMean(marginals)) } : {}),
    ...(isProduct(p) ? { logPriorMarginals: logPrior } : {}),
  };
}

/**
 * The log of the sum of the densities of a batch of posteriors: of the whole z, `[n]`, and, if its variables are
 * independent, of each variable, `[n, ...latent]`.
 * @param z - `[n, 1, ...latent]`
 */
function logSumsOver(posteriors: Distribution, z: Tensor): { whole: Tensor; ofVariables?: Tensor } {
  if (!isProduct(posteriors)) return { whole: logSumExp(posteriors.logProb(z), { axis: 1 }) };
  const each = posteriors.base.logProb(z); // [n, m, ...latent]
  return {
    whole: logSumExp(posteriors.sumOverEvent(each), { axis: 1 }),
    ofVariables: logSumExp(each, { axis: 1 }),
  };
}

/** Sums `[n, ...latent]` over the variables. */
function perExample(values: Tensor): Tensor {
  return tf.sum(tf.reshape(values, [values.shape[0]!, -1]), 1);
}

/** Whether the variables of a distribution are independent of each other. */
function isProduct(distribution: Distribution): distribution is Independent {
  return distribution.kind === 'Independent' && (distribution as Independent).base.eventShape.length === 0;
}

function columnVariances(rowMajor: readonly number[], count: number): number[] {
  const size = rowMajor.length / count;
  return Array.from({ length: size }, (_, column) => {
    const values = rowMajor.filter((__, index) => index % size === column);
    const mean = average(values);
    return average(values.map((value) => (value - mean) ** 2));
  });
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function warningOf(active: number, all: number): string {
  return (
    `The posterior has collapsed: only ${active} of ${all} latent variables tell examples apart. ` +
    'Let the regularizer rise slowly (linearAnnealing), give free bits, or make the decoder weaker.'
  );
}
