import { checkGiven, checkInteger, checkKey, checkNumber, checkOptions, checkThat, sizeOf } from '@dgm/core';
import type { Examples, Key } from '@dgm/core';
import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import { requireLatent } from './maximum-likelihood';
import { invertPositiveDefinite, ppca, type Ppca, type PpcaParameters } from './ppca';

export interface ExpectationMaximizationOptions {
  /** M, at least 1 and less than D. */
  readonly latent: number;
  /** Randomness for the initial weights. */
  readonly key: Key;
  /** @defaultValue 200 */
  readonly maxIterations?: number;
  /**
   * Stops when the log-likelihood rises by less than this, in nats per example.
   * @defaultValue 1e-6
   */
  readonly tolerance?: number;
}

/** The model that expectation maximization has found, and how the likelihood grew. */
export interface ExpectationMaximizationResult {
  readonly model: Ppca;
  /** The mean log-likelihood of the observed entries, in nats per example, before each iteration and after the last. */
  readonly logLikelihoods: readonly number[];
}

/**
 * Probabilistic PCA by expectation maximization, for data with missing values: entries that are NaN are treated as
 * not observed.
 *
 * Each iteration computes the posterior of z given the observed entries of x, and then the least squares of these
 * entries on z. No iteration lowers the likelihood.
 * @throws ArgumentError for another number of latent variables, for an option that is unknown, missing or out of its range,
 * and for an entry that no example has
 * @see Probabilistic Principal Component Analysis (Tipping and Bishop, 1999), App. B; Practical Approaches to Principal
 * Component Analysis in the Presence of Missing Values (Ilin and Raiko, 2010), §3.1
 *
 * @example
 * ```ts
 * const values = Float32Array.of(1, 2, 2, 4.1, 3, NaN, 4, 8.2); // NaN: not observed
 * const rows = { count: 4, shape: [2], values };
 * const { model, logLikelihoods } = ppcaExpectationMaximization(rows, { latent: 1, key });
 * ```
 */
export function ppcaExpectationMaximization(
  examples: Examples,
  options: ExpectationMaximizationOptions,
): ExpectationMaximizationResult {
  const where = 'ppcaExpectationMaximization';
  checkGiven(where, 'examples', examples?.values, 'to be examples: { count, shape, values }');
  checkOptions(where, options, ['latent', 'key', 'maxIterations', 'tolerance']);
  const { latent, key, maxIterations = 200, tolerance = 1e-6 } = options;
  checkKey(where, key);
  checkInteger(where, 'maxIterations', maxIterations, { min: 0 });
  checkNumber(where, 'tolerance', tolerance, { min: 0 });
  const size = sizeOf(examples.shape);
  requireLatent(where, latent, size);
  const rows = observedRows(examples, size);
  let parameters = startingPoint(rows, { size, latent, key });
  const logLikelihoods: number[] = [];
  for (let iteration = 0; ; iteration++) {
    const posteriors = rows.map((row) => posteriorOf(row, parameters));
    logLikelihoods.push(posteriors.reduce((sum, { logLikelihood }) => sum + logLikelihood, 0) / rows.length);
    const rise = logLikelihoods.at(-1)! - (logLikelihoods.at(-2) ?? -Infinity);
    if (iteration === maxIterations || rise < tolerance) break;
    parameters = maximize(rows, posteriors, size);
  }
  return { model: ppca(parameters), logLikelihoods };
}

/** The observed entries of one example. */
interface Row {
  readonly dimensions: readonly number[];
  readonly values: readonly number[];
}

/** $p(z | x_{observed})$: the moments of (z, 1), for weights and bias at once. */
interface Posterior {
  /** $\mathbb{E}[(z, 1)]$. */
  readonly mean: readonly number[];
  /** $\mathbb{E}[(z, 1)(z, 1)^T]$. */
  readonly secondMoment: readonly (readonly number[])[];
  readonly logLikelihood: number;
}

function observedRows({ count, values }: Examples, size: number): Row[] {
  return Array.from({ length: count }, (_, row) => {
    const all = Array.from(values.subarray(row * size, (row + 1) * size));
    const dimensions = all.flatMap((value, d) => (Number.isNaN(value) ? [] : [d]));
    return { dimensions, values: dimensions.map((d) => all[d]!) };
  });
}

