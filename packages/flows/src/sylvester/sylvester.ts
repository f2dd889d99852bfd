import {
  BaseModule,
  type CallOptions,
  checkInteger,
  checkOneOf,
  checkOptions,
  checkThat,
  type ForwardResult,
  type InverseResult,
  type Key,
  type Module,
  type Shape,
  tanh,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { BaseFlowLayer } from '../flow-layer';
import { orthogonalFactor, reflected, unitColumns, unitVectors } from '../internal/reflections';
import { RowParameters } from '../internal/row-parameters';
import { tanhRoot } from '../internal/tanh-root';
import { strictTriangle } from '../linear/lu-linear';
import { record } from '../record';

export interface SylvesterOptions {
  /** D, the length of an event. */
  readonly dims: number;
  /**
   * How Q is parametrized. `'orthogonal'` (O-SNF): M columns, the orthogonal factor of a free matrix; `'householder'`
   * (H-SNF): a product of reflections, M = D; `'triangular'` (T-SNF): the identity or the reversal, M = D.
   */
  readonly form: 'orthogonal' | 'householder' | 'triangular';
  readonly key: Key;
  /**
   * M, the number of columns of an orthogonal Q.
   * @defaultValue D
   */
  readonly columns?: number;
  /**
   * The number of Householder reflections.
   * @defaultValue D
   */
  readonly reflections?: number;
  /**
   * Whether the triangular form uses the reversal; layers of a flow usually alternate.
   * @defaultValue false
   */
  readonly reversed?: boolean;
  /**
   * The width of the context, on which Q, R and b then depend.
   * @defaultValue 0
   */
  readonly contextSize?: number;
}

const OPTIONS: readonly (keyof SylvesterOptions)[] = [
  'dims',
  'form',
  'key',
  'columns',
  'reflections',
  'reversed',
  'contextSize',
];

/**
 * A Sylvester layer: $y = z + Q R \tanh(\tilde R Q^\top z + b)$ with orthonormal columns Q and upper triangles R and
 * $\tilde R$, and $\ln|\det| = \sum_i \ln(1 + h'_i\, \tilde r_{ii} r_{ii})$.
 *
 * Diagonals are bounded to (-1, 1), so that $r_{ii} \tilde r_{ii} > -1$ and the map has an inverse (Theorem 4.4). The
 * inverse solves for the M coordinates from the last to the first, each by bisection. Eq. 4.65 computes Q by a fixed
 * number of Newton-Schulz steps, which do not converge if the free matrix is nearly singular, as square matrices
 * often are. The QR decomposition here gives orthonormal columns for every matrix.
 * @throws ArgumentError if the form is not known, or `columns` is more than D or given for another form
 * @see DGM §4.4.2.2, Eq. 4.60-4.65; Sylvester Normalizing Flows (van den Berg et al., 2018)
 *
 * @example
 * ```ts
 * const layer = new Sylvester({ dims: 8, form: 'orthogonal', columns: 4, key });
 * const model = flow({ layers: [layer], eventShape: [8] });
 * ```
 */
export class Sylvester extends BaseFlowLayer {
  readonly eventShape: Shape;
  readonly #columns: number;
  readonly #orthogonal: Orthogonal;
  readonly #parameters: RowParameters;

  constructor(options: SylvesterOptions) {
    super();
    record(this, 'Sylvester', arguments);
    const { dims, form, key, columns = dims, contextSize = 0 } = options;
    checkOptions('Sylvester', options, OPTIONS);
    checkOneOf('Sylvester', 'form', form, ['orthogonal', 'householder', 'triangular']);
    checkInteger('Sylvester', 'dims', dims);
    if (options.reflections !== undefined) checkInteger('Sylvester', 'reflections', options.reflections);
    const isFull = columns === dims || (form === 'orthogonal' && columns >= 1 && columns < dims);
    checkThat('Sylvester', 'columns', isFull && Number.isInteger(columns), {
      expected: form === 'orthogonal' ? `to be an integer from 1 to ${dims}` : `to be ${dims} for this form`,
      actual: String(columns),
    });
    this.eventShape = [dims];
    this.#columns = columns;
    this.#orthogonal = this.child('orthogonal', orthogonalColumns({ ...options, columns }));
    const size = 2 * columns * columns + columns;
    this.#parameters = this.child(
      'triangles',
      new RowParameters({ size, key: key.fold('triangles'), std: 0.5, contextSize }),
    );
  }

  protected forward(z: Tensor, call: CallOptions): ForwardResult {
    const { q, r, rTilde, b } = this.#parts(z.shape[0]!, call);
    const v = tf.matMul(tf.expandDims(z, 1), q); // [n, 1, M], the rows z^T Q
    const h = tanh(tf.add(tf.matMul(v, rTilde, false, true), b));
    const change = tf.matMul(tf.matMul(h, r, false, true), q, false, true); // [n, 1, D]
    return { y: tf.add(z, tf.reshape(change, z.shape)), logDet: logDetOf({ r, rTilde, h }) };
  }

  protected inverse(y: Tensor, call: CallOptions): InverseResult {
    const { q, r, rTilde, b } = this.#parts(y.shape[0]!, call);
    const target = tf.matMul(tf.expandDims(y, 1), q);
    const v = this.#solve({ r, rTilde, b, target });
    const h = tanh(tf.add(tf.matMul(v, rTilde, false, true), b));
    const change = tf.matMul(tf.matMul(h, r, false, true), q, false, true);
    return { z: tf.sub(y, tf.reshape(change, y.shape)), logDet: tf.neg(logDetOf({ r, rTilde, h })) };
  }

  /** $v + R \tanh(\tilde R v + b) = t$: row i holds coordinates from i on, so the last comes first. */
  #solve({ r, rTilde, b, target }: Readonly<Record<'r' | 'rTilde' | 'b' | 'target', Tensor>>): Tensor {
    const n = target.shape[0]!;
    const size = this.#columns;
    const entry = (matrix: Tensor, i: number, j: number): Tensor =>
      tf.reshape(tf.slice(matrix, [0, i, j], [n, 1, 1]), [n, 1]);
    const solved: Tensor[] = [];
    const activated: Tensor[] = [];
    for (let i = size - 1; i >= 0; i--) {
      let s = entry(b, 0, i);
      let t = entry(target, 0, i);
      for (let j = i + 1; j < size; j++) {
        s = tf.add(s, tf.mul(entry(rTilde, i, j), solved[j]!));
        t = tf.sub(t, tf.mul(entry(r, i, j), activated[j]!));
      }
      const [p, q] = [entry(r, i, i), entry(rTilde, i, i)];
      solved[i] = tanhRoot({ p, q, s, t });
      activated[i] = tanh(tf.add(tf.mul(q, solved[i]!), s));
    }
    return tf.expandDims(tf.concat(solved, 1), 1);
  }

  #parts(n: number, call: CallOptions): { q: Tensor; r: Tensor; rTilde: Tensor; b: Tensor } {
    const m = this.#columns;
    const raw = tf.split(this.#parameters.rows(n, call), [m * m, m * m, m], 1) as [Tensor, Tensor, Tensor];
    const triangle = (values: Tensor): Tensor => {
      const square = tf.reshape(values, [n, m, m]);
      const above = tf.mul(square, strictTriangle(m, 'upper'));
      return tf.add(above, tf.mul(tanh(square), tf.mul(LARGEST_DIAGONAL, tf.eye(m))));
    };
    return {
      q: this.#orthogonal.columns(n, call),
      r: triangle(raw[0]),
      rTilde: triangle(raw[1]),
      b: tf.expandDims(raw[2], 1),
    };
  }
}

/** Below 1, so that no slope reaches 0. */
const LARGEST_DIAGONAL = 0.999;

function logDetOf({ r, rTilde, h }: Readonly<Record<'r' | 'rTilde' | 'h', Tensor>>): Tensor {
  const products = tf.sum(tf.mul(tf.mul(r, rTilde), tf.eye(r.shape[2]!)), 2); // the diagonals' product, [n, M]
  const slopes = tf.reshape(tf.sub(1, tf.square(h)), products.shape);
  return tf.sum(tf.log(tf.add(1, tf.mul(slopes, products))), 1);
}

/** Makes a matrix with orthonormal columns for each event. */
interface Orthogonal extends Module {
  /** `[n, D, M]`. */
  columns(n: number, call: CallOptions): Tensor;
}

function orthogonalColumns(options: SylvesterOptions & { readonly columns: number }): Orthogonal {
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
