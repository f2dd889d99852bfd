import type { Tensor } from '@tensorflow/tfjs-core';
import { checkShape } from '../check/check';
import { record } from '../construction/record';
import { convolve, type ConvolutionGeometry } from './convolution';
import {
  checkConvolution,
  checkKernelFits,
  geometryOf,
  perAxis,
  type PlaneOptions,
  type Padding,
  type PerAxis,
} from './padding';
import { BaseKernelLayer, type ConvolutionLayerOptions, CONVOLUTION_OPTIONS } from './kernel-layer';
import type { CallOptions } from './layer';

export interface Conv2dOptions extends ConvolutionLayerOptions<PerAxis> {
  /** @defaultValue 'valid' */
  readonly padding?: Exclude<Padding, 'causal'>;
}

/**
 * A convolution of images `[n, height, width, inputs]`, with a kernel `[height, width, inputs, outputs]`:
 * $y_{ijo} = b_o + \sum_{abc} K_{abco}\, x_{s i + d a - p,\, s j + d b - p,\, c}$ for stride s, dilation d and padding p.
 *
 * Initial values are PyTorch's: uniform on $\pm 1/\sqrt{\text{height} \cdot \text{width} \cdot \text{inputs}}$.
 * Gradients are right at every order.
 *
 * @example
 * ```ts
 * const layer = new Conv2d({ inputs: 1, outputs: 16, kernelSize: 3, stride: 2, padding: 'same', key });
 * layer.apply(tf.zeros([4, 8, 8, 1])); // [4, 4, 4, 16]
 * ```
 */
export class Conv2d extends BaseKernelLayer {
  readonly inputs: number;
  readonly outputs: number;
  readonly #kernelSize: readonly [number, number];
  readonly #options: PlaneOptions;

  constructor({
    inputs,
    outputs,
    kernelSize,
    stride = 1,
    dilation = 1,
    padding = 'valid',
    ...kernelOptions
  }: Conv2dOptions) {
    const [height, width] = perAxis(kernelSize);
    const options = { strides: perAxis(stride), dilations: perAxis(dilation), padding };
    checkConvolution('Conv2d', { inputs, outputs, kernel: [height, width] }, options);
    super(
      'Conv2d',
      {
        options: CONVOLUTION_OPTIONS,
        shape: [height, width, inputs, outputs],
        fanIn: height * width * inputs,
      },
      kernelOptions,
    );
    record(this, 'Conv2d', arguments);
    this.inputs = inputs;
    this.outputs = outputs;
    this.#kernelSize = [height, width];
    this.#options = options;
  }

  protected override validate(x: Tensor): void {
    checkShape('Conv2d.apply', 'x', x, ['n', 'height', 'width', this.inputs]);
    checkKernelFits('Conv2d.apply', x, this.#kernelSize, this.#geometry(x));
  }

  protected forward(x: Tensor, call: CallOptions): Tensor {
    return this.addBias(convolve(x, this.kernelValue(call), this.#geometry(x)));
  }

  #geometry(x: Tensor): ConvolutionGeometry {
    return geometryOf([x.shape[1]!, x.shape[2]!], this.#kernelSize, this.#options);
  }
}
