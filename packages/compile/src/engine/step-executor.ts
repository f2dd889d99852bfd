import type { StepTerms } from '@dgm/core';
import type { Data, TensorSpec } from '../graph/graph';
import type { CapturedStep } from './step-variant';

/** A tensor in host memory. */
export interface HostTensor extends TensorSpec {
  readonly data: Data;
}

/** What one step is fed with, under the names of the captured graph's inputs. */
export type StepFeeds = ReadonlyMap<string, HostTensor>;

/** A captured step that is ready to run on its executor's state. */
export interface ExecutableStep {
  /** Runs once; where it fails, leaves the state as it was, or as the players left it that have had their turn. */
  run(feeds: StepFeeds): Promise<void>;
  /** Frees the session, not the state. */
  release(): Promise<void>;
}

/** Where the state of a training step lives, and what runs there. One state serves all shapes of a batch. */
export interface StepExecutor {
  /** After how many steps it pays to read their terms. */
  readonly queueLength: number;
  compile(step: CapturedStep): Promise<ExecutableStep>;
  /** The terms of every run since the last call, in order. */
  drain(): Promise<readonly StepTerms[]>;
  /** Assigns the state to its variables. */
  sync(): Promise<void>;
  /** Takes the state over from its variables. */
  load(): Promise<void>;
  /** Frees the state. */
  dispose(): void;
}
