import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { checkInteger, checkOptions, checkShape } from '../check/check';
import { record } from '../construction/record';
import { BaseModule, type Module } from '../model/module';
import { sigmoid, tanh } from '../ops/activations';
import { withGradient } from '../ops/differentiable';
import { checkKey, type Key } from '../random/key';
import { uniformByFanIn } from './initial-values';
import { BaseLayer } from './layer';
import type { SequenceState, Step, StepLayer } from './step-layer';

/** The state of a recurrent cell; `hidden`, `[n, hidden]`, is its output. */
export type RecurrentState = SequenceState & { readonly hidden: Tensor };

/** The weights of one gate of a cell: its columns of the cell's. */
export interface GateWeights {
  /** `[inputs, hidden]` */
  readonly inputKernel: Tensor;
  /** `[hidden, hidden]` */
  readonly hiddenKernel: Tensor;
  /** `[hidden]` */
  readonly inputBias: Tensor;
  /** `[hidden]` */
  readonly hiddenBias: Tensor;
}

/**
 * What a recurrent layer repeats. The part of the gates that comes from the input is apart from the rest, so that a
 * layer computes it for all positions in one product.
 *
 * Gates are matrices of their own: as columns of one matrix they would be copied out of it at each position, and their gradients
 * back into it.
 *
 * Methods are for use within a tidy: they leave intermediate tensors to it.
 */
export interface RecurrentCell<S extends RecurrentState> extends Module {
  readonly inputs: number;
  readonly hidden: number;
  initialState(n: number): S;
  /** The weights by gate, which serve all positions. */
  gates(): readonly GateWeights[];
  /** The part of each gate that comes from the input: `[rows, inputs]` to as often `[rows, hidden]`. */
  project(x: Tensor, gates: readonly GateWeights[]): Tensor[];
  /** The state after a position whose projected input is `projected`, `[n, hidden]` for each gate. */
  advance(projected: readonly Tensor[], state: S, gates: readonly GateWeights[]): S;
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
  readonly #gates: number;

  protected constructor(where: string, gates: number, { inputs, hidden, key, ...unknown }: CellOptions) {
    super();
    checkOptions(where, unknown, ['inputs', 'hidden', 'key']);
    checkKey(where, key);
    checkInteger(where, 'inputs', inputs);
    checkInteger(where, 'hidden', hidden);
    this.inputs = inputs;
    this.hidden = hidden;
    this.#gates = gates;
    const make = (name: string, shape: readonly number[]): Variable =>
      this.parameter(name, uniformByFanIn(key.fold(name), shape, hidden));
    this.inputKernel = make('inputKernel', [inputs, gates * hidden]);
    this.hiddenKernel = make('hiddenKernel', [hidden, gates * hidden]);
    this.inputBias = make('inputBias', [gates * hidden]);
    this.hiddenBias = make('hiddenBias', [gates * hidden]);
  }

  abstract initialState(n: number): S;
  abstract project(x: Tensor, gates: readonly GateWeights[]): Tensor[];
  abstract advance(projected: readonly Tensor[], state: S, gates: readonly GateWeights[]): S;

