import { BaseLayer, checkOptions, checkThat, Conv2d, masked } from '@dgm/core';
import type { CallOptions, Key } from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../record';

export interface MaskedConv2dOptions {
  /** Channels of the input. */
  readonly inputs: number;
  /** Channels of the output. */
  readonly outputs: number;
  /** Height and width of the kernel; odd. */
  readonly kernelSize: number;
  /** `A` - an output sees the pixels before its own, row by row; `B` - its own too. */
  readonly option: 'A' | 'B';
  /** Randomness for the initial weights. */
  readonly key: Key;
}

/**
 * A convolution of images `[n, height, width, inputs]` that sees the pixels above, and those to the left in the same row:
 * the other half of the kernel is zero.
 *
 * A stack of these has a blind spot above to the right, which `gatedPixelCnn` has not.
 * @throws ArgumentError for a kernel of even size
 * @see DGM §2.4, Fig. 2.5. Pixel Recurrent Neural Networks (van den Oord et al., 2016)
 *
 * @example
 * ```ts
 * const layer = new MaskedConv2d({ inputs: 1, outputs: 16, kernelSize: 3, option: 'A', key });
 * layer.apply(tf.zeros([4, 8, 8, 1])); // [4, 8, 8, 16]
 * ```
 */
export class MaskedConv2d extends BaseLayer {
  readonly #convolution: Conv2d;

  constructor({ inputs, outputs, kernelSize, option, key, ...unknown }: MaskedConv2dOptions) {
    super();
    record(this, 'MaskedConv2d', arguments);
    checkOptions('MaskedConv2d', unknown, ['inputs', 'outputs', 'kernelSize', 'option', 'key']);
    checkThat('MaskedConv2d', 'kernelSize', kernelSize % 2 === 1, {
      expected: 'to be odd, so that there is a pixel in the middle',
      actual: String(kernelSize),
    });
    const middle = Math.floor(kernelSize ** 2 / 2);
    const lastSeen = option === 'A' ? middle - 1 : middle;
    const taps = Float32Array.from({ length: kernelSize ** 2 }, (_, tap) => (tap <= lastSeen ? 1 : 0));
    const mask = Float32Array.from(
      { length: taps.length * inputs * outputs },
      (_, index) => taps[Math.floor(index / (inputs * outputs))]!,
    );
    this.#convolution = this.child(
      'conv',
      new Conv2d({ inputs, outputs, kernelSize, padding: 'same', weight: masked(mask), key }),
    );
  }

  protected forward(x: Tensor, call: CallOptions): Tensor {
    return this.#convolution.apply(x, call);
  }
}
