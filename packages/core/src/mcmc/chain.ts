import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkGiven, checkInteger, checkNumber, checkOptions, checkThat } from '../check/check';
import { ShapeError } from '../errors/dgm-error';
import { inputsOfStep } from '../model/sampling-loop';
import type { LoopTensors, SamplingLoop } from '../model/sampling-loop';
import type { Key } from '../random/key';
import { formatShape } from '../shape/shape';

/**
 * The log-density of each chain's state up to a constant, `[n, ...event]` to `[n]` in nats: of an energy E the function
 * `(x) => tf.neg(E(x))`. Each row may depend on its own state only.
 */
export type LogDensity = (x: Tensor, inputs: LoopTensors) => Tensor;

/** The options that all chains share. */
export interface ChainOptions {
  /** The state of n independent chains to start from, `[n, ...event]`. Borrowed. */
  readonly initial: Tensor;
  /** How many steps to take. */
  readonly steps: number;
  /** Further tensors that the density reads; a compiled sampler may be given others. Borrowed. */
  readonly inputs?: LoopTensors;
}

/** The options of chains that follow the gradient of a log-density. */
export interface GradientChainOptions extends ChainOptions {
  readonly logProb: LogDensity;
  /** The step size; for an adaptive chain the one to start from. */
  readonly stepSize: number;
}

/** Where chains are: `x`, `[n, ...event]`, with the log-density, `[n]`, and its gradient there. */
export type Point = { readonly x: Tensor; readonly logProb: Tensor; readonly gradient: Tensor };

/** The log-density and its gradient at x, for use within a tidy. */
export function pointAt(logProb: LogDensity, x: Tensor, inputs: LoopTensors): Point {
  // The gradient of a vector is that of its sum: rows do not depend on each other.
  const { value, grad } = tf.valueAndGrad((x: Tensor) => logProb(x, inputs))(x);
  checkThat('logProb', 'its result', value.shape.length === 1 && value.shape[0] === x.shape[0], {
    error: ShapeError,
    expected: `of shape ${formatShape([x.shape[0]!])}, one number for each chain`,
    actual: formatShape(value.shape),
  });
  return { x, logProb: value, gradient: grad };
}

/** Sums over all axes but the first. */
export function sumEvent(x: Tensor): Tensor {
  return x.rank === 1 ? x : tf.sum(x, [...x.shape.keys()].slice(1));
}

/** A number for each chain, `[n]`, shaped to broadcast against `[n, ...event]`. */
export function perChain(values: Tensor, x: Tensor): Tensor {
  return tf.reshape(values, [x.shape[0]!, ...x.shape.slice(1).map(() => 1)]);
}

export function checkChain(where: string, { initial, steps }: ChainOptions): void {
  checkGiven(where, 'initial', initial, 'to be a tensor of shape [n, ...event]');
  checkInteger(where, 'steps', steps, { min: 0 });
  checkThat(where, 'initial', initial.rank >= 1, {
    error: ShapeError,
    expected: `of shape ${formatShape(['n', '...event'])}`,
    actual: formatShape(initial.shape),
  });
}

export function checkGradientChain(where: string, options: GradientChainOptions): void {
  checkChain(where, options);
  checkGiven(where, 'logProb', options.logProb, 'to be a function of x');
  checkNumber(where, 'stepSize', options.stepSize, { above: 0 });
}

/** The loop's inputs: those of the density, and the state to start from under a name that no input of a user has. */
export function chainInputs({ initial, inputs = {} }: ChainOptions): LoopTensors {
  return { ...inputs, [INITIAL]: initial };
}

export const INITIAL = 'chain.initial';

/**
 * The states of a loop along its steps, to look at with {@link effectiveSampleSize} and {@link splitRHat}. Step i has the key
 * `key.fold(i)`, as in `runSamplingLoop`.
 * @param options - `skip`: how many steps to leave out at the start (0 by default); `every`: keep each so many-th after
 *   that (1 by default)
 * @returns `[draws, n, ...event]`; the caller owns it
 */
export function drawsAlong(
  loop: SamplingLoop,
  key: Key,
  { skip = 0, every = 1, ...unknown }: { readonly skip?: number; readonly every?: number } = {},
): Tensor {
  checkOptions('drawsAlong', unknown, ['skip', 'every']);
  checkInteger('drawsAlong', 'skip', skip, { min: 0, max: Math.max(0, loop.steps - 1) });
  checkInteger('drawsAlong', 'every', every);
  return tf.tidy(() => {
    const draws: Tensor[] = [];
    let state = loop.start(loop.inputs, key.fold(0));
    for (let step = 1; step <= loop.steps; step++) {
      const next = tf.tidy(() => loop.next(state, inputsOfStep(loop, step), key.fold(step)));
      tf.dispose(state);
      state = next;
      if (step > skip && (step - skip) % every === 0) draws.push(loop.finish(state));
    }
    return tf.stack(draws);
  });
}
