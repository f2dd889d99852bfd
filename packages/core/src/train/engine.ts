import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import type { SamplingLoop } from '../model/sampling-loop';
import type { Key } from '../random/key';

/** The inputs of one step, on the host. */
export interface StepFeed<B> {
  /** A tensor, or an object or array of tensors. Borrowed. */
  readonly batch: B;
  /** The randomness of this step. */
  readonly key: Key;
  /** By the objective's name. */
  readonly learningRates: Readonly<Record<string, number>>;
  /** 1 at the first step. */
  readonly step: number;
}

/** The inputs of one step inside the engine, where numbers that change from step to step are tensors. */
export interface StepInputs<B> {
  readonly batch: B;
  readonly key: Key;
  readonly learningRates: Readonly<Record<string, Scalar>>;
  readonly step: Scalar;
  /** The {@link StepProgram.phase} of this step. */
  readonly phase?: string;
}

/**
 * One whole training step (losses, gradients, clipping, optimizer and average updates) before an engine runs it.
 *
 * `run` is a pure function of its inputs and of `state`, made of tfjs ops that read no value: an engine may call it once
 * for each phase, record it as a graph and replay that.
 */
export interface StepProgram<B> {
  /** Every variable that `run` reads or assigns, under paths (`model/...`, `optimizer/<objective>/m/...`, `average/...`). */
  readonly state: ReadonlyMap<string, Variable>;
  /**
   * The phase of a step: all steps of one phase run the same operations. A program without it has a single phase.
   * @param step - 1 at the first step
   */
  phase?(step: number): string;
  /** Assigns the new values to the variables; returns the losses' terms under `<objective>/<term>`, owned by the caller. */
  run(inputs: StepInputs<B>): Readonly<Record<string, Scalar>>;
}

/** The terms of one step, in nats or whatever the objectives measure, under `<objective>/<term>`. */
export type StepTerms = Readonly<Record<string, number>>;

/** A step program on an engine. The engine may keep the state outside the variables. */
export interface TrainStep<B> {
  /** The number of steps after which reading their terms pays off; 1 if reading costs nothing. */
  readonly queueLength: number;
  /** Starts one step; its terms wait for `drain`. */
  run(feed: StepFeed<B>): Promise<void>;
  /** The terms of every step since the last call, in order. */
  drain(): Promise<readonly StepTerms[]>;
  /** Brings the variables up to date: before validation, checkpoints and callbacks. */
  sync(): Promise<void>;
  /** Loads the current values of the variables, after they were assigned from outside. */
  load(): Promise<void>;
  /** Frees the memory of the engine, but not the variables. Idempotent. */
  dispose(): void;
}

/**
 * What is computed of a batch and a key, before an engine runs it: a validation loss, the log-likelihoods of examples.
 *
 * Made of tfjs ops that assign no variable; an engine that records it also needs ops that read no value.
 */
export type BatchFunction<B> = (batch: B, key: Key) => Tensor;

/** A function of a batch that takes many steps which are alike, such as an ODE likelihood: an engine records one step. */
export interface BatchLoop<B> {
  /** The tensors of the batch are inputs of the loop. */
  loop(batch: B): SamplingLoop;
}

/** A function of a batch, ready to run on an engine. */
export interface PreparedFunction<B> {
  /**
   * The values of the function, with the variables as they are now.
   * @param batch - borrowed
   */
  run(batch: B, key: Key): Promise<Float32Array>;
  /** Frees what the engine holds. Calling it again does nothing. */
  dispose(): void;
}

/** A way to run training steps, and functions of a batch that need no gradient. */
export interface Engine {
  readonly name: string;
  prepare<B>(program: StepProgram<B>): Promise<TrainStep<B>>;
  prepareFunction<B>(fn: BatchFunction<B> | BatchLoop<B>): Promise<PreparedFunction<B>>;
}
