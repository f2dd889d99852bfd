import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { ShapeError } from '../errors/dgm-error';
import { broadcastShapes, formatShape } from '../shape/shape';
import type { Shape } from '../shape/shape';
import { withGradient } from './differentiable';
import { checkOptions, checkShape, checkThat } from '../check/check';

/** Which triangle of a matrix is read; entries of the other one must be finite and are ignored. */
export interface TriangleOptions {
  /** @defaultValue 'lower' */
  readonly triangle?: 'lower' | 'upper';
}

/**
 * The solution x of $Tx = b$ for a triangular T, batched.
 *
 * T is inverted by blocks that double in size, $2 \log_2 n$ products of matrices instead of n steps of substitution.
 *
 * @param matrix - [..., n, n]; no zeros on the diagonal. Meant for n up to 64.
 * @param b - [..., n, m], with leading axes that broadcast with those of `matrix`.
 * @returns [..., n, m]. Gradients flow to both arguments; that of `matrix` is 0 outside of the triangle.
 * @throws {@link ShapeError} where the shapes do not fit.
 */
export function solveTriangular(
  matrix: Tensor,
  b: Tensor,
  { triangle = 'lower', ...unknown }: TriangleOptions = {},
): Tensor {
  checkOptions('solveTriangular', unknown, ['triangle']);
  const size = checkSquare(matrix, 'solveTriangular');
  checkShape('solveTriangular', 'b', b, ['...', size, 'm']);
  return tf.tidy(() => {
    const leading = broadcastShapes(matrix.shape.slice(0, -2), b.shape.slice(0, -2));
    const inverse = triangularInverse(matrix, { triangle });
    return tf.matMul(expanded(inverse, leading), expanded(b, leading));
  });
}

/**
 * The inverse of a triangular matrix, batched.
 *
 * From the inverses X of the diagonal blocks of size s follow those of size 2s as $X - X M X$, where M holds the entries
 * that the larger blocks add. This is as stable as substitution, unlike a series of powers.
 *
 * @param matrix - [..., n, n]; no zeros on the diagonal.
 * @returns a tensor of the shape of `matrix`.
 * @throws {@link ShapeError} where the matrix is not square.
 */
export function triangularInverse(
  matrix: Tensor,
  { triangle = 'lower', ...unknown }: TriangleOptions = {},
): Tensor {
  checkOptions('triangularInverse', unknown, ['triangle']);
  const size = checkSquare(matrix, 'triangularInverse');
  return tf.tidy(() =>
    withGradient(
      [matrix],
      ([matrix]) => inverseByDoubling(matrix!, size, triangle),
      (dy, [matrix]) => {
        const inverse = triangularInverse(matrix!, { triangle });
        const full = tf.matMul(tf.matMul(inverse, dy, true, false), inverse, false, true);
        const inTriangle = mask(size, (row, column) =>
          triangle === 'lower' ? row >= column : row <= column,
        );
        return [tf.neg(tf.mul(full, inTriangle))];
      },
    ),
  );
}

/**
 * $\log|\det T| = \sum_i \log|T_{ii}|$ of triangular matrices.
 * @param matrix - [..., n, n]; only the diagonal is read.
 * @returns [...], in nats.
 * @throws {@link ShapeError} where the matrix is not square.
 */
export function triangularLogDet(matrix: Tensor): Tensor {
  const size = checkSquare(matrix, 'triangularLogDet');
  return tf.tidy(() => {
    const diagonal = tf.sum(tf.mul(matrix, tf.eye(size)), -1);
    return tf.sum(tf.log(tf.abs(diagonal)), -1);
  });
}

function inverseByDoubling(matrix: Tensor, size: number, triangle: 'lower' | 'upper'): Tensor {
  const unit = tf.eye(size);
  let inverse: Tensor = tf.div(unit, tf.sum(tf.mul(matrix, unit), -1, true));
  for (let block = 1; block < size; block *= 2) {
    const added = mask(size, (row, column) => {
      const [r, c] = [Math.floor(row / block), Math.floor(column / block)];
      return r >> 1 === c >> 1 && (triangle === 'lower' ? r > c : r < c);
    });
    inverse = tf.sub(inverse, tf.matMul(tf.matMul(inverse, tf.mul(matrix, added)), inverse));
  }
  return inverse;
}

/** A float matrix that is 1 where `holds`. */
function mask(size: number, holds: (row: number, column: number) => boolean): Tensor {
  const values = Float32Array.from({ length: size * size }, (_, index) =>
    holds(Math.floor(index / size), index % size) ? 1 : 0,
  );
  return tf.tensor(values, [size, size]);
}

/** Broadcasts leading axes: `tf.matMul` broadcasts too, but its gradient does not sum what was broadcast. */
function expanded(matrix: Tensor, leading: Shape): Tensor {
  const shape = [...leading, ...matrix.shape.slice(-2)];
  const same = shape.length === matrix.rank && shape.every((size, axis) => size === matrix.shape[axis]);
  return same ? matrix : tf.add(matrix, tf.zeros(shape));
}

function checkSquare(matrix: Tensor, where: string): number {
  const [rows = 0, columns = -1] = matrix.shape.slice(-2);
  checkThat(where, 'matrix', matrix.rank >= 2 && rows === columns, {
    error: ShapeError,
    expected: `of shape ${formatShape(['...', 'n', 'n'])}`,
    actual: formatShape(matrix.shape),
  });
  return rows;
}
