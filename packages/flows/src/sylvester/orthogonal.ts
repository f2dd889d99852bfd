import { BaseModule } from '@dgm/core';
import type { CallOptions, Module } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { orthogonalFactor, reflected, unitColumns, unitVectors } from '../internal/reflections';
import { RowParameters } from '../internal/row-parameters';
import type { SylvesterOptions } from './sylvester';

/** Makes a matrix with orthonormal columns for each event. */
export interface Orthogonal extends Module {
  /** `[n, D, M]`. */
  columns(n: number, call: CallOptions): Tensor;
}

export function orthogonalColumns(options: SylvesterOptions & { readonly columns: number }): Orthogonal {
  if (options.form === 'orthogonal') return new Factored(options);
  return options.form === 'householder' ? new Reflected(options) : new Reversed(options);
}

/** The orthogonal factor of a free matrix. Its columns are orthonormal for every matrix and context. */
class Factored extends BaseModule implements Orthogonal {
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
    return orthogonalFactor(tf.reshape(this.#raw.rows(n, call), [n, ...this.#shape]));
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
    return directions.reduce(
      (q, direction) => reflected(unitVectors(tf.expandDims(direction, 2), 1), q),
      unitColumns(n, this.#dims, this.#dims),
    );
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
