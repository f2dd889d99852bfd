import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkThat } from '../check/check';
import { NumericalError, ShapeError } from '../errors/dgm-error';
import { formatShape } from '../shape/shape';

/**
 * The lower-triangular L with $\Sigma = L L^T$, for `MultivariateNormal.lowerTriangular`.
 *
 * Computed on the host in doubles, so no gradient flows through it.
 * @param covariance - `[D, D]`, symmetric positive definite
 * @returns `[D, D]`
 * @throws {@link ShapeError} if it is not a square matrix
 * @throws {@link NumericalError} if it is not positive definite
 */
export function choleskyFactor(covariance: Tensor): Tensor {
  const [size = 0, columns = -1] = covariance.shape;
  checkThat('choleskyFactor', 'covariance', covariance.rank === 2 && size === columns, {
    error: ShapeError,
    expected: 'of shape [D, D]',
    actual: formatShape(covariance.shape),
  });
  const matrix = covariance.dataSync();
  const factor = new Float64Array(size * size);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      let rest = matrix[row * size + column]!;
      for (let k = 0; k < column; k++) rest -= factor[row * size + k]! * factor[column * size + k]!;
      if (row === column && !(rest > 0)) throw notPositiveDefinite(row, rest);
      factor[row * size + column] = row === column ? Math.sqrt(rest) : rest / factor[column * size + column]!;
    }
  }
  return tf.tensor2d(Float32Array.from(factor), [size, size]);
}

function notPositiveDefinite(row: number, pivot: number): NumericalError {
  return new NumericalError({
    where: 'choleskyFactor',
    argument: 'covariance',
    expected: 'to be positive definite',
    actual: `the pivot ${pivot} in row ${row}`,
    remedy: 'add a small multiple of the unit matrix',
  });
}
