import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { record } from '../construction/record';
import type { Shape } from '../shape/shape';
import { BaseWeight, type Parametrization, type WeightLayout } from './weight';

/**
 * Weight normalization: the kernel of each output is $g\, v / \lVert v \rVert$, with the length g apart from the
 * direction v. At the start the kernel is what it would be without.
 *
 * @returns what layers take as their option `weight`
 * @see Weight Normalization (Salimans and Kingma, 2016), Eq. 2
 *
 * @example
 * ```ts
 * new Dense({ inputs: 64, outputs: 32, key, weight: weightNorm() });
 * ```
 */
export function weightNorm(): Parametrization {
  return record((initial, layout) => new NormalizedWeight(initial, layout), 'weightNorm', arguments);
}

class NormalizedWeight extends BaseWeight {
  readonly #direction: Variable;
  readonly #length: Variable;
  readonly #axes: readonly number[];
  readonly #lengthShape: Shape;

  constructor(initial: Tensor, { outputAxis }: WeightLayout) {
    super();
    this.#axes = initial.shape.map((_, axis) => axis).filter((axis) => axis !== outputAxis);
    this.#lengthShape = initial.shape.map((size, axis) => (axis === outputAxis ? size : 1));
    const length = tf.tidy(() => tf.reshape(this.#norm(initial), [initial.shape[outputAxis]!]));
    this.#direction = this.parameter('direction', initial);
    this.#length = this.parameter('length', length);
  }

  value(): Tensor {
    const factor = tf.div(tf.reshape(this.#length, [...this.#lengthShape]), this.#norm(this.#direction));
    return tf.mul(this.#direction, factor);
  }

  #norm(v: Tensor): Tensor {
    return tf.sqrt(tf.sum(tf.square(v), [...this.#axes], true));
  }
}
