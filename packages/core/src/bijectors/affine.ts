import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import {
  inverseScaleOf,
  scaleOf,
  scaleParameter,
  shapeOf,
  type Parameter,
  type Scale,
} from '../distributions/parameters';
import { ArgumentError, ShapeError } from '../errors/dgm-error';
import { broadcasts, broadcastShapes, formatShape, type Shape } from '../shape/shape';
import { BaseBijector } from './bijector';

export interface AffineOptions {
  /** What is added; 0 unless given. */
  readonly shift?: Parameter;
  /** What is multiplied by, of either sign but not 0, or `{ logScale }`; 1 unless given. */
  readonly scale?: Scale;
}

/**
 * The map $y = b + s z$, element by element, with $\log |dy/dz| = \log |s|$.
 *
 * Shift and scale are numbers, or tensors that broadcast against z; the bijector borrows them.
 */
export class Affine extends BaseBijector {
  readonly eventRank = 0;
  readonly #shift: Parameter;
  readonly #scale: Scale;
  readonly #parameterShape: Shape;

  /**
   * @throws ArgumentError if the scale is a number that is 0 or not finite.
   * @throws ShapeError if shift and scale do not broadcast together.
   */
  constructor({ shift = 0, scale = 1 }: AffineOptions) {
    super();
    if (typeof scale === 'number' && (scale === 0 || !Number.isFinite(scale))) {
      throw new ArgumentError({
        where: 'Affine',
        argument: 'scale',
        expected: 'to be a finite number other than 0',
        actual: String(scale),
      });
    }
    this.#shift = shift;
    this.#scale = scale;
    this.#parameterShape = broadcastShapes(shapeOf(shift), shapeOf(scaleParameter(scale)));
  }

  protected forward(z: Tensor): { y: Tensor; logDet: Tensor } {
    const y = tf.add(this.#shift, tf.mul(scaleOf(this.#scale), z));
    return { y, logDet: tf.add(tf.zerosLike(y), this.#logSlope()) };
  }

  protected inverse(y: Tensor): { z: Tensor; logDet: Tensor } {
    const z = tf.mul(tf.sub(y, this.#shift), inverseScaleOf(this.#scale));
    return { z, logDet: tf.sub(tf.zerosLike(z), this.#logSlope()) };
  }

  protected override validate(x: Tensor, where: string, argument: string): void {
    const parameters = this.#parameterShape;
    if (broadcasts(x.shape, parameters)) return;
    throw new ShapeError({
      where,
      argument,
      expected: `to broadcast against ${formatShape(parameters)}, the shape of shift and scale`,
      actual: formatShape(x.shape),
    });
  }

  #logSlope(): Parameter {
    const scale = this.#scale;
    if (typeof scale === 'number') return Math.log(Math.abs(scale));
    return 'logScale' in scale ? scale.logScale : tf.log(tf.abs(scale));
  }
}
