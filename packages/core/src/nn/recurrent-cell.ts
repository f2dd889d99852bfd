import type { Tensor } from '@tensorflow/tfjs-core';
import type { Module } from '../model/module';
import type { SequenceState } from './step-layer';

/** The state of a recurrent cell; `hidden`, `[n, hidden]`, is its output. */
export type RecurrentState = SequenceState & { readonly hidden: Tensor };

/**
 * What a recurrent layer repeats. The part of the gates that comes from the input is apart from the rest, so that a
 * layer computes it for all positions in one product.
 *
 * Methods are for use within a tidy: they leave intermediate tensors to it.
 */
export interface RecurrentCell<S extends RecurrentState> extends Module {
  readonly inputs: number;
  readonly hidden: number;
  initialState(n: number): S;
  /** The part of the gates that comes from the input: `[..., inputs]` to `[..., gates]`. */
  project(x: Tensor): Tensor;
  /** The state after a position whose projected input is `projected`, `[n, gates]`. */
  advance(projected: Tensor, state: S): S;
}
