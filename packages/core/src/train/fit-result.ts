import type { StepTerms } from './engine';

/** Why training ended. */
export type StoppedBy = 'epochs' | 'early-stopping' | 'max-seconds' | 'aborted';

/** One epoch; epochs count from 1. */
export interface CurvePoint {
  readonly epoch: number;
  /** Mean over the epoch's examples of the `total` of the first objective that each step trains, while it trained. */
  readonly train: number;
  /**
   * The same mean of every term of every objective, by `<objective>/<term>`, over the examples of the steps that had it. An
   * objective that no step of the epoch trained has no terms.
   */
  readonly terms: Readonly<Record<string, number>>;
  /** The validation metric after the epoch; absent if the epoch was not validated. */
  readonly validation?: number;
}

export interface FitResult {
  /** Finished epochs. */
  readonly epochs: number;
  readonly steps: number;
  readonly stoppedBy: StoppedBy;
  /** The epoch whose weights the model now has; absent without validation, where the last weights stay. */
  readonly best?: { readonly epoch: number; readonly validation: number };
  readonly curve: readonly CurvePoint[];
  /** How often training has gone back to its last good state, with the option `recover`. */
  readonly recoveries: number;
  /** What did not stop training, but should be known; empty as a rule. */
  readonly warnings: readonly string[];
  /** Wall-clock time, interrupted runs included. */
  readonly seconds: number;
  /** Time of a step of this run without the making of its batch; 0 if it took none. */
  readonly msPerStep: { readonly median: number; readonly min: number };
}

/** What callbacks are given when training starts. */
export interface TrainingPlan {
  readonly epochs: number;
  /** Undefined for a source that does not know how many examples it has. */
  readonly stepsPerEpoch: number | undefined;
  /** The number of steps that an earlier, interrupted run has already taken. */
  readonly resumedAt: number;
}

/**
 * Watches training. Each method may be left out; a promise is waited for.
 * The model's variables are up to date in every method but `onStep`.
 */
export interface Callback {
  onStart?(plan: TrainingPlan): void | Promise<void>;
  /** For what does not stop training: a damaged checkpoint that was skipped, a recovery. */
  onWarning?(message: string): void | Promise<void>;
  /** After each step; steps count from 1 over the whole training. After a recovery, steps come again. */
  onStep?(event: {
    readonly epoch: number;
    readonly step: number;
    readonly terms: StepTerms;
  }): void | Promise<void>;
  /** After each epoch and its validation. */
  onEpoch?(event: CurvePoint & { readonly improved: boolean }): void | Promise<void>;
  /** When training fails; the error is thrown on afterwards. */
  onError?(error: unknown): void | Promise<void>;
  onEnd?(result: FitResult): void | Promise<void>;
}
