import { sizeOf } from '@dgm/core';
import type { ForwardResult, InverseResult, Key, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { BaseFlowLayer } from '../flow-layer';
import { sumEvent } from '../internal/events';
import type { Transformer } from '../transformers/transformer';

export interface ElementWiseOptions {
  readonly eventShape: Shape;
  readonly transformer: Transformer;
  /**
   * Spreads the initial parameters.
   * @defaultValue all are 0, and the map is the identity,
   */
  readonly key?: Key;
}

/**
 * A map of each element by itself, with learned parameters of its own: $y_d = T(z_d; \theta_d)$. With `affine()` it is a
 * learned location and scale, with a spline a learned marginal distribution.
 */
export class ElementWise extends BaseFlowLayer {
  readonly eventShape: Shape;
  readonly #transformer: Transformer;
  readonly #parameters: Variable;

  constructor({ eventShape, transformer, key }: ElementWiseOptions) {
    super();
    this.eventShape = eventShape;
    this.#transformer = transformer;
    const shape: [number, number] = [sizeOf(eventShape), transformer.numParameters];
    this.#parameters = this.parameter('parameters', key === undefined ? tf.zeros(shape) : key.normal(shape));
  }

  protected forward(z: Tensor): ForwardResult {
    const { y, logDet } = this.#transformer.forward(z, this.#parametersFor(z));
    return { y, logDet: sumEvent(logDet) };
  }

  protected inverse(y: Tensor): InverseResult {
    const { z, logDet } = this.#transformer.inverse(y, this.#parametersFor(y));
    return { z, logDet: sumEvent(logDet) };
  }

  #parametersFor(x: Tensor): Tensor {
    const [size, count] = this.#parameters.shape as [number, number];
    const rows = tf.tile(tf.reshape(this.#parameters, [1, size * count]), [x.shape[0]!, 1]);
    return tf.reshape(rows, [...x.shape, count]);
  }
}
