import type { HostTensor } from '../checkpoint/host-tensor';
import { NumericalError } from '../errors/dgm-error';
import type { Progress } from './early-stopping';
import type { CurvePoint } from './fit-result';

/** Where training stands, apart from the tensors: what a checkpoint writes as JSON. Sums are doubles. */
export interface TrainingState {
  /** Finished epochs. */
  epoch: number;
  /** Finished batches of the current epoch. */
  batch: number;
  step: number;
  /** Sums of the terms over the examples of the current epoch, and how many examples each is a sum of. */
  sums: Record<string, TermSum>;
  curve: readonly CurvePoint[];
  progress: Progress;
  /** How often training has gone back after a loss or a weight that was not finite. */
  recoveries: number;
  seconds: number;
}

export interface TermSum {
  sum: number;
  examples: number;
}

export function initialState(): TrainingState {
  return {
    epoch: 0,
    batch: 0,
    step: 0,
    sums: {},
    curve: [],
    progress: { stale: 0 },
    recoveries: 0,
    seconds: 0,
  };
}

/** Weights on the host, by path. */
export type Weights = ReadonlyMap<string, HostTensor>;

/** The whole state of training at one moment. */
export interface Snapshot {
  readonly state: TrainingState;
  /** Every variable of the run. */
  readonly variables: Weights;
  readonly best: Weights | undefined;
}

/** @throws NumericalError naming the first weight that is not finite and the step that led to it */
export function checkFiniteWeights(weights: Weights, step: number): void {
  for (const [path, { values }] of weights) {
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad === -1) continue;
    throw new NumericalError({
      where: 'fit',
      argument: `${path} after step ${step}`,
      expected: 'to be finite',
      actual: `${values[bad]} at entry ${bad}`,
      remedy:
        'lower the learning rate, clip the gradients with clipNorm, or look for a gradient that is not finite',
    });
  }
}
