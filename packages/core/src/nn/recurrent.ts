import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { CellOptions } from './base-cell';
import { checkShape } from '../check/check';
import { GruCell, type GruState } from './gru-cell';
import { BaseLayer } from './layer';
import { LstmCell, type LstmState } from './lstm-cell';
import type { RecurrentCell, RecurrentState } from './recurrent-cell';
import type { Step, StepLayer } from './step-layer';

/**
 * A recurrent cell along a sequence: maps `[n, length, inputs]` to the hidden units at each position,
 * `[n, length, hidden]`. It owns the cell.
 *
 * @example
 * ```ts
 * const layer = gru({ inputs: 8, hidden: 32, key: Key.of(0) });
 * const { outputs, state } = layer.run(x);          // x: [n, length, 8]
 * const next = layer.step(x1, state);               // x1: [n, 8]
 * ```
 */
export class Recurrent<S extends RecurrentState> extends BaseLayer implements StepLayer<S> {
  readonly cell: RecurrentCell<S>;

  constructor(cell: RecurrentCell<S>) {
    super();
    this.cell = this.child('cell', cell);
  }

  initialState(n: number): S {
    return this.cell.initialState(n);
  }

  /**
   * The outputs at all positions, and the state after the last one.
   * @param x - `[n, length, inputs]`
   * @param state - where to start, zeros by default; borrowed
   * @returns outputs `[n, length, hidden]`; the caller owns all tensors
   */
  run(x: Tensor, state?: S): { readonly outputs: Tensor; readonly state: S } {
    this.validate(x);
    return tf.tidy(() => {
      const visited: Tensor[] = [];
      let current = state ?? this.cell.initialState(x.shape[0]!);
      for (const projected of tf.unstack(this.cell.project(x), 1)) {
        current = this.cell.advance(projected, current);
        visited.push(current.hidden);
      }
      return { outputs: tf.stack(visited, 1), state: current };
    });
  }

  step(x: Tensor, state: S): Step<S> {
    checkShape('Recurrent.step', 'x', x, ['n', this.cell.inputs]);
    return tf.tidy(() => {
      const next = this.cell.advance(this.cell.project(x), state);
      // A tensor of its own, so that freeing the output leaves the state alone.
      return { output: tf.clone(next.hidden), state: next };
    });
  }

  protected override validate(x: Tensor): void {
    checkShape('Recurrent.apply', 'x', x, ['n', 'length', this.cell.inputs]);
  }

  protected forward(x: Tensor): Tensor {
    return this.run(x).outputs;
  }
}

/** A layer of gated recurrent units ({@link GruCell}) along a sequence. */
export function gru(options: CellOptions): Recurrent<GruState> {
  return new Recurrent(new GruCell(options));
}

/** A layer of long short-term memory ({@link LstmCell}) along a sequence. */
export function lstm(options: CellOptions): Recurrent<LstmState> {
  return new Recurrent(new LstmCell(options));
}
