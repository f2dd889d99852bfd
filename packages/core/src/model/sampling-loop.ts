import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, TensorContainerObject } from '@tensorflow/tfjs-core';
import { checkKey, type Key } from '../random/key';

/** Tensors by name, of the same shapes in every step. */
export type LoopTensors = TensorContainerObject & Readonly<Record<string, Tensor>>;

/**
 * Sampling as a first step followed by identical further steps: one variable after the other, or a Markov chain. An
 * engine may capture both steps once and run them many times, so they read no values, and everything that changes is
 * an argument.
 */
export interface SamplingLoop {
  /** The number of steps after the first. */
  readonly steps: number;
  /** Inputs of every step, such as a context or entries to keep. The loop borrows them. */
  readonly inputs: LoopTensors;
  /**
   * Numbers that change from step to step, such as its times: `steps` of each. A loop that reads them here and nowhere else has
   * the same step for every number of steps.
   * @defaultValue none
   */
  readonly perStep?: Readonly<Record<string, readonly number[]>>;
  /** The first step. The caller owns the state. */
  start(inputs: LoopTensors, key: Key): LoopTensors;
  /**
   * One more step. Arguments are borrowed; the caller owns the new state.
   * @param inputs - those of every step, and the numbers of this one as scalars
   */
  next(state: LoopTensors, inputs: LoopTensors, key: Key): LoopTensors;
  /** The samples in the last state, `[n, ...event]`; the caller owns them. */
  finish(state: LoopTensors): Tensor;
}

/** A model that samples by such a loop. */
export interface LoopSampledModel {
  /** The loop that draws `n` examples, the same as `sample` for the same key. */
  samplingLoop(n: number): SamplingLoop;
}

/** Whether a model draws its samples in a loop over many similar steps, of which an engine captures one. */
export function hasSamplingLoop<M extends object>(model: M): model is M & LoopSampledModel {
  return 'samplingLoop' in model;
}

/**
 * Runs a sampling loop, step i with `key.fold(i)`.
 * @returns `[n, ...event]`
 * @throws ArgumentError if there is no key
 */
export function runSamplingLoop(loop: SamplingLoop, key: Key): Tensor {
  checkKey('sample', key);
  return tf.tidy(() => {
    let state = loop.start(loop.inputs, key.fold(0));
    for (let step = 1; step <= loop.steps; step++) {
      const next = tf.tidy(() => loop.next(state, inputsOfStep(loop, step), key.fold(step)));
      tf.dispose(state);
      state = next;
    }
    return loop.finish(state);
  });
}

/**
 * The inputs of one step of a loop, for code that takes the steps itself. Call it inside `tf.tidy`.
 * @param step - from 1 to `loop.steps`
 *
 * @example
 * ```ts
 * const loop = gaussianDiffusion({ shape: [2], network: mlpDenoiser({ shape: [2], key }) }).samplingLoop(16);
 * let state = loop.start(loop.inputs, key.fold(0));
 * for (let step = 1; step <= loop.steps; step++)
 *   state = tf.tidy(() => loop.next(state, inputsOfStep(loop, step), key.fold(step)));
 * ```
 */
export function inputsOfStep({ inputs, perStep = {} }: SamplingLoop, step: number): LoopTensors {
  const numbers = Object.entries(perStep).map(([name, values]) => [name, tf.scalar(values[step - 1]!)]);
  return { ...inputs, ...Object.fromEntries(numbers) };
}

/**
 * The conditionals $p(x_d | x_{<d})$ of a model of integers, one after the other, for entropy coding. Like a
 * {@link SamplingLoop} it reads no values, so that an engine may capture both steps once.
 */
export interface ConditionalLoop {
  /** Which entry of a flat example each variable is, in the order in which the variables come. */
  readonly order: readonly number[];
  /** How many values a variable can take: the integers from 0 to `levels - 1`. */
  readonly levels: number;
  /** Inputs of every step, such as a context. The loop borrows them. */
  readonly inputs: LoopTensors;
  /** `logProb` of every value of the first variable, nats, `[n, levels]`, and the state. The caller owns both. */
  start(inputs: LoopTensors): LoopTensors;
  /**
   * The same for the next variable.
   * @param state - all that the last step gave but `logProb`. Arguments are borrowed.
   * @param value - of the variable of the last step, `[n]`
   */
  next(state: LoopTensors, value: Tensor, inputs: LoopTensors): LoopTensors;
}

/** A model with such conditionals. */
export interface ConditionalLoopModel {
  /** How many values an entry can take. */
  readonly levels: number | undefined;
  readonly eventShape: readonly number[];
  /** The conditionals of `n` examples side by side. */
  conditionalLoop(n: number, options?: { readonly context?: Tensor }): ConditionalLoop;
}
