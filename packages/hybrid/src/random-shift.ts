import { BaseLayer, checkInteger, checkNumber, checkOptions, checkShape, checkThat, oneHot } from '@dgm/core';
import type { CallOptions, Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from './record';

export interface RandomShiftOptions {
  /** The most pixels by which an image moves in each direction. */
  readonly reach: number;
  /**
   * The value of the pixels that come into view.
   * @defaultValue 0
   */
  readonly fill?: number;
}

/**
 * While training, moves each image `[n, height, width, channels]` by up to `reach` pixels along both axes, every distance
 * equally probable; otherwise the identity. The call has to bring a `key` while training.
 *
 * In front of the classifier of a hybrid it augments $p(y|x)$ alone: $p(x)$ is still trained on the images as they are, and a
 * density of moved images would be another one.
 *
 * @example
 * ```ts
 * const layer = new RandomShift({ reach: 1 });
 * layer.apply(tf.ones([4, 8, 8, 1]), { training: true, key }); // [4, 8, 8, 1]
 * ```
 */
export class RandomShift extends BaseLayer {
  readonly reach: number;
  readonly fill: number;

  /** @throws ArgumentError if an option is unknown, missing or out of its range */
  constructor(options: RandomShiftOptions) {
    super();
    record(this, 'RandomShift', arguments);
    checkOptions('RandomShift', options, ['reach', 'fill']);
    const { reach, fill = 0 } = options;
    checkInteger('RandomShift', 'reach', reach, { min: 0 });
    checkNumber('RandomShift', 'fill', fill);
    this.reach = reach;
    this.fill = fill;
  }

  protected override validate(x: Tensor): void {
    checkShape('RandomShift.apply', 'x', x, ['n', 'height', 'width', 'channels']);
  }

  /** @throws ArgumentError if the call is for training and has no key */
  protected forward(x: Tensor, { training = false, key }: CallOptions): Tensor {
    if (!training || this.reach === 0) return x;
    checkThat('RandomShift.apply', 'call.key', key !== undefined, {
      expected: 'to be a Key while training',
      actual: 'undefined',
      remedy: 'pass { training: true, key } to apply',
    });
    return [1, 2].reduce((image, axis) => this.#along(image, axis, key.fold(axis)), x);
  }

  /** The sum of the image at every offset, of which one has the weight 1. */
  #along(x: Tensor, axis: number, key: Key): Tensor {
    const [n, offsets] = [x.shape[0]!, 2 * this.reach + 1];
    const margins = x.shape.map((_, at): [number, number] =>
      at === axis ? [this.reach, this.reach] : [0, 0],
    );
    const padded = tf.pad(x, margins, this.fill);
    const chosen = oneHot(key.categorical(tf.zeros([offsets]), [n]), { depth: offsets });
    const moved = Array.from({ length: offsets }, (_, offset) => {
      const from = x.shape.map((__, at) => (at === axis ? offset : 0));
      const weight = tf.reshape(tf.slice(chosen, [0, offset], [n, 1]), [n, 1, 1, 1]);
      return tf.mul(weight, tf.slice(padded, from, x.shape));
    });
    return tf.addN(moved);
  }
}
