import type { Tensor } from '@tensorflow/tfjs-core';

/** What changes with time: tensors that are integrated together. */
export type State = Tensor[];

/** $f(t, y)$, the slope of each part of the state. */
export type VectorField = (t: number, y: State) => State;

export interface Interval {
  readonly from: number;
  /** May lie before `from`: then time runs backwards. */
  readonly to: number;
}

/**
 * Solves $\dot y = f(t, y)$. Gradients are those of the steps that were taken (first discretize, then differentiate), so
 * that they fit the values exactly.
 */
export interface OdeSolver {
  /** $y(\text{to})$ for $y(\text{from})$ = `start`. To be called within a tidy. */
  solve(field: VectorField, start: State, interval: Interval): State;
}
