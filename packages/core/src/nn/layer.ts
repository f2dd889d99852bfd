import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, TensorContainer } from '@tensorflow/tfjs-core';
import type { Module } from '../model/module';
import { BaseModule } from '../model/module';
import type { Key } from '../random/key';
import type { Shape } from '../shape/shape';

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
      shapes?.set(this, y.shape);
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

/** Where the output shapes of layers are noted, while {@link outputShapes} runs. */
let shapes: Map<Module, Shape> | undefined;

/**
 * The shapes of the outputs of all layers that a call runs, for {@link summary}. A layer that runs more than once has that of
 * the last time.
 *
 * @example
 * ```ts
 * console.log(summary(model, { outputs: outputShapes(() => model.logProb(x)) }));
 * ```
 */
export function outputShapes(run: () => TensorContainer): ReadonlyMap<Module, Shape> {
  const outer = shapes;
  const own = new Map<Module, Shape>();
  shapes = own;
  try {
    tf.tidy(() => void run());
  } finally {
    shapes = outer;
  }
  return own;
}
