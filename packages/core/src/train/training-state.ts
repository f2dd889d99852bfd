import type { HostTensor } from '../checkpoint/host-tensor';
import { NumericalError } from '../errors/dgm-error';
import type { CurvePoint } from './fit-result';

/** The state of training apart from tensors, which a checkpoint writes as JSON. Sums are doubles. */
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
  /** The number of recoveries after a loss or a weight that was not finite. */
  recoveries: number;
  seconds: number;
}

interface TermSum {
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

/** When training stops because validation no longer improves. */
export interface EarlyStoppingOptions {
  /** Stops when more than this many validations in a row did not improve on the best one; there is one per epoch by default. */
  readonly patience: number;
  /**
   * The first epoch whose validation can count as one without an improvement. During a warm-up, the loss that is trained is
   * not yet the one that is validated.
   * @defaultValue 1
   */
  readonly from?: number;
}

/** The best epoch so far and the epochs since. */
interface Progress {
  readonly best?: { readonly epoch: number; readonly validation: number };
  /** Validations in a row that did not improve. */
  readonly stale: number;
}

/** The progress after one more epoch; `improved` tells whether it is the best one. */
export function advance(
  progress: Progress,
  epoch: number,
  validation: number,
  { from = 1 }: Pick<EarlyStoppingOptions, 'from'> = {},
): { readonly progress: Progress; readonly improved: boolean } {
  const improved = progress.best === undefined || validation < progress.best.validation;
  return improved
    ? { progress: { best: { epoch, validation }, stale: 0 }, improved }
    : { progress: { ...progress, stale: epoch < from ? 0 : progress.stale + 1 }, improved };
}
