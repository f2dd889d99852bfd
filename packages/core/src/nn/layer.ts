import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Module } from '../model/module';
import { BaseModule } from '../model/module';
import type { Key } from '../random/key';

/** What a layer is told about the call. Training is a property of a call, not of a layer. */
export interface CallContext {
  readonly training?: boolean;
  /** Randomness for layers that want some (dropout). */
  readonly key?: Key;
}

/** A module that maps a tensor to a tensor. */
export interface Layer extends Module {
  /** The layer's output, which the caller owns; `x` is borrowed. */
  apply(x: Tensor, context?: CallContext): Tensor;
}

/**
 * The base of layers. An author writes `forward`, which *is* the layer's equation, and may write `validate`,
 * which sees the static shape and throws a `ShapeError`.
 */
export abstract class BaseLayer extends BaseModule implements Layer {
  apply(x: Tensor, context: CallContext = {}): Tensor {
    this.validate(x);
    return tf.tidy(() => {
      const y = this.forward(x, context);
      // What is returned belongs to the caller, so it cannot be the borrowed input itself.
      return y === x ? tf.clone(y) : y;
    });
  }

  protected abstract forward(x: Tensor, context: CallContext): Tensor;

  protected validate(_x: Tensor): void {}
}

/** The context for a child of a layer: the same but for the key, of which every child gets its own. */
export function contextOfChild(context: CallContext, child: string | number): CallContext {
  return context.key === undefined ? context : { ...context, key: context.key.fold(child) };
}
