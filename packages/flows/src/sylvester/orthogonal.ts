import { BaseModule } from '@dgm/core';
import type { CallOptions, Module } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { RowParameters } from '../internal/row-parameters';
import type { SylvesterOptions } from './sylvester';

/** Makes a matrix with orthonormal columns for each event. */
export interface Orthogonal extends Module {
  /** `[n, D, M]`. */
  columns(n: number, call: CallOptions): Tensor;
}

export function orthogonalColumns(options: SylvesterOptions & { readonly columns: number }): Orthogonal {
  if (options.form === 'orthogonal') return new Iterated(options);
  return options.form === 'householder' ? new Reflected(options) : new Reversed(options);
}

/** Steps of Eq. 4.65; convergence is quadratic. */
const STEPS = 20;

/** Columns that an iteration makes orthonormal. The start is scaled to a Frobenius norm of 1, so that it converges. */
class Iterated extends BaseModule implements Orthogonal {
  readonly #raw: RowParameters;
  readonly #shape: readonly [number, number];

  constructor({ dims, columns, key, contextSize = 0 }: SylvesterOptions & { readonly columns: number }) {
    super();
    this.#shape = [dims, columns];
    this.#raw = this.child(
      'raw',
      new RowParameters({ size: dims * columns, key: key.fold('columns'), std: 1, contextSize }),
    );
  }

  columns(n: number, call: CallOptions): Tensor {
    const raw = this.#raw.rows(n, call);
    const length = tf.sqrt(tf.add(tf.sum(tf.square(raw), 1, true), 1e-12));
    let q: Tensor = tf.reshape(tf.div(raw, length), [n, ...this.#shape]);
    const unit = tf.eye(this.#shape[1]);
    for (let step = 0; step < STEPS; step++) {
      const error = tf.sub(unit, tf.matMul(q, q, true));
      q = tf.matMul(q, tf.add(unit, tf.mul(0.5, error)));
    }
    return q;
  }
}

/** A product of Householder reflections. */
class Reflected extends BaseModule implements Orthogonal {
  readonly #raw: RowParameters;
  readonly #dims: number;
  readonly #reflections: number;

  constructor({ dims, key, contextSize = 0, reflections = dims }: SylvesterOptions) {
    super();
    this.#dims = dims;
    this.#reflections = reflections;
    this.#raw = this.child(
      'directions',
      new RowParameters({ size: dims * reflections, key: key.fold('directions'), std: 1, contextSize }),
    );
  }

  columns(n: number, call: CallOptions): Tensor {
    const directions = tf.split(this.#raw.rows(n, call), this.#reflections, 1);
    const start: Tensor = tf.tile(tf.expandDims(tf.eye(this.#dims), 0), [n, 1, 1]);
    return directions.reduce((q, direction) => {
      const v = tf.expandDims(direction, 2); // [n, D, 1]
      const scaled = tf.div(v, tf.add(tf.sum(tf.square(v), 1, true), 1e-12));
      return tf.sub(q, tf.mul(2, tf.matMul(scaled, tf.matMul(v, q, true))));
    }, start);
  }
}

/** The identity, or the permutation that reverses an event. */
class Reversed extends BaseModule implements Orthogonal {
  readonly #dims: number;
  readonly #reversed: boolean;

  constructor({ dims, reversed = false }: SylvesterOptions) {
    super();
    this.#dims = dims;
    this.#reversed = reversed;
  }

  columns(n: number): Tensor {
    const unit = tf.eye(this.#dims);
    const q = this.#reversed ? tf.reverse(unit, 1) : unit;
    return tf.tile(tf.expandDims(q, 0), [n, 1, 1]);
  }
}
