import { checkExamples, checkOptions, checkThat, sizeOf } from '@dgm/core';
import type { Examples } from '@dgm/core';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { ppca } from './ppca';
import type { Ppca } from './ppca';

/**
 * Probabilistic PCA by maximum likelihood, in closed form: with the eigenvalues $\lambda_1 \ge \dots \ge \lambda_D$
 * and eigenvectors U of the covariance of the data,
 *
 * $$\sigma^2 = \frac{1}{D - M} \sum_{d > M} \lambda_d, \qquad W = U_M (\Lambda_M - \sigma^2 I)^{1/2}$$
 *
 * @param examples - vectors, at least 2 of them
 * @param options - `latent`: M, at least 1 and less than D
 * @throws ArgumentError for another number of latent variables, or an unknown option
 * @throws DomainError if the other eigenvalues are 0
 * @see Probabilistic Principal Component Analysis (Tipping and Bishop, 1999), Eq. 7, 8
 *
 * @example
 * ```ts
 * const model = ppcaMaximumLikelihood(data.train, { latent: 4 });
 * ```
 */
export function ppcaMaximumLikelihood(examples: Examples, options: { readonly latent: number }): Ppca {
  checkExamples(examples, { where: 'ppcaMaximumLikelihood' });
  checkOptions('ppcaMaximumLikelihood', options, ['latent']);
  const { latent } = options;
  const size = sizeOf(examples.shape);
  requireLatent('ppcaMaximumLikelihood', latent, size);
  const bias = meanOf(examples, size);
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(covarianceOf(examples, bias), {
    assumeSymmetric: true,
  });
  const order = realEigenvalues
    .map((_, index) => index)
    .sort((a, b) => realEigenvalues[b]! - realEigenvalues[a]!);
  const left = order.slice(latent);
  const noiseVariance = left.reduce((sum, index) => sum + realEigenvalues[index]!, 0) / left.length;
  const axes = order.slice(0, latent);
  const lengths = axes.map((index) => Math.sqrt(Math.max(0, realEigenvalues[index]! - noiseVariance)));
  const weights = bias.map((_, row) =>
    axes.map((index, j) => eigenvectorMatrix.get(row, index) * lengths[j]!),
  );
  return ppca({ weights, bias, noiseVariance });
}

export function requireLatent(where: string, latent: number, size: number): void {
  checkThat(where, 'latent', Number.isInteger(latent) && latent >= 1 && latent < size, {
    expected: `to be an integer from 1 to ${size - 1}, less than the ${size} dimensions of the data`,
    actual: String(latent),
  });
}

function meanOf({ count, values }: Examples, size: number): number[] {
  const sums = Array.from({ length: size }, () => 0);
  values.forEach((value, index) => {
    sums[index % size]! += value;
  });
  return sums.map((sum) => sum / count);
}

function covarianceOf({ count, values }: Examples, mean: readonly number[]): Matrix {
  const size = mean.length;
  const centered = Matrix.from1DArray(count, size, [...values]).subRowVector([...mean]);
  return centered.transpose().mmul(centered).div(count);
}
