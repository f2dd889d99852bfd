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
  /** Sum of the training loss over the examples of the current epoch. */
  lossSum: number;
  curve: readonly CurvePoint[];
  progress: Progress;
  seconds: number;
}

export function initialState(): TrainingState {
  return { epoch: 0, batch: 0, step: 0, lossSum: 0, curve: [], progress: { stale: 0 }, seconds: 0 };
}

/** Weights on the host, by path. */
export type Weights = ReadonlyMap<string, HostTensor>;
