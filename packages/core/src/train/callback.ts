import type { StepTerms } from './engine';
import type { CurvePoint, FitResult } from './fit-result';

/** What callbacks are told when training starts. */
export interface TrainingPlan {
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  /** How many steps an earlier, interrupted run has already taken. */
  readonly resumedAt: number;
}

/**
 * Watches training. Each method may be left out; a promise is waited for.
 * The model's variables are up to date in every method but `onStep`.
 */
export interface Callback {
  onStart?(plan: TrainingPlan): void | Promise<void>;
  /** About what did not stop training, but should be known: a damaged checkpoint that was skipped. */
  onWarning?(message: string): void | Promise<void>;
  /** After each step; steps count from 1 over the whole training. */
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
