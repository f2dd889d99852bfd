import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkThat } from '../check/check';
import { ShapeError } from '../errors/dgm-error';
import { solveTriangular, triangularInverse, triangularLogDet } from '../ops/triangular';
import { formatShape, type Shape } from '../shape/shape';
import {
  inverseScaleOf,
  logScaleOf,
  pickParameter,
  pickScale,
  scaleOf,
  scaleParameter,
  shapeOf,
  type Scale,
} from './parameters';

/** The factor L of a covariance $\Sigma = L L^T$, `[...batch, D, D]` in effect. */
export interface ScaleFactor {
  readonly batchShape: Shape;
  readonly size: number;
  /** The diagonal of L, where there is nothing else. */
  readonly scale?: Scale;
  /** $L e$ for `[..., D]`. */
  multiply(noise: Tensor): Tensor;
  /** $L^{-1} x$ for `[..., D]`. */
  whiten(x: Tensor): Tensor;
  /** $L^{-1} M$ for a matrix `[..., D, m]`. */
  solve(matrix: Tensor): Tensor;
  /** $\ln |\det L|$, `[...batch]`. */
  logDet(): Tensor;
  /** L itself, `[...batch, D, D]`. */
  dense(): Tensor;
  /** The factors at flat indices of a batch, which this one's is broadcast to. */
  pick(indices: Tensor, batchShape: Shape): ScaleFactor;
}

/** L = diag(scale). */
export class DiagonalFactor implements ScaleFactor {
  readonly batchShape: Shape;

  constructor(
    readonly scale: Scale,
    readonly size: number,
  ) {
    this.batchShape = shapeOf(scaleParameter(scale)).slice(0, -1);
  }

  multiply(noise: Tensor): Tensor {
    return tf.mul(scaleOf(this.scale), noise);
  }

  whiten(x: Tensor): Tensor {
    return tf.mul(inverseScaleOf(this.scale), x);
  }

  solve(matrix: Tensor): Tensor {
    return tf.mul(tf.expandDims(this.#vector(inverseScaleOf(this.scale)), -1), matrix);
  }

  logDet(): Tensor {
    return tf.sum(this.#vector(logScaleOf(this.scale)), -1);
  }

  dense(): Tensor {
    return tf.mul(tf.expandDims(this.#vector(scaleOf(this.scale)), -1), tf.eye(this.size));
  }

  pick(indices: Tensor, batchShape: Shape): DiagonalFactor {
    const scale = pickScale(this.scale, indices, { batchShape, eventShape: [this.size] });
    return new DiagonalFactor(scale, this.size);
  }

  /** One number per dimension, also where all share one. */
  #vector(value: Tensor | number): Tensor {
    return tf.mul(value, tf.ones([this.size]));
  }
}

/** L lower-triangular; what is above its diagonal is ignored. */
export class LowerTriangularFactor implements ScaleFactor {
  readonly batchShape: Shape;
  readonly size: number;

  constructor(readonly matrix: Tensor) {
    const [rows = 0, columns = -1] = matrix.shape.slice(-2);
    checkThat('MultivariateNormal.lowerTriangular', 'factor', matrix.rank >= 2 && rows === columns, {
      error: ShapeError,
      expected: `of shape ${formatShape(['...', 'D', 'D'])}`,
      actual: formatShape(matrix.shape),
    });
    this.size = rows;
    this.batchShape = matrix.shape.slice(0, -2);
  }

  pick(indices: Tensor, batchShape: Shape): LowerTriangularFactor {
    const eventShape = [this.size, this.size];
    return new LowerTriangularFactor(pickParameter(this.matrix, indices, { batchShape, eventShape }));
  }

  multiply(noise: Tensor): Tensor {
    return applied(this.dense(), noise);
  }

  whiten(x: Tensor): Tensor {
    return applied(triangularInverse(this.matrix), x);
  }

  solve(matrix: Tensor): Tensor {
    return solveTriangular(this.matrix, matrix);
  }

  logDet(): Tensor {
    return triangularLogDet(this.matrix);
  }

  dense(): Tensor {
    const size = this.size;
    const below = Float32Array.from({ length: size * size }, (_, index) =>
      Math.floor(index / size) >= index % size ? 1 : 0,
    );
    return tf.mul(this.matrix, tf.tensor(below, [size, size]));
  }
}

/** A matrix `[..., D, D]` times each vector of `[..., D]`. */
function applied(matrix: Tensor, x: Tensor): Tensor {
  if (matrix.rank === 2) {
    const rows = tf.reshape(x, [-1, matrix.shape[0]!]);
    return tf.reshape(tf.matMul(rows, matrix as tf.Tensor2D, false, true), x.shape);
  }
  // As a product and a sum: the gradient of tf.matMul does not undo broadcasting.
  return tf.sum(tf.mul(matrix, tf.expandDims(x, -2)), -1);
}
