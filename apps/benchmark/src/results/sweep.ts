import type { Machine, MachineOfModels } from './machine';
import type { DatasetSummary, Run, Score } from './schema';

/** Values of hyperparameters by name; the model's own where one is not named. */
export type Settings = Readonly<Record<string, number>>;

/** What `sweep.json` holds, schema 1. */
export interface Sweep {
  readonly schema: 1;
  readonly machine: Machine;
  /** Which machine has trained which models, where there were several. */
  readonly machines?: readonly MachineOfModels[];
  /** The command that repeats the sweep. */
  readonly command: string;
  readonly dataset: DatasetSummary;
  /** The number of trials of the whole sweep, those of other parts included. */
  readonly trialCount: number;
  /** The finished trials, by number. */
  readonly trials: readonly Trial[];
  /** The settings with the best validation, one for each model; absent until every trial has finished. */
  readonly chosen?: readonly Chosen[];
}

/** One model, trained once with one seed and some settings. */
export interface Trial {
  /** From 1, over the whole sweep. */
  readonly number: number;
  readonly model: string;
  readonly settings: Settings;
  readonly seed: number;
  /** Absent where training failed. */
  readonly result?: TrialResult;
  readonly error?: string;
}

export interface TrialResult extends Pick<
  Run,
  | 'parameters'
  | 'batchSize'
  | 'optimizer'
  | 'engine'
  | 'device'
  | 'epochs'
  | 'steps'
  | 'trainSeconds'
  | 'msPerStep'
> {
  readonly stoppedBy: string;
  /** The epoch whose weights were kept. */
  readonly bestEpoch?: number;
  /**
   * The negative log-likelihood of the validation rows in nats, or its bound; the validation loss of the kept epoch for a model
   * without a likelihood.
   */
  readonly validation: number;
}

/** The settings of one model that are best on the validation rows, and what they reach on the test rows. */
export interface Chosen {
  readonly model: string;
  readonly settings: Settings;
  readonly tests: readonly (Pick<Run, 'metrics'> & {
    readonly seed: number;
    /** Null for a model without a likelihood. */
    readonly test: Score | null;
  })[];
}
