import type { Tensor } from '@tensorflow/tfjs-core';
import { BaseModule, type Module } from '../model/module';
import type { Key } from '../random/key';
import type { CallOptions } from './layer';

/** A kernel that is a function of variables: weight normalization, spectral normalization, a mask. */
export interface Weight extends Module {
  /** The kernel of this call, for use within a tidy. */
  value(call: CallOptions): Tensor;
}

/** What a parametrization has to know about the kernel that it stands for. */
export interface WeightLayout {
  /** The axis of the kernel that counts the layer's outputs. */
  readonly outputAxis: number;
  /** Randomness for state of its own. */
  readonly key: Key;
}

/**
 * Makes the weight of a layer out of the kernel's initial value, which it takes over (also when it throws).
 * Dense and convolutional layers take one as their option `weight`.
 */
export type Parametrization = (initial: Tensor, layout: WeightLayout) => Weight;

/** The base of weights: an author makes the variables in the constructor and writes `value`. */
export abstract class BaseWeight extends BaseModule implements Weight {
  abstract value(call: CallOptions): Tensor;
}
