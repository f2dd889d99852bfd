import { gatherExamples, logSumExp } from '@dgm/core';
import type { Examples, Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { LatentVariableModel } from '../elbo';

export interface AnalyzeLatentsOptions {
  /** Randomness of the one draw of z that each example gets. */
  readonly key: Key;
  /** Examples that are looked at at a time, and values of z against them; 128 unless given. */
  readonly chunkSize?: number;
  /** The variance of its posterior mean over the examples from which a latent variable is active; 0.01 unless given. */
  readonly activeFrom?: number;
}

/**
 * What the ELBO of a set of examples is made of, in nats per example. The bound is
 * `reconstruction - crossEntropy + posteriorEntropy`, and the regularizer
 * `crossEntropy - posteriorEntropy = mutualInformation + marginalDivergence`.
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
  /** $\mathbb{H}[q(z)] - \mathbb{H}[q(z|x)]$: how much z says about which of the N examples it is; at most ln N. */
  readonly mutualInformation: number;
  /** $\mathrm{KL}[q(z) \| p(z)]$: what another prior could gain at most. */
  readonly marginalDivergence: number;
  /** The variance over the examples of each latent variable's posterior mean. */
  readonly meanVariances: readonly number[];
  /** How many of these are large enough. */
  readonly activeUnits: number;
  /** Says so where the posterior has collapsed onto the prior in most of the variables. */
  readonly warning?: string;
}

/**
 * Takes the ELBO apart (Eq. 4.33-4.43), with the aggregated posterior of the examples themselves.
 *
 * It compares each draw with the posterior of every example: the cost grows with the square of their number; a thousand
 * tell enough.
 * @param model - its posterior must have a mean
 * @see DGM §4.4.1. ELBO surgery (Hoffman and Johnson, 2016); Burda et al., 2016, §5 (active units)
 */
export async function analyzeLatents(
  model: LatentVariableModel,
  examples: Examples,
  { key, chunkSize = 128, activeFrom = 0.01 }: AnalyzeLatentsOptions,
): Promise<LatentAnalysis> {
  const chunks = chunksOf(examples, chunkSize);
  const seen = { reconstruction: [], logPrior: [], logPosterior: [], logAggregated: [], means: [] } as Seen;
  for (const [index, chunk] of chunks.entries()) {
    const scores = tf.tidy(() => score(model, chunk(), key.fold(index), chunks));
    try {
      for (const name of names) seen[name].push(...(await scores[name].data()));
    } finally {
      tf.dispose(scores);
    }
  }
  const { reconstruction, logPrior, logPosterior, logAggregated } = {
    reconstruction: average(seen.reconstruction),
    logPrior: average(seen.logPrior),
    logPosterior: average(seen.logPosterior),
    logAggregated: average(seen.logAggregated) - Math.log(examples.count),
  };
  const meanVariances = columnVariances(seen.means, examples.count);
  const activeUnits = meanVariances.filter((variance) => variance >= activeFrom).length;
  return {
    elbo: reconstruction + logPrior - logPosterior,
    reconstruction,
    crossEntropy: -logPrior,
    posteriorEntropy: -logPosterior,
    aggregatedEntropy: -logAggregated,
    mutualInformation: logPosterior - logAggregated,
    marginalDivergence: logAggregated - logPrior,
    meanVariances,
    activeUnits,
    ...(2 * activeUnits < meanVariances.length
      ? { warning: warningOf(activeUnits, meanVariances.length) }
      : {}),
  };
}

const names = ['reconstruction', 'logPrior', 'logPosterior', 'logAggregated', 'means'] as const;
type Seen = Record<(typeof names)[number], number[]>;

/** The log-densities of one draw of z for each example, `[n]`, and the posterior's means, `[n, M]`. */
function score(
  model: LatentVariableModel,
  x: Tensor,
  key: Key,
  all: readonly (() => Tensor)[],
): Record<(typeof names)[number], Tensor> {
  const q = model.encode(x);
  const z = q.sample(key); // [n, ...latent]
  const against = tf.expandDims(z, 1); // [n, 1, ...latent], against a batch [m]
  const logSums = all.map((chunk) =>
    tf.tidy(() => logSumExp(model.encode(chunk()).logProb(against), { axis: 1 })),
  );
  return {
    reconstruction: model.decode(z).logProb(x),
    logPrior: model.prior().logProb(z),
    logPosterior: q.logProb(z),
    logAggregated: logSumExp(tf.stack(logSums), { axis: 0 }), // ln of the sum of q(z_n|x_m) over m
    means: tf.reshape(q.mean(), [x.shape[0]!, -1]),
  };
}

/** Makers of the examples, some at a time. */
function chunksOf(examples: Examples, chunkSize: number): (() => Tensor)[] {
  return Array.from({ length: Math.ceil(examples.count / chunkSize) }, (_, index) => {
    const start = index * chunkSize;
    const length = Math.min(chunkSize, examples.count - start);
    return () =>
      gatherExamples(
        examples,
        Int32Array.from({ length }, (__, row) => start + row),
      );
  });
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
