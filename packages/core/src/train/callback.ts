import type { StepTerms } from './engine';
import type { CurvePoint, FitResult } from './fit-result';

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
