import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkShape } from '../check/check';
import { record } from '../construction/record';
import { convolve, type ConvolutionGeometry } from './convolution';
import { BaseKernelLayer, type ConvolutionLayerOptions, CONVOLUTION_OPTIONS } from './kernel-layer';
import type { CallOptions } from './layer';
import { checkConvolution, checkKernelFits, zerosAround, type Padding } from './padding';

export interface Conv1dOptions extends ConvolutionLayerOptions<number> {
  /** With `causal`, output t depends on the inputs 0 to t only. @defaultValue 'valid' */
  readonly padding?: Padding;
}

/**
 * A convolution of sequences `[n, length, inputs]`, with a kernel `[width, inputs, outputs]`:
 * $y_{to} = b_o + \sum_{ac} K_{aco}\, x_{s t + d a - p,\, c}$ for stride s, dilation d and padding p.
 *
 * With `causal` padding $p = d (\text{width} - 1)$: output t sees its own position and those before it (option B of DGM
 * Listing 2.1; option A, which leaves out the position itself, is the same layer on a sequence shifted by one).
 * Initial values are PyTorch's: uniform on $\pm 1/\sqrt{\text{width} \cdot \text{inputs}}$.
 *
 * @example
 * ```ts
 * const layer = new Conv1d({ inputs: 8, outputs: 16, kernelSize: 3, padding: 'same', key });
 * layer.apply(tf.zeros([4, 10, 8])); // [4, 10, 16]
 * ```
 */
export class Conv1d extends BaseKernelLayer {
  readonly inputs: number;
  readonly outputs: number;
  readonly #kernelSize: number;
  readonly #stride: number;
  readonly #dilation: number;
  readonly #padding: Padding;

  constructor({
    inputs,
    outputs,
    kernelSize,
    stride = 1,
    dilation = 1,
    padding = 'valid',
    ...options
  }: Conv1dOptions) {
    checkConvolution(
      'Conv1d',
      { inputs, outputs, kernel: [kernelSize] },
      { strides: [stride], dilations: [dilation], padding },
    );
    super(
      'Conv1d',
      { options: CONVOLUTION_OPTIONS, shape: [kernelSize, inputs, outputs], fanIn: kernelSize * inputs },
      options,
    );
    record(this, 'Conv1d', arguments);
    this.inputs = inputs;
    this.outputs = outputs;
    this.#kernelSize = kernelSize;
    this.#stride = stride;
    this.#dilation = dilation;
    this.#padding = padding;
  }

  protected override validate(x: Tensor): void {
    checkShape('Conv1d.apply', 'x', x, ['n', 'length', this.inputs]);
    checkKernelFits('Conv1d.apply', x, [this.#kernelSize], {
      dilations: [this.#dilation],
      padding: [this.#zeros(x)],
    });
  }

  protected forward(x: Tensor, call: CallOptions): Tensor {
    // A sequence is an image of height 1.
    const rows = tf.expandDims(x, 1);
    const kernel = tf.expandDims(this.kernelValue(call), 0);
    return this.addBias(tf.squeeze(convolve(rows, kernel, this.#geometry(x)), [1]));
  }

  #geometry(x: Tensor): ConvolutionGeometry {
    return {
      strides: [1, this.#stride],
      dilations: [1, this.#dilation],
      padding: [[0, 0], this.#zeros(x)],
    };
  }

  #zeros(x: Tensor): readonly [number, number] {
    return zerosAround(this.#padding, {
      size: x.shape[1]!,
      kernel: this.#kernelSize,
      stride: this.#stride,
      dilation: this.#dilation,
    });
  }
}
