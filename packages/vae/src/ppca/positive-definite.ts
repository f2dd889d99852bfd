import { CholeskyDecomposition, Matrix } from 'ml-matrix';

/** Inverse and log-determinant of a symmetric positive definite matrix, by its Cholesky decomposition. */
export function invertPositiveDefinite(matrix: Matrix): { inverse: Matrix; logDeterminant: number } {
  const cholesky = new CholeskyDecomposition(matrix);
  const inverse = cholesky.solve(Matrix.eye(matrix.rows));
  const pivots = cholesky.lowerTriangularMatrix.diagonal();
  return {
    // A solver leaves rounding in the last bits, and the next decomposition wants exact symmetry.
    inverse: Matrix.add(inverse, inverse.transpose()).mul(0.5),
    logDeterminant: 2 * pivots.reduce((sum, pivot) => sum + Math.log(pivot), 0),
  };
}
