import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { Key } from '../random/key';
import type { Shape } from '../shape/shape';
import { uniformByFanIn } from './initial-values';
import { BaseLayer, type CallOptions } from './layer';
import type { Parametrization, Weight } from './weight';

/** The options that dense and convolutional layers share. */
export interface KernelOptions {
  /** Randomness for the initial weights. */
  readonly key: Key;
  /** Whether there is a bias; yes unless told otherwise. */
  readonly bias?: boolean;
  /** What the kernel is made of; a plain variable unless told otherwise. */
  readonly weight?: Parametrization;
}

/** The options that convolutions share; a `Size` is a number, or one for each axis. */
export interface ConvolutionLayerOptions<Size> extends KernelOptions {
  /** Channels of the input. */
  readonly inputs: number;
  /** Channels of the output. */
  readonly outputs: number;
  readonly kernelSize: Size;
  /** 1 unless given. Stride and dilation cannot both be above 1. */
  readonly stride?: Size;
  /** Distance between the taps of the kernel; 1 unless given. */
  readonly dilation?: Size;
}

interface KernelSpecification {
  readonly shape: Shape;
  /** The number of inputs that one output sums over; it sets the scale of the initial values. */
  readonly fanIn: number;
  /** The axis of the kernel that counts outputs; the last unless given. */
  readonly outputAxis?: number;
}

/** The base of layers that apply a kernel, and then add a bias to each output. */
export abstract class BaseKernelLayer extends BaseLayer {
  /** A variable, or the weight that the option `weight` made. */
  readonly kernel: Variable | Weight;
  readonly bias: Variable | undefined;

  protected constructor(specification: KernelSpecification, { key, bias = true, weight }: KernelOptions) {
    super();
    const { shape, fanIn, outputAxis = shape.length - 1 } = specification;
    const initial = uniformByFanIn(key.fold('kernel'), shape, fanIn);
    this.kernel =
      weight === undefined
        ? this.parameter('kernel', initial)
        : this.child('kernel', weight(initial, { outputAxis, key: key.fold('weight') }));
    this.bias = bias
      ? this.parameter('bias', uniformByFanIn(key.fold('bias'), [shape[outputAxis]!], fanIn))
      : undefined;
  }

  /** The kernel of this call. */
  protected kernelValue(call: CallOptions): Tensor {
    return 'value' in this.kernel ? this.kernel.value(call) : this.kernel;
  }

  protected addBias(y: Tensor): Tensor {
    return this.bias === undefined ? y : tf.add(y, this.bias);
  }
}
