import { BaseLayer, checkOptions, Conv2d } from '@dgm/core';
import type { CallOptions, Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../record';

export interface ShiftedConv2dOptions {
  /** Channels of the input. */
  readonly inputs: number;
  /** Channels of the output. */
  readonly outputs: number;
  /** `down` - looks at rows above, to both sides; `right` - at pixels to the left in the same row. */
  readonly direction: 'down' | 'right';
  /** How many rows, or pixels of the row, the kernel takes in. */
  readonly reach: number;
  /** `A` - without its own row (or pixel); `B` - with it. */
  readonly option: 'A' | 'B';
  /** Randomness for the initial weights. */
  readonly key: Key;
}

/**
 * A convolution of images that looks in one direction only, by the way it is padded: nothing has to be masked.
 *
 * The vertical stack of a gated PixelCNN is made of those that look up, `[reach, 2 reach - 1]`, the horizontal one of
 * those that look left, `[1, reach]`.
 * @see Conditional Image Generation with PixelCNN Decoders (van den Oord et al., 2016), §2.2
 *
 * @example
 * ```ts
 * const layer = new ShiftedConv2d({ inputs: 1, outputs: 16, direction: 'down', reach: 1, option: 'A', key });
 * layer.apply(tf.zeros([4, 8, 8, 1])); // [4, 8, 8, 16]
 * ```
 */
export class ShiftedConv2d extends BaseLayer {
  readonly #convolution: Conv2d;
  readonly #padding: [[number, number], [number, number], [number, number], [number, number]];

  constructor({ inputs, outputs, direction, reach, option, key, ...unknown }: ShiftedConv2dOptions) {
    super();
    record(this, 'ShiftedConv2d', arguments);
    checkOptions('ShiftedConv2d', unknown, ['inputs', 'outputs', 'direction', 'reach', 'option', 'key']);
    const isDown = direction === 'down';
    const kernelSize = isDown ? ([reach, 2 * reach - 1] as const) : ([1, reach] as const);
    this.#convolution = this.child('conv', new Conv2d({ inputs, outputs, kernelSize, key }));
    // One zero more before, and one position less at the end: everything comes one row or pixel late.
    const shift = option === 'A' ? 1 : 0;
    const before: [number, number] = [reach - 1 + shift, -shift];
    this.#padding = [[0, 0], isDown ? before : [0, 0], isDown ? [reach - 1, reach - 1] : before, [0, 0]];
  }

  protected forward(x: Tensor, call: CallOptions): Tensor {
    const cut = this.#padding.map(([, after]) => Math.min(0, after));
    const kept = tf.slice(
      x,
      cut.map(() => 0),
      x.shape.map((size, axis) => size + cut[axis]!),
    );
    const padded = tf.pad(
      kept,
      this.#padding.map(([before, after]): [number, number] => [before, Math.max(0, after)]),
    );
    return this.#convolution.apply(padded, call);
  }
}
