import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../construction/record';
import { leadingShape, sizeOf } from '../shape/shape';
import { checkInteger } from '../check/check';
import { BaseKernelLayer, type KernelOptions } from './kernel-layer';
import type { CallOptions } from './layer';

export interface DenseOptions extends KernelOptions {
  readonly inputs: number;
  readonly outputs: number;
}

/**
 * An affine map of the last axis: $y = x K + b$, with $K$ of shape `[inputs, outputs]`.
 *
 * Initial values are PyTorch's: $K$ and $b$ uniform on $\pm 1/\sqrt{\text{inputs}}$.
 * A rank above two is flattened for the product, so that each pass is one matrix product and one sum.
 *
 * @example
 * ```ts
 * const layer = new Dense({ inputs: 64, outputs: 32, key: Key.of(0) });
 * const y = layer.apply(x); // [..., 64] to [..., 32]
 * ```
 */
export class Dense extends BaseKernelLayer {
  readonly inputs: number;
  readonly outputs: number;

  constructor({ inputs, outputs, ...options }: DenseOptions) {
    checkInteger('Dense', 'inputs', inputs);
    checkInteger('Dense', 'outputs', outputs);
    super('Dense', { options: ['inputs', 'outputs'], shape: [inputs, outputs], fanIn: inputs }, options);
    record(this, 'Dense', arguments);
    this.inputs = inputs;
    this.outputs = outputs;
  }

  protected override validate(x: Tensor): void {
    leadingShape(x.shape, [this.inputs], 'Dense.apply', 'x');
  }

  protected forward(x: Tensor, call: CallOptions): Tensor {
    const lead = x.shape.slice(0, -1);
    const rows = x.rank === 2 ? x : tf.reshape(x, [sizeOf(lead), this.inputs]);
    const y = this.addBias(tf.matMul(rows, this.kernelValue(call)));
    return x.rank === 2 ? y : tf.reshape(y, [...lead, this.outputs]);
  }
}
