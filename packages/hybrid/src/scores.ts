import {
  checkInteger,
  checkNumber,
  checkOptions,
  checkShape,
  checkThat,
  logSoftmax,
  logSumExp,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/*
 * Scores of how little an example resembles the training data: higher for outliers, as `auroc` of core takes them. Those of
 * likelihoods are computed in doubles on the host; those of logits are tensors. An example of probability 0 has the score Infinity.
 */

/**
 * The distance of $-\ln p(x)$ from the entropy, in nats: the mean over a batch of examples for batches, so that outliers
 * that are *more* likely than the data are found as well.
 * @param logProbs - $\ln p(x)$ of the examples, in nats
 * @param options - `entropy`: the mean of $-\ln p(x)$ over examples that the model was not trained on, in nats;
 * `batchSize`: examples that come from one source and are judged together, 1 by default
 * @returns one score per batch; a last batch that is not full is left out
 * @throws ArgumentError for an option out of its range, or no full batch
 * @see Detecting Out-of-Distribution Inputs to Deep Generative Models Using Typicality (Nalisnick et al., 2019), Eq. 4
 */
export function typicalityScore(
  logProbs: ArrayLike<number>,
  options: { readonly entropy: number; readonly batchSize?: number },
): Float64Array {
  const where = 'typicalityScore';
  checkOptions(where, options, ['entropy', 'batchSize']);
  checkNumbers(where, 'logProbs', logProbs);
  const { entropy, batchSize = 1 } = options;
  checkNumber(where, 'entropy', entropy);
  checkInteger(where, 'batchSize', batchSize, { min: 1, max: Math.max(1, logProbs.length) });
  return Float64Array.from({ length: Math.floor(logProbs.length / batchSize) }, (_, batch) => {
    let sum = 0;
    for (let row = batch * batchSize; row < (batch + 1) * batchSize; row++) sum -= logProbs[row]!;
    return Math.abs(sum / batchSize - entropy);
  });
}

/**
 * $\ln p_0(x) - \ln p(x)$ with a background model $p_0$, which has seen perturbed data: what all images have in common
 * cancels.
 * @throws ArgumentError if the lengths differ
 * @see Likelihood Ratios for Out-of-Distribution Detection (Ren et al., 2019), Eq. 3
 */
export function likelihoodRatioScore(
  logProbs: ArrayLike<number>,
  background: ArrayLike<number>,
): Float64Array {
  checkNumbers('likelihoodRatioScore', 'logProbs', logProbs);
  checkNumbers('likelihoodRatioScore', 'background', background, logProbs.length);
  return scoresOf(logProbs, (logProb, row) => background[row]! - logProb);
}

/**
 * $-\ln p(x) - L(x)$ with the length L of the example as a compressor writes it: a simple image is likely whatever it
 * shows.
 * @param bytes - the compressed size of each example
 * @returns nats
 * @throws ArgumentError if the lengths differ
 * @see Input Complexity and Out-of-Distribution Detection (Serrà et al., 2020), Eq. 1
 */
export function complexityScore(logProbs: ArrayLike<number>, bytes: ArrayLike<number>): Float64Array {
  checkNumbers('complexityScore', 'logProbs', logProbs);
  checkNumbers('complexityScore', 'bytes', bytes, logProbs.length);
  return scoresOf(logProbs, (logProb, row) => -logProb - 8 * Math.LN2 * bytes[row]!);
}

/**
 * $-(\mathbb{E}[\ln p(x)] - \mathrm{Var}[\ln p(x)])$ over an ensemble: models that disagree have not seen such an example.
 * @param ensemble - $\ln p(x)$ of the same examples by each of at least two models
 * @throws ArgumentError if there are fewer than two models, or the lengths differ
 * @see WAIC, but Why? (Choi et al., 2018), Eq. 1
 */
export function waicScore(ensemble: readonly ArrayLike<number>[]): Float64Array {
  checkInteger('waicScore', 'ensemble.length', ensemble?.length, { min: 2 });
  const [first] = ensemble as [ArrayLike<number>];
  ensemble.forEach((logProbs) => checkNumbers('waicScore', 'ensemble', logProbs, first?.length));
  return Float64Array.from({ length: first.length }, (_, row) => {
    const values = ensemble.map((logProbs) => logProbs[row]!);
    if (values.includes(-Infinity)) return Infinity;
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    return variance - mean;
  });
}

/**
 * The energy of a classifier, $-T \ln \sum_k e^{l_k / T}$ of each row of logits, `[n]`.
 * @param logits - `[n, K]`
 * @param options - `temperature` T, 1 by default
 * @see Energy-based Out-of-distribution Detection (Liu et al., 2020), Eq. 4
 */
export function energyScore(logits: Tensor, options: { readonly temperature?: number } = {}): Tensor {
  checkOptions('energyScore', options, ['temperature']);
  const { temperature = 1 } = options;
  checkShape('energyScore', 'logits', logits, ['n', 'classes']);
  checkNumber('energyScore', 'temperature', temperature, { above: 0 });
  return tf.tidy(() => tf.mul(-temperature, logSumExp(tf.div(logits, temperature), { axis: 1 })));
}

/**
 * One minus the largest probability, `[n]`: the baseline that every other score is compared with.
 * @param logits - `[n, K]`
 * @see A Baseline for Detecting Misclassified and Out-of-Distribution Examples (Hendrycks and Gimpel, 2017)
 */
export function maxSoftmaxScore(logits: Tensor): Tensor {
  checkShape('maxSoftmaxScore', 'logits', logits, ['n', 'classes']);
  return tf.tidy(() => tf.sub(1, tf.exp(tf.max(logSoftmax(logits), 1))));
}

/** Below, the exponential of a float32 is 0. */
const LEAST_LOG = -104;

/**
 * The entropy of $p(y|x)$ in nats, `[n]`.
 * @param logits - `[n, K]`
 */
export function entropyScore(logits: Tensor): Tensor {
  checkShape('entropyScore', 'logits', logits, ['n', 'classes']);
  return tf.tidy(() => {
    const logProbs = logSoftmax(logits);
    // A class of probability 0 adds nothing, whose logarithm is -Infinity.
    const finite = tf.maximum(logProbs, LEAST_LOG);
    return tf.neg(tf.sum(tf.mul(tf.exp(logProbs), finite), 1));
  });
}

/**
 * The rows with the highest scores, apart from those that are chosen already: a round of active learning, which asks for the labels
 * of the examples that a model is least sure of (`entropyScore`) or has not seen the like of (minus $\ln p(x)$).
 * @param scores - one for each row; of equal scores the first come first
 * @param options - `count`: how many rows; `chosen`: rows to leave out
 * @returns rows, from the highest score
 * @throws ArgumentError for a score that is NaN, a chosen row that is none, or fewer rows left than `count`
 * @see Active Learning Literature Survey (Settles, 2009), §3.1
 * @example
 * ```ts
 * const scores = tf.tidy(() => entropyScore(model.classify(x)).dataSync());
 * chosen = [...chosen, ...highestScores(scores, { count: 10, chosen })];
 * ```
 */
export function highestScores(
  scores: ArrayLike<number>,
  options: { readonly count: number; readonly chosen?: ArrayLike<number> },
): Int32Array {
  const where = 'highestScores';
  checkOptions(where, options, ['count', 'chosen']);
  const { count, chosen = [] } = options;
  checkNumbers(where, 'scores', scores);
  const taken = new Set(Array.from(chosen));
  taken.forEach((row) => checkInteger(where, 'chosen', row, { min: 0, max: scores.length - 1 }));
  checkInteger(where, 'count', count, { min: 0, max: scores.length - taken.size });
  const rows = Array.from(scores, (_, row) => row).filter((row) => !taken.has(row));
  rows.sort((a, b) => (scores[a] === scores[b] ? a - b : scores[b]! - scores[a]!));
  return Int32Array.from(rows.slice(0, count));
}

function scoresOf(
  logProbs: ArrayLike<number>,
  score: (logProb: number, row: number) => number,
): Float64Array {
  return Float64Array.from(logProbs, (logProb, row) =>
    logProb === -Infinity ? Infinity : score(logProb, row),
  );
}

function checkNumbers(
  where: string,
  argument: string,
  values: ArrayLike<number>,
  length = values?.length,
): void {
  const given: readonly unknown[] | undefined =
    typeof values === 'object' && values !== null ? Array.from(values) : undefined;
  const wrong = given?.findIndex((value) => typeof value !== 'number' || Number.isNaN(value)) ?? -1;
  checkThat(where, argument, given !== undefined && given.length === length && wrong === -1, {
    expected: `to hold numbers, ${length === undefined ? 'one' : `${length} of them, one`} for each example`,
    actual: String(given === undefined ? values : wrong === -1 ? given.length : given[wrong]),
  });
}
