import type { CallOptions, Module, SequenceState, StateOptions, Step } from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * Gives the parameters of each conditional $p(x_d | x_{<d})$ from the variables before it.
 *
 * Causality is its promise: the parameters of variable d have no path to the variables d and later.
 */
export interface AutoregressiveNetwork extends Module {
  /** How many numbers each conditional takes. */
  readonly numParameters: number;
  /** The size of the context that each call has to bring; 0 for none. */
  readonly contextSize: number;
  /** How many variables there have to be, for a network of a fixed number. */
  readonly numVariables?: number;
  /**
   * The parameters of all conditionals at once.
   * @param x - the variables in their order, `[n, D]`; `[n, D, channels]` where a variable is a pixel with its channels
   * @returns `[n, D, numParameters]`; the caller owns it
   */
  conditionals(x: Tensor, call?: CallOptions): Tensor;
}

/** What comes before the next variable. */
export interface StepInput {
  /** How many examples there are. */
  readonly n: number;
  /** The variable before, `[n]` or `[n, channels]`; absent for the first one. */
  readonly previous?: Tensor | undefined;
}

/** A network that can also go from one variable to the next without looking at the earlier ones again. */
export interface StepNetwork extends AutoregressiveNetwork {
  /** What is remembered before the first variable of `n` examples, which may depend on their context. The caller owns it. */
  initialState(n: number, call?: CallOptions & StateOptions): SequenceState;
  /** The parameters of the next conditional, `[n, numParameters]`, and the state after it; the caller owns both. */
  step(input: StepInput, state: SequenceState, call?: CallOptions): Step<SequenceState>;
}

export function isStepNetwork(network: AutoregressiveNetwork): network is StepNetwork {
  return 'step' in network && 'initialState' in network;
}
