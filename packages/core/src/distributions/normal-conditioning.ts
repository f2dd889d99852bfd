import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { solveTriangular } from '../ops/triangular';
import { leadingShape } from '../shape/shape';
import { choleskyFactor } from './cholesky';
import { checkOptions, checkThat } from '../check/check';

/** The moments that determine a multivariate normal distribution. */
export interface NormalMoments {
  /** `[D]`; one mean for each of a batch, `[..., D]`, where a condition makes them differ. */
  readonly mean: Tensor;
  /** `[D, D]`. */
  readonly covariance: Tensor;
}

/**
 * The distribution of some dimensions of a normal vector: $p(x_a) = \mathcal{N}(\mu_a, \Sigma_a)$ (DGM App. B.1).
 * @param options - `keep`: the dimensions of $x_a$, in the order wanted
 * @returns moments of $x_a$; both tensors belong to the caller
 * @throws {@link ArgumentError} if a dimension does not exist or comes twice
 */
export function marginalNormal(
  { mean, covariance }: NormalMoments,
  { keep, ...unknown }: { readonly keep: readonly number[] },
): NormalMoments {
  checkOptions('marginalNormal', unknown, ['keep']);
  requireDimensions(keep, covariance.shape[0]!, 'marginalNormal', 'keep');
  return tf.tidy(() => ({ mean: pick(mean, keep, -1), covariance: block(covariance, keep, keep) }));
}

/**
 * The distribution of the other dimensions given some (DGM App. B.1): $p(x_a | x_b) = \mathcal{N}(\hat\mu, \hat\Sigma)$ with
 * $\hat\mu = \mu_a + \Sigma_c \Sigma_b^{-1} (x_b - \mu_b)$ and $\hat\Sigma = \Sigma_a - \Sigma_c \Sigma_b^{-1} \Sigma_c^T$.
 *
 * $\Sigma_b$ is factorized on the host; the gradient flows to the values and the means.
 * @param options - `given`: the dimensions of $x_b$; `values`: $x_b$, `[..., B]` in the order of `given`
 * @returns moments of $x_a$, the dimensions left in ascending order: mean `[..., A]`, covariance `[A, A]`; the caller owns both
 * @throws {@link ArgumentError} if a dimension does not exist or comes twice, or none is left
 * @throws {@link ShapeError} if the values are not as many as the dimensions given
 * @throws {@link NumericalError} if $\Sigma_b$ is not positive definite
 */
export function conditionalNormal(
  { mean, covariance }: NormalMoments,
  { given, values, ...unknown }: { readonly given: readonly number[]; readonly values: Tensor },
): NormalMoments {
  checkOptions('conditionalNormal', unknown, ['given', 'values']);
  const size = covariance.shape[0]!;
  const rest = Array.from({ length: size }, (_, axis) => axis).filter((axis) => !given.includes(axis));
  requireDimensions(given, size, 'conditionalNormal', 'given');
  requireDimensions(rest, size, 'conditionalNormal', 'the dimensions left');
  leadingShape(values.shape, [given.length], 'conditionalNormal', 'values');
  return tf.tidy(() => {
    const factor = choleskyFactor(block(covariance, given, given));
    // With W = L^-1 Sigma_c^T the two corrections are W^T L^-1 (x_b - mu_b) and W^T W.
    const w = solveTriangular(factor, block(covariance, given, rest));
    const deviation = tf.expandDims(tf.sub(values, pick(mean, given, -1)), -1);
    const whitened = tf.squeeze(solveTriangular(factor, deviation), [-1]);
    const shift = tf.sum(tf.mul(tf.expandDims(whitened, -1), w), -2);
    return {
      mean: tf.add(pick(mean, rest, -1), shift),
      covariance: tf.sub(block(covariance, rest, rest), tf.matMul(w, w, true, false)),
    };
  });
}

function block(matrix: Tensor, rows: readonly number[], columns: readonly number[]): Tensor {
  return pick(pick(matrix, rows, 0), columns, 1);
}

function pick(x: Tensor, indices: readonly number[], axis: number): Tensor {
  return tf.gather(x, tf.tensor1d([...indices], 'int32'), axis < 0 ? axis + x.rank : axis);
}

function requireDimensions(axes: readonly number[], size: number, where: string, argument: string): void {
  const valid = axes.every((axis) => Number.isInteger(axis) && axis >= 0 && axis < size);
  checkThat(where, argument, valid && axes.length > 0 && new Set(axes).size === axes.length, {
    expected: `to be distinct dimensions from 0 to ${size - 1}, at least one`,
    actual: `[${axes.join(', ')}]`,
  });
}
