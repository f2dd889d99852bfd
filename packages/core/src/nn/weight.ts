import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { BaseModule, type Module } from '../model/module';
import type { Key } from '../random/key';
import type { CallContext } from './layer';

/**
 * Where a layer's kernel comes from: a variable as it is, or a function of variables (weight normalization, spectral
 * normalization, a mask).
 */
export interface Weight extends Module {
  /** The kernel of this call. The caller owns it. */
  value(context: CallContext): Tensor;
}

/** What a parametrization has to know about the kernel that it stands for. */
export interface WeightLayout {
  /** The axis of the kernel that counts the layer's outputs. */
  readonly outputAxis: number;
  /** Randomness for state of its own. */
  readonly key: Key;
}

/**
 * Makes the weight of a layer out of the kernel's initial value, which it takes over.
 * Layers take one as their option `weight`.
 */
export type Parametrization = (initial: Tensor, layout: WeightLayout) => Weight;

/** What a layer holds as its kernel: a variable under its own path, or a weight made of several. */
export type Kernel = Variable | Weight;

/** The kernel's value in this call, for use within a tidy. */
export function kernelValue(kernel: Kernel, context: CallContext): Tensor {
  return 'value' in kernel ? kernel.value(context) : kernel;
}

/** The base of weights: an author makes the variables in the constructor and writes `value`. */
export abstract class BaseWeight extends BaseModule implements Weight {
  abstract value(context: CallContext): Tensor;
}
