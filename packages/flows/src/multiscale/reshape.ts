import { ArgumentError, sizeOf } from '@dgm/core';
import type { ForwardResult, InverseResult, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { BaseFlowLayer } from '../flow-layer';
import { noVolume } from '../internal/events';

export interface ReshapeOptions {
  readonly latentShape: Shape;
  readonly eventShape: Shape;
}

/**
 * Gives events another shape with the same elements in the same order; log-determinants are 0.
 * @throws ArgumentError if the two shapes have different sizes
 */
export class Reshape extends BaseFlowLayer {
  readonly eventShape: Shape;
  readonly #latentShape: Shape;

  constructor({ latentShape, eventShape }: ReshapeOptions) {
    super();
    if (sizeOf(latentShape) !== sizeOf(eventShape)) {
      throw new ArgumentError({
        where: 'Reshape',
        argument: 'latentShape',
        expected: `to have ${sizeOf(eventShape)} elements, as the event has`,
        actual: String(sizeOf(latentShape)),
      });
    }
    this.eventShape = eventShape;
    this.#latentShape = latentShape;
  }

  override get latentShape(): Shape {
    return this.#latentShape;
  }

  protected forward(z: Tensor): ForwardResult {
    return { y: tf.reshape(z, [z.shape[0]!, ...this.eventShape]), logDet: noVolume(z) };
  }

  protected inverse(y: Tensor): InverseResult {
    return { z: tf.reshape(y, [y.shape[0]!, ...this.#latentShape]), logDet: noVolume(y) };
  }
}
