import type { Tensor, TensorContainerObject } from '@tensorflow/tfjs-core';
import type { CallOptions, Layer } from './layer';

/** What a layer remembers of the positions it has seen: tensors by name. */
export type SequenceState = TensorContainerObject & Readonly<Record<string, Tensor>>;

/** How a layer remembers. */
export interface StateOptions {
  /**
   * Room for so many positions, before the first of which nothing was seen: the state then keeps its shapes from step to step, so
   * that one step can be recorded and run again, and what is further back is forgotten. Unless given, the state of a layer that
   * remembers every position grows.
   */
  readonly capacity?: number;
}

/** One step: the output `[n, outputs]` and the state after it. The caller owns both. */
export interface Step<S extends SequenceState> {
  readonly output: Tensor;
  readonly state: S;
}

/**
 * A causal layer over sequences `[n, length, inputs]` that can also take one position at a time, which is what
 * autoregressive sampling wants: `step` along a sequence gives what `apply` gives for all of it.
 */
export interface StepLayer<S extends SequenceState = SequenceState> extends Layer {
  /** The state before the first position of `n` sequences. The caller owns it. */
  initialState(n: number, options?: StateOptions): S;
  /**
   * The output at one more position.
   * @param x - `[n, inputs]`
   * @param state - from `initialState` or the last step; borrowed
   */
  step(x: Tensor, state: S, call?: CallOptions): Step<S>;
}
