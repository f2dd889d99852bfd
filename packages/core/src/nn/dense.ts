import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { Key } from '../random/key';
import { leadingShape, sizeOf } from '../shape/shape';
import { checkPositiveInteger } from './checks';
import { uniformByFanIn } from './initial-values';
import { BaseLayer, type CallContext } from './layer';
import { kernelValue, type Kernel, type Parametrization } from './weight';

export interface DenseOptions {
  readonly inputs: number;
  readonly outputs: number;
  /** Randomness for the initial weights. */
  readonly key: Key;
  /** Whether there is a bias; yes unless told otherwise. */
  readonly bias?: boolean;
  /** What the kernel is made of; a plain variable unless told otherwise. */
  readonly weight?: Parametrization;
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
export class Dense extends BaseLayer {
  readonly inputs: number;
  readonly outputs: number;
  readonly kernel: Kernel;
  readonly bias: Variable | undefined;

  constructor({ inputs, outputs, key, bias = true, weight }: DenseOptions) {
    super();
    checkPositiveInteger('Dense', 'inputs', inputs);
    checkPositiveInteger('Dense', 'outputs', outputs);
    this.inputs = inputs;
    this.outputs = outputs;
    const initial = uniformByFanIn(key.fold('kernel'), [inputs, outputs], inputs);
    this.kernel =
      weight === undefined
        ? this.parameter('kernel', initial)
        : this.child('kernel', weight(initial, { outputAxis: 1, key: key.fold('weight') }));
    this.bias = bias
      ? this.parameter('bias', uniformByFanIn(key.fold('bias'), [outputs], inputs))
      : undefined;
  }

  protected override validate(x: Tensor): void {
    leadingShape(x.shape, [this.inputs], 'Dense.apply', 'x');
  }

  protected forward(x: Tensor, context: CallContext): Tensor {
    const lead = x.shape.slice(0, -1);
    const rows = x.rank === 2 ? x : tf.reshape(x, [sizeOf(lead), this.inputs]);
    const product = tf.matMul(rows, kernelValue(this.kernel, context));
    const y = this.bias === undefined ? product : tf.add(product, this.bias);
    return x.rank === 2 ? y : tf.reshape(y, [...lead, this.outputs]);
  }
}
