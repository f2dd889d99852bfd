import {
  checkOptions,
  checkThat,
  formatShape,
  type ForwardResult,
  type InverseResult,
  type Shape,
  sizeOf,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { BaseFlowLayer } from '../flow-layer';
import { noVolume } from '../internal/events';
import { record } from '../record';

export interface ReshapeOptions {
  readonly latentShape: Shape;
  readonly eventShape: Shape;
}

/**
 * Gives events another shape with the same elements in the same order; log-determinants are 0.
 * @throws ArgumentError if the two shapes have different sizes
 *
 * @example
 * ```ts
 * const layer = new Reshape({ latentShape: [64], eventShape: [8, 8, 1] });
 * ```
 */
export class Reshape extends BaseFlowLayer {
  readonly eventShape: Shape;
  readonly #latentShape: Shape;

  constructor({ latentShape, eventShape, ...unknown }: ReshapeOptions) {
    super();
    record(this, 'Reshape', arguments);
    checkOptions('Reshape', unknown, ['latentShape', 'eventShape']);
    checkThat('Reshape', 'latentShape', sizeOf(latentShape) === sizeOf(eventShape), {
      expected: `to have ${sizeOf(eventShape)} elements, as the event has`,
      actual: String(sizeOf(latentShape)),
    });
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

export interface SqueezeOptions {
  /** `[height, width, channels]` of the data. */
  readonly eventShape: Shape;
  /**
   * The side of the squares of pixels that become channels.
   * @defaultValue 2
   */
  readonly factor?: number;
}

/**
 * Turns squares of pixels into channels in the direction of the latents: `[h, w, c]` becomes `[h/2, w/2, 4c]`. The
 * values only move, so log-determinants are 0.
 * @throws ArgumentError if height or width is no multiple of the factor
 * @see Density Estimation Using Real NVP (Dinh et al., 2017), §3.6; DGM §3.1.6
 *
 * @example
 * ```ts
 * const layer = new Squeeze({ eventShape: [8, 8, 1] }); // latents [4, 4, 4]
 * ```
 */
export class Squeeze extends BaseFlowLayer {
  readonly eventShape: Shape;
  readonly #latentShape: Shape;
  readonly #factor: number;

  constructor({ eventShape, factor = 2, ...unknown }: SqueezeOptions) {
    super();
    record(this, 'Squeeze', arguments);
    checkOptions('Squeeze', unknown, ['eventShape', 'factor']);
    const [height = 0, width = 0, channels = 0] = eventShape;
    const fits = eventShape.length === 3 && sizeOf(eventShape) > 0 && Number.isInteger(factor) && factor >= 1;
    checkThat('Squeeze', 'eventShape', fits && height % factor === 0 && width % factor === 0, {
      expected: `to be [height, width, channels] with sides that are multiples of ${factor}`,
      actual: formatShape(eventShape),
    });
    this.eventShape = eventShape;
    this.#latentShape = [height / factor, width / factor, channels * factor ** 2];
    this.#factor = factor;
  }

  override get latentShape(): Shape {
    return this.#latentShape;
  }

  protected forward(z: Tensor): ForwardResult {
    const [height, width, channels] = this.eventShape as [number, number, number];
    const f = this.#factor;
    const n = z.shape[0]!;
    const rows = tf.reshape(z, [n * (height / f), width / f, f, f * channels]);
    const y = tf.reshape(tf.transpose(rows, [0, 2, 1, 3]), [n, height, width, channels]);
    return { y, logDet: noVolume(z) };
  }

  protected inverse(y: Tensor): InverseResult {
    const [height, width, channels] = this.eventShape as [number, number, number];
    const f = this.#factor;
    const n = y.shape[0]!;
    const rows = tf.reshape(y, [n * (height / f), f, width / f, f * channels]);
    const z = tf.reshape(tf.transpose(rows, [0, 2, 1, 3]), [n, ...this.#latentShape]);
    return { z, logDet: noVolume(y) };
  }
}
