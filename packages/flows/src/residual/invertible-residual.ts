import { checkContext, checkOptions } from '@dgm/core';
import type { CallOptions, ForwardResult, InverseResult, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { BaseFlowLayer } from '../flow-layer';
import { record } from '../record';
import type { Linearization, SmoothFunction } from '../smooth/smooth-map';
import type { Contraction } from './contraction';
import { fixedPoint } from './fixed-point';
import { exactLogDet, type LogDeterminant, russianRoulette } from './log-determinant';

export interface InvertibleResidualOptions {
  /** g, for example {@link contractiveMlp} or {@link contractiveDenseNet}; the layer owns it. */
  readonly contraction: Contraction;
  /**
   * The log-determinant in training: {@link exactLogDet} (the default up to 16 dimensions), {@link powerSeries} or
   * {@link russianRoulette} (the default above). Outside training it is always exact.
   */
  readonly logDet?: LogDeterminant;
}

/** The largest dimension for which the dense Jacobian costs less than a series. */
const SMALL = 16;

/**
 * A residual block as a flow layer: $z = y + g(y)$ in the direction of the latents, with log-determinant
 * $\ln\det(I + J_g)$. Because g is a contraction, the map has an inverse.
 *
 * The direction of the data is a fixed point, computed to 1e-6 of the length of $g$. In calls with `training` and a
 * key the log-determinant is an estimate if `logDet` is one; in all others it is exact, at the cost of D forward
 * passes.
 * @see DGM §3.1.7, Eq. 3.23, 3.24; Residual Flows for Invertible Generative Modeling (Chen et al., 2019)
 *
 * @example
 * ```ts
 * const layer = new InvertibleResidual({ contraction: contractiveMlp({ dims: 8, key }) });
 * const model = flow({ layers: [layer], eventShape: [8] });
 * ```
 */
export class InvertibleResidual extends BaseFlowLayer {
  readonly eventShape: Shape;
  readonly #contraction: Contraction;
  readonly #trainingLogDet: LogDeterminant;

  constructor({ contraction, logDet, ...unknown }: InvertibleResidualOptions) {
    super();
    record(this, 'InvertibleResidual', arguments);
    checkOptions('InvertibleResidual', unknown, ['contraction', 'logDet']);
    this.#contraction = this.child('contraction', contraction);
    this.eventShape = [contraction.dims];
    this.#trainingLogDet = logDet ?? (contraction.dims <= SMALL ? exactLogDet : russianRoulette());
  }

  protected forward(z: Tensor, call: CallOptions): ForwardResult {
    const g = this.#given(z, call);
    const y = fixedPoint(g, z, { contraction: this.#contraction, conditions: call.context });
    return { y, logDet: tf.neg(this.#logDet(g.linearize(y), call)) };
  }

  protected inverse(y: Tensor, call: CallOptions): InverseResult {
    const linearization = this.#given(y, call).linearize(y);
    return { z: tf.add(y, linearization.value), logDet: this.#logDet(linearization, call) };
  }

  #given(x: Tensor, { context }: CallOptions): SmoothFunction {
    const { contextSize } = this.#contraction;
    checkContext('InvertibleResidual', context, { rows: x.shape[0]!, contextSize });
    return this.#contraction.given(context);
  }

  #logDet(linearization: Linearization, { training = false, key }: CallOptions): Tensor {
    if (training && key !== undefined) return this.#trainingLogDet(linearization, { key });
    return exactLogDet(linearization);
  }
}
