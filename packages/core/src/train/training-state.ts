import type { HostTensor } from '../checkpoint/host-tensor';
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
  seconds: number;
}

export interface TermSum {
  sum: number;
  examples: number;
}

export function initialState(): TrainingState {
  return { epoch: 0, batch: 0, step: 0, sums: {}, curve: [], progress: { stale: 0 }, seconds: 0 };
}

/** Weights on the host, by path. */
export type Weights = ReadonlyMap<string, HostTensor>;
