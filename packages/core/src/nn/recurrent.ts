import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { checkInteger, checkOptions, checkShape } from '../check/check';
import { record } from '../construction/record';
import { BaseModule, type Module } from '../model/module';
import { sigmoid, tanh } from '../ops/activations';
import { unstack } from '../ops/unstack';
import { checkKey, type Key } from '../random/key';
import { sizeOf } from '../shape/shape';
import { uniformByFanIn } from './initial-values';
import { BaseLayer } from './layer';
import type { SequenceState, Step, StepLayer } from './step-layer';

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

export interface CellOptions {
  /** The size of an input. */
  readonly inputs: number;
  /** The number of hidden units. */
  readonly hidden: number;
  /** Randomness for the initial weights. */
  readonly key: Key;
}

/**
 * The base of cells whose gates are affine in the input and in the hidden units, with PyTorch's two biases and initial
 * values: all uniform on $\pm 1/\sqrt{\text{hidden}}$.
 */
export abstract class BaseCell<S extends RecurrentState> extends BaseModule implements RecurrentCell<S> {
  readonly inputs: number;
  readonly hidden: number;
  /** `[inputs, gates * hidden]` */
  readonly inputKernel: Variable;
  /** `[hidden, gates * hidden]` */
  readonly hiddenKernel: Variable;
  readonly inputBias: Variable;
  readonly hiddenBias: Variable;

  protected constructor(where: string, gates: number, { inputs, hidden, key, ...unknown }: CellOptions) {
    super();
    checkOptions(where, unknown, ['inputs', 'hidden', 'key']);
    checkKey(where, key);
    checkInteger(where, 'inputs', inputs);
    checkInteger(where, 'hidden', hidden);
    this.inputs = inputs;
    this.hidden = hidden;
    const make = (name: string, shape: readonly number[]): Variable =>
      this.parameter(name, uniformByFanIn(key.fold(name), shape, hidden));
    this.inputKernel = make('inputKernel', [inputs, gates * hidden]);
    this.hiddenKernel = make('hiddenKernel', [hidden, gates * hidden]);
    this.inputBias = make('inputBias', [gates * hidden]);
    this.hiddenBias = make('hiddenBias', [gates * hidden]);
  }

  abstract initialState(n: number): S;
  abstract advance(projected: Tensor, state: S): S;

  project(x: Tensor): Tensor {
    const lead = x.shape.slice(0, -1);
    const rows = tf.reshape(x, [sizeOf(lead), this.inputs]);
    const gates = tf.add(tf.matMul(rows, this.inputKernel), this.inputBias);
    return tf.reshape(gates, [...lead, this.inputBias.size]);
  }

  /** The part of the gates that comes from the hidden units. */
  protected recur(hidden: Tensor): Tensor {
    return tf.add(tf.matMul(hidden, this.hiddenKernel), this.hiddenBias);
  }
}

/** What a gated recurrent unit remembers, `[n, features]`. */
export type GruState = { readonly hidden: Tensor };

/**
 * A gated recurrent unit, as in PyTorch (whose reset gate acts after the product):
 *
 * $$r = \sigma(a_r + b_r),\quad z = \sigma(a_z + b_z),\quad c = \tanh(a_c + r \odot b_c),\quad
 *   h' = (1 - z) \odot c + z \odot h$$
 *
 * where a is affine in the input x and b in the hidden units h. Kernels hold the gates in the order r, z, c.
 * @see Learning Phrase Representations using RNN Encoder-Decoder (Cho et al., 2014)
 *
 * @example
 * ```ts
 * const cell = new GruCell({ inputs: 8, hidden: 32, key });
 * const network = new Recurrent(cell);
 * network.apply(tf.zeros([4, 10, 8])); // [4, 10, 32]
 * ```
 */
export class GruCell extends BaseCell<GruState> {
  constructor(options: CellOptions) {
    super('GruCell', 3, options);
    record(this, 'GruCell', arguments);
  }

  initialState(n: number): GruState {
    return { hidden: tf.zeros([n, this.hidden]) };
  }