  gates(): readonly GateWeights[] {
    const byGate = (weights: Variable): Tensor[] => tf.split(weights, this.#gates, -1);
    const [inputKernels, hiddenKernels] = [byGate(this.inputKernel), byGate(this.hiddenKernel)];
    const [inputBiases, hiddenBiases] = [byGate(this.inputBias), byGate(this.hiddenBias)];
    return inputKernels.map((inputKernel, gate) => ({
      inputKernel,
      hiddenKernel: hiddenKernels[gate]!,
      inputBias: inputBiases[gate]!,
      hiddenBias: hiddenBiases[gate]!,
    }));
  }
}

/** The input's part of a gate that adds the hidden units' part: with both biases, so that neither is added at each position. */
function withBiases(x: Tensor, { inputKernel, inputBias, hiddenBias }: GateWeights): Tensor {
  return tf.add(tf.matMul(x, inputKernel), tf.add(inputBias, hiddenBias));
}

/** A gate before its nonlinearity. */
function preactivation(projected: Tensor, hidden: Tensor, { hiddenKernel }: GateWeights): Tensor {
  return tf.add(tf.matMul(hidden, hiddenKernel), projected);
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

  project(x: Tensor, [reset, update, candidate]: readonly GateWeights[]): Tensor[] {
    const { inputKernel, inputBias } = candidate!;
    return [withBiases(x, reset!), withBiases(x, update!), tf.add(tf.matMul(x, inputKernel), inputBias)];
  }

  advance(projected: readonly Tensor[], { hidden }: GruState, gates: readonly GateWeights[]): GruState {
    const [reset, update] = [0, 1].map((gate) => preactivation(projected[gate]!, hidden, gates[gate]!));
    const { hiddenKernel, hiddenBias } = gates[2]!;
    const recurring = tf.add(tf.matMul(hidden, hiddenKernel), hiddenBias);
    return { hidden: gruOutput([reset!, update!, projected[2]!, recurring, hidden]) };
  }
}

/**
 * $(1 - z) \odot c + z \odot h$ of what goes into both gates, of both parts of the candidate and of h, with its gradients written
 * out: those of the factors would go over the tensors nearly twice as often.
 */
function gruOutput(inputs: Tensor[]): Tensor {
  const parts = ([toReset, toUpdate, projected, recurring]: Tensor[]): [Tensor, Tensor, Tensor] => {
    const reset = sigmoid(toReset!);
    return [reset, sigmoid(toUpdate!), tanh(tf.add(projected!, tf.mul(reset, recurring!)))];
  };
  return withGradient(
    inputs,
    (inputs) => {
      const [, update, candidate] = parts(inputs);
      // With one product less.
      return tf.add(candidate, tf.mul(update, tf.sub(inputs[4]!, candidate)));
    },
    (dy, inputs) => {
      const [reset, update, candidate] = parts(inputs);
      const [, , , recurring, hidden] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
      const dHidden = tf.mul(dy, update);
      const dCandidate = tf.sub(dy, dHidden);
      const dProjected = tf.sub(dCandidate, tf.mul(dCandidate, tf.square(candidate)));
      const dRecurring = tf.mul(dProjected, reset);
      // Each times 1 - r, or 1 - z, is the gradient before the sigmoid.
      const [atReset, atUpdate] = [tf.mul(dRecurring, recurring), tf.mul(dHidden, tf.sub(hidden, candidate))];
      const dReset = tf.sub(atReset, tf.mul(atReset, reset));
      const dUpdate = tf.sub(atUpdate, tf.mul(atUpdate, update));
      return [dReset, dUpdate, dProjected, dRecurring, dHidden];
    },
  );
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

  project(x: Tensor, gates: readonly GateWeights[]): Tensor[] {
    return gates.map((gate) => withBiases(x, gate));
  }

  advance(
    projected: readonly Tensor[],
    { hidden, cell }: LstmState,
    gates: readonly GateWeights[],
  ): LstmState {
    const [input, forget, candidate, output] = gates.map((gate, index) =>
      preactivation(projected[index]!, hidden, gate),
    );
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
      const [n, length] = x.shape as [number, number, number];
      const { cell } = this;
      const gates = cell.gates();
      // Positions come first, where those of one lie together.
      const rows = tf.reshape(tf.transpose(x, [1, 0, 2]), [length * n, cell.inputs]);
      const sizes = Array.from({ length }, () => n);
      // tf.split has no gradient where there is a single part.
      const byPosition = (part: Tensor): Tensor[] => (length === 1 ? [part] : tf.split(part, sizes, 0));
      const projected = cell.project(rows, gates).map(byPosition);
      const visited: Tensor[] = [];
      let current = state ?? cell.initialState(n);
      for (let position = 0; position < length; position++) {
        const own = projected.map((parts) => parts[position]!);
        current = cell.advance(own, current, gates);
        visited.push(current.hidden);
      }
      const outputs = tf.reshape(tf.concat(visited, 0), [length, n, cell.hidden]);
      return { outputs: tf.transpose(outputs, [1, 0, 2]), state: current };
    });
  }

  step(x: Tensor, state: S): Step<S> {
    checkShape('Recurrent.step', 'x', x, ['n', this.cell.inputs]);
    return tf.tidy(() => {
      const gates = this.cell.gates();
      const next = this.cell.advance(this.cell.project(x, gates), state, gates);
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
