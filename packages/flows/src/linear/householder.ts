import { checkInteger, checkOptions } from '@dgm/core';
import type { ForwardResult, InverseResult, Key, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { BaseFlowLayer } from '../flow-layer';
import { noVolume } from '../internal/events';
import { unitVectors } from '../internal/reflections';
import { record } from '../record';

export interface HouseholderOptions {
  /** D, the length of an event. */
  readonly features: number;
  /** H, the number of reflections; D of them can give every orthogonal matrix of one determinant. */
  readonly reflections: number;
  /** Randomness for the initial directions. */
  readonly key: Key;
}

/**
 * A product of reflections, $y = H_1 \cdots H_K z$ with $H_k = I - 2 v_k v_k^\top / \|v_k\|^2$: an orthogonal map, whose
 * inverse is its transpose and whose log-determinant is 0.
 * @throws ArgumentError if there is no reflection
 * @see DGM Eq. 4.58; Improving Variational Auto-Encoders using Householder Flow (Tomczak and Welling, 2016)
 *
 * @example
 * ```ts
 * const layer = new Householder({ features: 8, reflections: 4, key });
 * const model = flow({ layers: [layer], eventShape: [8] });
 * ```
 */
export class Householder extends BaseFlowLayer {
  readonly eventShape: Shape;
  readonly #directions: Variable;

  constructor({ features, reflections, key, ...unknown }: HouseholderOptions) {
    super();
    record(this, 'Householder', arguments);
    checkOptions('Householder', unknown, ['features', 'reflections', 'key']);
    checkInteger('Householder', 'features', features);
    checkInteger('Householder', 'reflections', reflections);
    this.eventShape = [features];
    this.#directions = this.parameter('directions', key.normal([reflections, features]));
  }

  protected forward(z: Tensor): ForwardResult {
    const y = directionsOf(this.#directions).reverse().reduce(reflect, z);
    return { y, logDet: noVolume(z) };
  }

  protected inverse(y: Tensor): InverseResult {
    return { z: directionsOf(this.#directions).reduce(reflect, y), logDet: noVolume(y) };
  }
}

/** The rows of `[K, D]`, each `[1, D]`; a copy, because the array of tf.split is the gradient tape's own. */
export function directionsOf(directions: Tensor): Tensor[] {
  return [...tf.split(directions, directions.shape[0]!)];
}

/** Rows $x - 2 u (u^\top x)$ for the direction u of a vector, whatever its length. */
export function reflect(x: Tensor, direction: Tensor): Tensor {
  const u = unitVectors(direction, 1);
  return tf.sub(x, tf.mul(2, tf.matMul(tf.matMul(x, u, false, true), u)));
}
