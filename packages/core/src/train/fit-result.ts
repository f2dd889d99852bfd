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

/** How a training ended: its curve, its best epoch, and why it stopped. */
export interface FitResult {
  /** Finished epochs. */
  readonly epochs: number;
  readonly steps: number;
  readonly stoppedBy: StoppedBy;
  /**
   * The epoch whose weights the model now has; absent without validation, in which case the model keeps its last
   * weights.
   */
  readonly best?: { readonly epoch: number; readonly validation: number };
  readonly curve: readonly CurvePoint[];
  /** How many times training went back to its last good state, with the option `recover`. */
  readonly recoveries: number;
  /** Problems that did not stop training; usually empty. */
  readonly warnings: readonly string[];
  /** Wall-clock time, interrupted runs included. */
  readonly seconds: number;
  /** The time of a step of this run, excluding the making of its batch; 0 if there was no step. */
  readonly msPerStep: { readonly median: number; readonly min: number };
}

/** The argument of `onStart`. */
export interface TrainingPlan {
  readonly epochs: number;
  /** Undefined for a source that does not know how many examples it has. */
  readonly stepsPerEpoch: number | undefined;
  /** The number of steps that an earlier, interrupted run has already taken. */
  readonly resumedAt: number;
}

/**
 * Observes training. Every method is optional; returned promises are awaited. The model's variables are up to date in
 * every method except `onStep`.
 */
export interface Callback {
  onStart?(plan: TrainingPlan): void | Promise<void>;
  /** Called for events that do not stop training: a damaged checkpoint that was skipped, a recovery. */
  onWarning?(message: string): void | Promise<void>;
  /** Called after each step; steps count from 1 over the whole training. After a recovery, steps are repeated. */
  onStep?(event: {
    readonly epoch: number;
    readonly step: number;
    readonly terms: StepTerms;
  }): void | Promise<void>;
  /** Called after each epoch and its validation. */
  onEpoch?(event: CurvePoint & { readonly improved: boolean }): void | Promise<void>;
  /** Called when training fails; the error is rethrown afterwards. */
  onError?(error: unknown): void | Promise<void>;
  onEnd?(result: FitResult): void | Promise<void>;
}
