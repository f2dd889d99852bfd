import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Module } from '../model/module';
import { BaseModule } from '../model/module';
import type { Key } from '../random/key';

/** Options of one call of a layer or of a conditional distribution. Training is a property of a call, not of a layer. */
export interface CallOptions {
  /** @defaultValue false */
  readonly training?: boolean;
  /** Randomness for layers that need it, such as dropout. */
  readonly key?: Key;
  /** The condition, `[n, contextSize]`, for layers that take one. */
  readonly context?: Tensor;
}

/** A module that maps a tensor to a tensor. */
export interface Layer extends Module {
  /** The layer's output, which the caller owns; `x` is borrowed. */
  apply(x: Tensor, call?: CallOptions): Tensor;
}

/**
 * The base of layers. An author writes `forward`, which *is* the layer's equation, and may write `validate`,
 * which sees the static shape and throws a `ShapeError`.
 */
export abstract class BaseLayer extends BaseModule implements Layer {
  apply(x: Tensor, call: CallOptions = {}): Tensor {
    this.validate(x);
    return tf.tidy(() => {
      const y = this.forward(x, call);
      // What is returned belongs to the caller, so it cannot be the borrowed input itself.
      return y === x ? tf.clone(y) : y;
    });
  }

  protected abstract forward(x: Tensor, call: CallOptions): Tensor;

  protected validate(_x: Tensor): void {}
}

/** The call options for a child layer: the same, with a key of its own. */
export function childCall<C extends { readonly key?: Key }>(call: C, child: string | number): C {
  return call.key === undefined ? call : { ...call, key: call.key.fold(child) };
}
