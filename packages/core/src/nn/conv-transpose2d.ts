import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../construction/record';
import { checkShape, checkThat } from '../check/check';
import { convolveTransposed } from './convolution';
import { BaseKernelLayer, type ConvolutionLayerOptions, CONVOLUTION_OPTIONS } from './kernel-layer';
import type { CallOptions } from './layer';
import {
  checkConvolution,
  geometryOf,
  perAxis,
  type PlaneOptions,
  type Padding,
  type PerAxis,
} from './padding';

export interface ConvTranspose2dOptions extends ConvolutionLayerOptions<PerAxis> {
  /** The factor by which images grow. Stride and dilation cannot both be above 1. @defaultValue 1 */
  readonly stride?: PerAxis;
  /**
   * That of the convolution whose transpose this is. `same`: the output is `stride` times as large as the input;
   * `valid`: `(size - 1) * stride + dilation * (kernelSize - 1) + 1`; a number: twice that number less.
   * @defaultValue 'valid'
   */
  readonly padding?: Exclude<Padding, 'causal'>;
  /** Rows and columns to add at the end, below `stride`. Not for `same`. @defaultValue 0 */
  readonly outputPadding?: PerAxis;
}

/**
 * The transpose of a convolution: maps images `[n, height, width, inputs]` to larger ones, with a kernel
 * `[height, width, outputs, inputs]`.
 *
 * Initial values are PyTorch's, which counts the outputs here: uniform on
 * $\pm 1/\sqrt{\text{height} \cdot \text{width} \cdot \text{outputs}}$. Gradients are right at every order.
 *
 * @example
 * ```ts
 * const layer = new ConvTranspose2d({ inputs: 16, outputs: 8, kernelSize: 4, stride: 2, padding: 'same', key });
 * layer.apply(tf.zeros([4, 4, 4, 16])); // [4, 8, 8, 8]
 * ```
 */
export class ConvTranspose2d extends BaseKernelLayer {
  readonly inputs: number;
  readonly outputs: number;
  readonly #kernelSize: readonly [number, number];
  readonly #options: PlaneOptions;
  readonly #outputPadding: readonly [number, number];

  constructor({
    inputs,
    outputs,
    kernelSize,
    stride = 1,
    dilation = 1,
    padding = 'valid',
    outputPadding = 0,
    ...kernelOptions
  }: ConvTranspose2dOptions) {
    const [height, width] = perAxis(kernelSize);
    const options = { strides: perAxis(stride), dilations: perAxis(dilation), padding };
    checkConvolution('ConvTranspose2d', { inputs, outputs, kernel: [height, width] }, options);
    checkOutputPadding(perAxis(outputPadding), options);
    super(
      'ConvTranspose2d',
      {
        options: [...CONVOLUTION_OPTIONS, 'outputPadding'],
        shape: [height, width, outputs, inputs],
        fanIn: height * width * outputs,
        outputAxis: 2,
      },
      kernelOptions,
    );
    record(this, 'ConvTranspose2d', arguments);
    this.inputs = inputs;
    this.outputs = outputs;
    this.#kernelSize = [height, width];
    this.#options = options;
    this.#outputPadding = perAxis(outputPadding);
  }

  protected override validate(x: Tensor): void {
    checkShape('ConvTranspose2d.apply', 'x', x, ['n', 'height', 'width', this.inputs]);
  }

  protected forward(x: Tensor, call: CallOptions): Tensor {
    const plane = [this.#outputSize(x, 0), this.#outputSize(x, 1)] as const;
    const geometry = geometryOf(plane, this.#kernelSize, this.#options);
    return this.addBias(convolveTransposed(x, this.kernelValue(call), geometry, plane));
  }

  #outputSize(x: Tensor, axis: 0 | 1): number {
    const { strides, dilations, padding } = this.#options;
    const size = x.shape[axis + 1]!;
    if (padding === 'same') return size * strides[axis];
    const full = (size - 1) * strides[axis] + dilations[axis] * (this.#kernelSize[axis] - 1) + 1;
    return full - (typeof padding === 'number' ? 2 * padding : 0) + this.#outputPadding[axis];
  }
}

function checkOutputPadding(outputPadding: readonly number[], { strides, padding }: PlaneOptions): void {
  const allowed = outputPadding.every(
    (zeros, axis) =>
      Number.isInteger(zeros) && zeros >= 0 && zeros < (padding === 'same' ? 1 : strides[axis]!),
  );
  checkThat('ConvTranspose2d', 'outputPadding', allowed, {
    expected:
      padding === 'same' ? 'to be 0 with the padding "same"' : 'to hold integers from 0 to stride - 1',
    actual: `[${outputPadding.join(', ')}]`,
  });
}
