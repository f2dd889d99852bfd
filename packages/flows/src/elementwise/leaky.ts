import { ArgumentError, BaseBijector, select } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * $y = z$ above 0 and $y = a z$ below it, element by element: a leaky rectifier as a bijector.
 * @param options - `slope`: a, above 0, by default 0.01
 * @throws ArgumentError if the slope is not positive
 */
export class Leaky extends BaseBijector {
  readonly eventRank = 0;
  readonly #slope: number;

  constructor({ slope = 0.01 }: { readonly slope?: number } = {}) {
    super();
    if (!(slope > 0 && Number.isFinite(slope))) {
      throw new ArgumentError({
        where: 'Leaky',
        argument: 'slope',
        expected: 'to be above 0',
        actual: String(slope),
      });
    }
    this.#slope = slope;
  }

  protected forward(z: Tensor): { y: Tensor; logDet: Tensor } {
    const above = tf.greaterEqual(z, 0);
    return { y: select(above, z, tf.mul(this.#slope, z)), logDet: this.#logSlope(above) };
  }

  protected inverse(y: Tensor): { z: Tensor; logDet: Tensor } {
    const above = tf.greaterEqual(y, 0);
    return { z: select(above, y, tf.div(y, this.#slope)), logDet: tf.neg(this.#logSlope(above)) };
  }

  #logSlope(above: Tensor): Tensor {
    return tf.mul(Math.log(this.#slope), tf.sub(1, tf.cast(above, 'float32')));
  }
}
