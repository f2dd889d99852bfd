import { BaseLayer, checkOptions, checkThat, Conv2d, maskedWeight } from '@dgm/core';
import type { CallOptions, Key, Step } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../record';
import type { ConvWindow } from './causal-conv1d';

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

/** Where a step along an image is. */
export interface PixelPlace {
  /** Of the image. */
  readonly width: number;
  /** Of the pixel, from 0: int32 `[1]`. */
  readonly column: Tensor;
}

/** What the kernel meets of one pixel, above it and to the left. */
interface Tap {
  /** Pixels from the one in the middle to this one, row by row: 0 or less, but for a tap that is beyond every image so narrow. */
  readonly pixels: number;
  readonly columns: number;
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
  readonly #option: 'A' | 'B';
  readonly #kernelSize: number;

  constructor({ inputs, outputs, kernelSize, option, key, ...unknown }: MaskedConv2dOptions) {
    super();
    record(this, 'MaskedConv2d', arguments);
    checkOptions('MaskedConv2d', unknown, ['inputs', 'outputs', 'kernelSize', 'option', 'key']);
    checkThat('MaskedConv2d', 'kernelSize', kernelSize % 2 === 1, {
      expected: 'to be odd, so that there is a pixel in the middle',
      actual: String(kernelSize),
    });
    this.#option = option;
    this.#kernelSize = kernelSize;
    const middle = Math.floor(kernelSize ** 2 / 2);
    const lastSeen = option === 'A' ? middle - 1 : middle;
    const taps = Float32Array.from({ length: kernelSize ** 2 }, (_, tap) => (tap <= lastSeen ? 1 : 0));
    const mask = Float32Array.from(
      { length: taps.length * inputs * outputs },
      (_, index) => taps[Math.floor(index / (inputs * outputs))]!,
    );
    this.#convolution = this.child(
      'conv',
      new Conv2d({ inputs, outputs, kernelSize, padding: 'same', weight: maskedWeight(mask), key }),
    );
  }

  /** What a step needs of the pixels before the first one, `[n, reach, inputs]`: there are none. */
  windowBefore(n: number, width: number): ConvWindow {
    return { window: tf.zeros([n, Math.max(0, this.#seen(width) - 1), this.#convolution.inputs]) };
  }

  /**
   * The output for one pixel. Steps along an image, row by row, give what `apply` gives for all of it.
   * @param x - `[n, 1, 1, inputs]`: with option `A` the pixel before, with `B` this one
   * @param state - of the step before, or `windowBefore`
   */
  step(
    x: Tensor,
    { window }: ConvWindow,
    { width, column }: PixelPlace,
    call: CallOptions = {},
  ): Step<ConvWindow> {
    const { inputs, outputs, kernel, bias } = this.#convolution;
    const [n, taps, seen] = [x.shape[0]!, this.#taps(width), this.#seen(width)];
    return tf.tidy(() => {
      const pixels = tf.concat([window, tf.reshape(x, [n, 1, inputs])], 1);
      const state = { window: tf.slice(pixels, [0, 1, 0]) };
      const outputOf = (y: Tensor): Tensor =>
        tf.reshape(bias === undefined ? y : tf.add(y, bias), [n, 1, 1, outputs]);
      if (taps.length === 0) return { output: outputOf(tf.zeros([n, outputs])), state };
      const last = pixels.shape[1]! - 1;
      const places = taps.map((tap) => Math.min(last, tap.pixels + seen - (this.#option === 'A' ? 0 : 1)));
      const under = tf.gather(pixels, tf.tensor1d(places, 'int32'), 1);
      // The pixel a row above the first one's left neighbour is the last of the row before that.
      const isInside = tf.gather(insideByColumn(taps, width), column);
      const columns = tf.reshape(tf.mul(under, tf.expandDims(isInside, 2)), [n, taps.length * inputs]);
      const weights = 'value' in kernel ? kernel.value(call) : kernel;
      const ofTaps = tf.slice(tf.reshape(weights, [-1, outputs]), 0, taps.length * inputs);
      return { output: outputOf(tf.matMul(columns, ofTaps)), state };
    });
  }

  protected forward(x: Tensor, call: CallOptions): Tensor {
    return this.#convolution.apply(x, call);
  }

  /** How many pixels in a row, up to the newest that it sees, hold all that it sees. */
  #seen(width: number): number {
    const half = (this.#kernelSize - 1) / 2;
    return half * (width + 1) + (this.#option === 'A' ? 0 : 1);
  }

  #taps(width: number): readonly Tap[] {
    const half = (this.#kernelSize - 1) / 2;
    const middle = Math.floor(this.#kernelSize ** 2 / 2);
    return Array.from({ length: this.#option === 'A' ? middle : middle + 1 }, (_, tap) => {
      const [row, columns] = [Math.floor(tap / this.#kernelSize) - half, (tap % this.#kernelSize) - half];
      return { pixels: row * width + columns, columns };
    });
  }
}

/** For each column of an image whether each tap lies inside it: 0 or 1, `[width, taps]`. */
function insideByColumn(taps: readonly Tap[], width: number): Tensor {
  const isInside = (column: number): boolean => column >= 0 && column < width;
  const values = Array.from({ length: width }, (_, column) =>
    taps.map((tap) => Number(isInside(column + tap.columns))),
  );
  return tf.tensor2d(values, [width, taps.length]);
}