  advance(projected: Tensor, { hidden }: GruState): GruState {
    const sizes = [2 * this.hidden, this.hidden];
    const [inputGates, inputCandidate] = tf.split(projected, sizes, 1);
    const [hiddenGates, hiddenCandidate] = tf.split(this.recur(hidden), sizes, 1);
    const [reset, update] = tf.split(sigmoid(tf.add(inputGates!, hiddenGates!)), 2, 1);
    const candidate = tanh(tf.add(inputCandidate!, tf.mul(reset!, hiddenCandidate!)));
    // (1 - z) c + z h with one product less.
    return { hidden: tf.add(candidate, tf.mul(update!, tf.sub(hidden, candidate))) };
  }
}

/** What a long short-term memory remembers, `[n, features]` each. */
export type LstmState = { readonly hidden: Tensor; readonly cell: Tensor };

/**
 * A long short-term memory, as in PyTorch:
 *
 * $$c' = \sigma(g_f) \odot c + \sigma(g_i) \odot \tanh(g_c),\quad h' = \sigma(g_o) \odot \tanh(c')$$
 *
 * with gates g that are affine in the input and in the hidden units. Kernels hold them in the order i, f, c, o.
 * @see Long Short-Term Memory (Hochreiter and Schmidhuber, 1997)
 *
 * @example
 * ```ts
 * const cell = new LstmCell({ inputs: 8, hidden: 32, key });
 * const network = new Recurrent(cell);
 * network.apply(tf.zeros([4, 10, 8])); // [4, 10, 32]
 * ```
 */
export class LstmCell extends BaseCell<LstmState> {
  constructor(options: CellOptions) {
    super('LstmCell', 4, options);
    record(this, 'LstmCell', arguments);
  }

  initialState(n: number): LstmState {
    return { hidden: tf.zeros([n, this.hidden]), cell: tf.zeros([n, this.hidden]) };
  }

  advance(projected: Tensor, { hidden, cell }: LstmState): LstmState {
    const gates = tf.add(projected, this.recur(hidden));
    const [input, forget, candidate, output] = tf.split(gates, 4, 1);
    const kept = tf.mul(sigmoid(forget!), cell);
    const next = tf.add(kept, tf.mul(sigmoid(input!), tanh(candidate!)));
    return { hidden: tf.mul(sigmoid(output!), tanh(next)), cell: next };
  }
}

/**
 * A recurrent cell along a sequence: maps `[n, length, inputs]` to the hidden units at each position,
 * `[n, length, hidden]`. It owns the cell.
 *
 * @example
 * ```ts
 * const layer = gru({ inputs: 8, hidden: 32, key: Key.of(0) });
 * const { outputs, state } = layer.run(tf.zeros([4, 10, 8])); // outputs: [4, 10, 32]
 * const next = layer.step(tf.zeros([4, 8]), state);
 * ```
 */
export class Recurrent<S extends RecurrentState> extends BaseLayer implements StepLayer<S> {
  readonly cell: RecurrentCell<S>;

  constructor(cell: RecurrentCell<S>) {
    super();
    record(this, 'Recurrent', arguments);
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
      for (const projected of unstack(this.cell.project(x), 1)) {
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

/**
 * A layer of gated recurrent units ({@link GruCell}) along a sequence.
 *
 * @example
 * ```ts
 * const network = gru({ inputs: 8, hidden: 32, key });
 * network.apply(tf.zeros([4, 10, 8])); // [4, 10, 32]
 * ```
 */
export function gru(options: CellOptions): Recurrent<GruState> {
  return record(new Recurrent(new GruCell(options)), 'gru', arguments);
}

/**
 * A layer of long short-term memory ({@link LstmCell}) along a sequence.
 *
 * @example
 * ```ts
 * const network = lstm({ inputs: 8, hidden: 32, key });
 * network.apply(tf.zeros([4, 10, 8])); // [4, 10, 32]
 * ```
 */
export function lstm(options: CellOptions): Recurrent<LstmState> {
  return record(new Recurrent(new LstmCell(options)), 'lstm', arguments);
}
