import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { checkOneOf, checkOptions } from '../check/check';
import { checkKey, type Key } from '../random/key';
import type { Shape } from '../shape/shape';
import { uniformByFanIn } from './initial-values';
import { BaseLayer, type CallOptions } from './layer';
import type { Parametrization, Weight } from './weight';

/** The options that dense and convolutional layers share. */
export interface KernelOptions {
  /** Randomness for the initial weights. */
  readonly key: Key;
  /** Whether there is a bias. @defaultValue true */
  readonly bias?: boolean;
  /**
   * Initial values of kernel and bias: `'uniform'`, PyTorch's, or `'zero'`, for the last layer of a branch that starts
   * as nothing. @defaultValue 'uniform'
   */
  readonly initial?: 'uniform' | 'zero';
  /** What the kernel is computed from. @defaultValue a plain variable */
  readonly weight?: Parametrization;
}

/** The options that convolutions share; a `Size` is a number, or one for each axis. */
export interface ConvolutionLayerOptions<Size> extends KernelOptions {
  /** Channels of the input. */
  readonly inputs: number;
  /** Channels of the output. */
  readonly outputs: number;
  readonly kernelSize: Size;
  /** Stride and dilation cannot both be above 1. @defaultValue 1 */
  readonly stride?: Size;
  /** Distance between the taps of the kernel. @defaultValue 1 */
  readonly dilation?: Size;
}

interface KernelSpecification {
  /** The names of the layer's own options. */
  readonly options: readonly string[];
  readonly shape: Shape;
  /** The number of inputs that one output sums over; it sets the scale of the initial values. */
  readonly fanIn: number;
  /** The axis of the kernel that counts outputs. @defaultValue the last axis */
  readonly outputAxis?: number;
}

/** The names of {@link ConvolutionLayerOptions} that are not options of every kernel, and `padding`. */
export const CONVOLUTION_OPTIONS = ['inputs', 'outputs', 'kernelSize', 'stride', 'dilation', 'padding'];

/** The base of layers that apply a kernel, and then add a bias to each output. */
export abstract class BaseKernelLayer extends BaseLayer {
  /** A variable, or the weight that the option `weight` made. */
  readonly kernel: Variable | Weight;
  readonly bias: Variable | undefined;

  protected constructor(
    where: string,
    { options, shape, fanIn, outputAxis = shape.length - 1 }: KernelSpecification,
    kernelOptions: KernelOptions,
  ) {
    super();
    checkOptions(where, kernelOptions, [...options, 'key', 'bias', 'initial', 'weight']);
    const { key, bias = true, initial = 'uniform', weight } = kernelOptions;
    checkKey(where, key);
    checkOneOf(where, 'initial', initial, ['uniform', 'zero']);
    const start = (name: string, shape: Shape): Tensor =>
      initial === 'zero' ? tf.zeros([...shape]) : uniformByFanIn(key.fold(name), shape, fanIn);
    this.kernel =
      weight === undefined
        ? this.parameter('kernel', start('kernel', shape))
        : this.child('kernel', weight(start('kernel', shape), { outputAxis, key: key.fold('weight') }));
    this.bias = bias ? this.parameter('bias', start('bias', [shape[outputAxis]!])) : undefined;
  }

  /** The kernel of this call. */
  protected kernelValue(call: CallOptions): Tensor {
    return 'value' in this.kernel ? this.kernel.value(call) : this.kernel;
  }

  protected addBias(y: Tensor): Tensor {
    return this.bias === undefined ? y : tf.add(y, this.bias);
  }
}
