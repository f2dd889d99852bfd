import { checkOptions, softplus, tanh } from '@dgm/core';
import type { CallOptions, ForwardResult, InverseResult, Key, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { BaseFlowLayer } from '../flow-layer';
import { RowParameters } from '../internal/row-parameters';
import { tanhRoot } from '../internal/tanh-root';
import { record } from '../record';

export interface PlanarOptions {
  /** D, the length of an event. */
  readonly dims: number;
  readonly key: Key;
  /**
   * The width of the context, on which u, w and b then depend.
   * @defaultValue 0
   */
  readonly contextSize?: number;
}

/**
 * A planar layer: $y = z + \hat u \tanh(w^\top z + b)$, with $\ln|\det| = \ln(1 + \hat u^\top w\, (1 - \tanh^2))$.
 *
 * $\hat u$ is u moved along w until $w^\top \hat u > -1$, so that the map has an inverse. The inverse solves for one
 * number by bisection, to the precision of float32.
 * @see DGM §4.4.2, Eq. 4.60 with M = 1; Variational Inference with Normalizing Flows (Rezende and Mohamed, 2015), §4.1, A.1
 *
 * @example
 * ```ts
 * const layer = new Planar({ dims: 2, key });
 * const model = flow({ layers: [layer], eventShape: [2] });
 * ```
 */
export class Planar extends BaseFlowLayer {
  readonly eventShape: Shape;
  readonly #parameters: RowParameters;

  constructor({ dims, key, contextSize = 0, ...unknown }: PlanarOptions) {
    super();
    record(this, 'Planar', arguments);
    checkOptions('Planar', unknown, ['dims', 'key', 'contextSize']);
    this.eventShape = [dims];
    this.#parameters = this.child(
      'parameters',
      new RowParameters({ size: 2 * dims + 1, key, std: 1 / Math.sqrt(dims), contextSize }),
    );
  }

  protected forward(z: Tensor, call: CallOptions): ForwardResult {
    const { u, w, b, product } = this.#constrained(z.shape[0]!, call);
    const h = tanh(tf.add(tf.sum(tf.mul(w, z), 1, true), b));
    return { y: tf.add(z, tf.mul(u, h)), logDet: logDetOf(h, product) };
  }

  protected inverse(y: Tensor, call: CallOptions): InverseResult {
    const { u, w, b, product } = this.#constrained(y.shape[0]!, call);
    // With a = w z: a + (w u) tanh(a + b) = w y.
    const along = tf.sum(tf.mul(w, y), 1, true);
    const a = tanhRoot({ p: product, q: tf.onesLike(product), s: b, t: along });
    const h = tanh(tf.add(a, b));
    return { z: tf.sub(y, tf.mul(u, h)), logDet: tf.neg(logDetOf(h, product)) };
  }

  /** u with $w^\top u = -1 + \mathrm{softplus}$ of what it was, and that product. */
  #constrained(n: number, call: CallOptions): { u: Tensor; w: Tensor; b: Tensor; product: Tensor } {
    const dims = this.eventShape[0]!;
    const [raw, w, b] = tf.split(this.#parameters.rows(n, call), [dims, dims, 1], 1) as Tensor[];
    const free = tf.sum(tf.mul(raw!, w!), 1, true);
    const product = tf.sub(softplus(free), 1 - SMALLEST_SLOPE);
    const squaredNorm = tf.add(tf.sum(tf.square(w!), 1, true), 1e-12);
    const u = tf.add(raw!, tf.mul(tf.div(tf.sub(product, free), squaredNorm), w!));
    return { u, w: w!, b: b!, product };
  }
}

/** The smallest factor by which a direction may be scaled. */
const SMALLEST_SLOPE = 1e-3;

function logDetOf(h: Tensor, product: Tensor): Tensor {
  return tf.reshape(tf.log(tf.add(1, tf.mul(product, tf.sub(1, tf.square(h))))), [-1]);
}