/** The initial parameters: the mean of the observed entries, and random weights of the scale of the data. */
function startingPoint(
  rows: readonly Row[],
  { size, latent, key }: { readonly size: number; readonly latent: number; readonly key: Key },
): PpcaParameters {
  const columns = columnsOf(rows, size);
  const bias = columns.map(({ values }) => average(values));
  const noiseVariance = average(
    columns.map(({ values }, d) => average(values.map((x) => (x - bias[d]!) ** 2))),
  );
  const generator = key.generator();
  const scale = Math.sqrt(noiseVariance / latent);
  const weights = bias.map(() => Array.from({ length: latent }, () => scale * generator.normal()));
  return { weights, bias, noiseVariance };
}

/** The E-step of one example, Eq. 4.7 for the rows of W that belong to its entries. */
function posteriorOf(
  { dimensions, values }: Row,
  { weights, bias, noiseVariance }: PpcaParameters,
): Posterior {
  const latent = weights[0]!.length;
  const W = dimensions.map((d) => weights[d]!);
  const residual = values.map((x, i) => x - bias[dimensions[i]!]!);
  const M = Matrix.eye(latent).mul(noiseVariance);
  const projected = Matrix.zeros(latent, 1);
  W.forEach((row, i) =>
    row.forEach((w, j) => {
      projected.set(j, 0, projected.get(j, 0) + w * residual[i]!);
      row.forEach((v, k) => M.set(j, k, M.get(j, k) + w * v));
    }),
  );
  const { inverse, logDeterminant } = invertPositiveDefinite(M);
  const z = inverse.mmul(projected).getColumn(0);
  const mean = [...z, 1];
  const secondMoment = mean.map((a, j) =>
    mean.map((b, k) => a * b + (j < latent && k < latent ? noiseVariance * inverse.get(j, k) : 0)),
  );
  const error = W.reduce((sum, row, i) => sum + (residual[i]! - dot(row, z)) ** 2, 0);
  const logVolume = (W.length - latent) * Math.log(noiseVariance) + logDeterminant;
  const quadratic = error / noiseVariance + dot(z, z);
  return {
    mean,
    secondMoment,
    logLikelihood: -0.5 * (W.length * Math.log(2 * Math.PI) + logVolume + quadratic),
  };
}

/** The M-step: each row of (W, b) by least squares over the examples that observe its entry, then the noise. */
function maximize(rows: readonly Row[], posteriors: readonly Posterior[], size: number): PpcaParameters {
  let [error, count] = [0, 0];
  const solved = columnsOf(rows, size).map(({ examples, values }) => {
    const moments = sumOf(examples.map((n) => posteriors[n]!.secondMoment));
    const products = sumOf(examples.map((n, i) => [posteriors[n]!.mean.map((z) => z * values[i]!)]));
    const row = new CholeskyDecomposition(new Matrix(moments))
      .solve(new Matrix(products).transpose())
      .getColumn(0);
    // E[(x - w z)^2] summed over the examples: the moments are at hand.
    error +=
      values.reduce((sum, x) => sum + x * x, 0) -
      2 * dot(row, products[0]!) +
      dot(
        row,
        moments.map((moment) => dot(moment, row)),
      );
    count += values.length;
    return row;
  });
  return {
    weights: solved.map((row) => row.slice(0, -1)),
    bias: solved.map((row) => row.at(-1)!),
    noiseVariance: error / count,
  };
}

/** For each dimension, the examples that observe it and their values. */
function columnsOf(rows: readonly Row[], size: number): { examples: number[]; values: number[] }[] {
  const columns = Array.from({ length: size }, () => ({ examples: [] as number[], values: [] as number[] }));
  rows.forEach(({ dimensions, values }, n) =>
    dimensions.forEach((d, i) => {
      columns[d]!.examples.push(n);
      columns[d]!.values.push(values[i]!);
    }),
  );
  const empty = columns.findIndex(({ values }) => values.length === 0);
  checkThat('ppcaExpectationMaximization', 'examples', empty === -1, {
    expected: 'to have each entry at least once',
    actual: `entry ${empty} missing in all of them`,
    remedy: 'leave that entry out',
  });
  return columns;
}

function sumOf(matrices: readonly (readonly (readonly number[])[])[]): number[][] {
  const sum = matrices[0]!.map((row) => row.map(() => 0));
  for (const matrix of matrices)
    matrix.forEach((row, j) => row.forEach((value, k) => (sum[j]![k]! += value)));
  return sum;
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, index) => sum + value * b[index]!, 0);
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
