import {
  BaseBijector,
  checkOptions,
  checkThat,
  type ForwardResult,
  type InverseResult,
  type Key,
  selectByMask,
  type Shape,
  sizeOf,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { BaseFlowLayer } from '../flow-layer';
import { sumEvent } from '../internal/events';
import { record } from '../record';
import type { Transformer } from '../transformers/transformer';

export interface ElementWiseOptions {
  readonly eventShape: Shape;
  readonly transformer: Transformer;
  /**
   * Randomizes the initial parameters.
   * @defaultValue all parameters are 0, so that the map is the identity
   */
  readonly key?: Key;
}

/**
 * An elementwise map with learned parameters for each element: $y_d = T(z_d; \theta_d)$. With `affine()` it is a
 * learned location and scale; with a spline it is a learned marginal distribution.
 *
 * @example
 * ```ts
 * const layer = new ElementWise({ eventShape: [8], transformer: rationalQuadraticSpline({ bins: 8 }), key });
 * const model = flow({ layers: [layer], eventShape: [8] });
 * ```
 */
export class ElementWise extends BaseFlowLayer {
  readonly eventShape: Shape;
  readonly #transformer: Transformer;
  readonly #parameters: Variable;

  constructor({ eventShape, transformer, key, ...unknown }: ElementWiseOptions) {
    super();
    record(this, 'ElementWise', arguments);
    checkOptions('ElementWise', unknown, ['eventShape', 'transformer', 'key']);
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

/**
 * $y = z$ above 0 and $y = a z$ below it, element by element: a leaky rectifier as a bijector.
 * @param options - `slope`: a, above 0, by default 0.01
 * @throws ArgumentError if the slope is not positive
 *
 * @example
 * ```ts
 * const layers = [new LuLinear({ features: 8, key }), new Leaky({ slope: 0.1 })];
 * const model = flow({ layers, eventShape: [8] });
 * ```
 */
export class Leaky extends BaseBijector {
  readonly eventRank = 0;
  readonly #slope: number;

  constructor({ slope = 0.01, ...unknown }: { readonly slope?: number } = {}) {
    super();
    record(this, 'Leaky', arguments);
    checkOptions('Leaky', unknown, ['slope']);
    checkThat('Leaky', 'slope', slope > 0 && Number.isFinite(slope), {
      expected: 'to be above 0',
      actual: String(slope),
    });
    this.#slope = slope;
  }

  protected forward(z: Tensor): { y: Tensor; logDet: Tensor } {
    const above = tf.greaterEqual(z, 0);
    return { y: selectByMask(above, z, tf.mul(this.#slope, z)), logDet: this.#logSlope(above) };
  }

  protected inverse(y: Tensor): { z: Tensor; logDet: Tensor } {
    const above = tf.greaterEqual(y, 0);
    return { z: selectByMask(above, y, tf.div(y, this.#slope)), logDet: tf.neg(this.#logSlope(above)) };
  }

  #logSlope(above: Tensor): Tensor {
    return tf.mul(Math.log(this.#slope), tf.sub(1, tf.cast(above, 'float32')));
  }
}
