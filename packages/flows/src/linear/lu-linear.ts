import {
  checkOptions,
  exp,
  solveTriangular,
  type ForwardResult,
  type InverseResult,
  type Key,
  type Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { BaseFlowLayer } from '../flow-layer';
import { record } from '../record';

export interface LuLinearOptions {
  /** D, the size of the last axis, at most 64: inverses of larger triangular matrices are not accurate enough. */
  readonly features: number;
  /** Randomness for the permutation. */
  readonly key: Key;
  /**
   * The axes before the last one: `[height, width]` makes this an invertible 1x1 convolution.
   * @defaultValue none
   */
  readonly leadingShape?: Shape;
}

/**
 * An invertible linear map of the last axis, $z = W y + b$ on the way to the latents, with $W = P L (U + \mathrm{diag}(s))$
 * for a fixed permutation P, triangles L with ones on the diagonal and U with zeros, and $s = e^{l}$.
 *
 * $\ln|\det| = \sum_i l_i$, times the number of positions of an image. It starts as the permutation.
 * @see Glow: Generative Flow with Invertible 1x1 Convolutions (Kingma and Dhariwal, 2018), §3.2, Eq. 10, 11
 *
 * @example
 * ```ts
 * const layer = new LuLinear({ features: 8, key });
 * const model = flow({ layers: [layer], eventShape: [8] });
 * ```
 */
export class LuLinear extends BaseFlowLayer {
  readonly eventShape: Shape;
  readonly #features: number;
  readonly #permutation: Variable;
  readonly #lower: Variable;
  readonly #upper: Variable;
  readonly #logScale: Variable;
  readonly #shift: Variable;

  constructor({ features, key, leadingShape = [], ...unknown }: LuLinearOptions) {
    super();
    record(this, 'LuLinear', arguments);
    checkOptions('LuLinear', unknown, ['features', 'key', 'leadingShape']);
    this.#features = features;
    this.eventShape = [...leadingShape, features];
    // A variable that does not learn: it belongs to the weights, or a model that is loaded would be another one.
    this.#permutation = this.parameter('permutation', permutationMatrix(key, features), { trainable: false });
    this.#lower = this.parameter('lower', tf.zeros([features, features]));
    this.#upper = this.parameter('upper', tf.zeros([features, features]));
    this.#logScale = this.parameter('logScale', tf.zeros([features]));
    this.#shift = this.parameter('shift', tf.zeros([features]));
  }

  protected forward(z: Tensor): ForwardResult {
    const [lower, upper] = this.#triangles();
    // Rows times a matrix: z - b = y (P L U)^T, so the columns of (z - b)^T are solved for.
    const columns = tf.transpose(tf.sub(this.#rows(z), this.#shift));
    const unpermuted = tf.matMul(this.#permutation, columns, true);
    const inner = solveTriangular(upper, solveTriangular(lower, unpermuted), { triangle: 'upper' });
    return { y: tf.reshape(tf.transpose(inner), z.shape), logDet: tf.neg(this.#logDet(z)) };
  }

  protected inverse(y: Tensor): InverseResult {
    const [lower, upper] = this.#triangles();
    const matrix = tf.matMul(this.#permutation, tf.matMul(lower, upper));
    const rows = tf.add(tf.matMul(this.#rows(y), matrix, false, true), this.#shift);
    return { z: tf.reshape(rows, y.shape), logDet: this.#logDet(y) };
  }

  #triangles(): [Tensor, Tensor] {
    const unit = tf.eye(this.#features);
    const lower = tf.add(unit, tf.mul(this.#lower, strictTriangle(this.#features, 'lower')));
    const diagonal = tf.mul(unit, exp(this.#logScale));
    const upper = tf.add(diagonal, tf.mul(this.#upper, strictTriangle(this.#features, 'upper')));
    return [lower, upper];
  }

  #rows(x: Tensor): Tensor {
    return tf.reshape(x, [-1, this.#features]);
  }

  #logDet(x: Tensor): Tensor {
    const positions = x.size / x.shape[0]! / this.#features;
    return tf.mul(tf.ones([x.shape[0]!]), tf.mul(positions, tf.sum(this.#logScale)));
  }
}

function permutationMatrix(key: Key, features: number): Tensor {
  const values = new Float32Array(features ** 2);
  key.permutation(features).forEach((from, row) => {
    values[row * features + from] = 1;
  });
  return tf.tensor2d(values, [features, features]);
}

/** A matrix of ones strictly below, or strictly above, the diagonal and zeros elsewhere. */
export function strictTriangle(size: number, triangle: 'lower' | 'upper'): Tensor {
  const values = Float32Array.from({ length: size * size }, (_, index) => {
    const [row, column] = [Math.floor(index / size), index % size];
    return (triangle === 'lower' ? row > column : row < column) ? 1 : 0;
  });
  return tf.tensor2d(values, [size, size]);
}
