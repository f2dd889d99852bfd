import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkInteger, checkNumber } from '../check/check';
import { exp } from '../ops/activations';
import { selectByMask } from '../ops/select';
import type { LoopTensors, SamplingLoop } from '../model/sampling-loop';
import type { Key } from '../random/key';
import {
  chainInputs,
  checkGradientChain,
  INITIAL,
  perChain,
  pointAt,
  type GradientChainOptions,
  type LogDensity,
  type Point,
} from './chain';
import { initialStepSize, updateStepSize, type StepSizeState } from './step-size';

export interface MetropolisOptions extends GradientChainOptions {
  /**
   * How many of the steps adapt the step size, by dual averaging over all chains. Draws of these steps are not from the
   * density. @defaultValue 0
   */
  readonly warmUp?: number;
  /** The acceptance rate that the adaptation aims at, in (0, 1). */
  readonly targetAcceptance?: number;
}

/** The state of chains that accept or refuse proposals. */
export type MetropolisState = Point &
  Partial<StepSizeState> & {
    /** The probability with which the last proposal of each chain was accepted, `[n]`. */
    readonly acceptance: Tensor;
    /** The mean acceptance since the warm-up, `[n]`. */
    readonly meanAcceptance: Tensor;
    /** The number of steps since the warm-up, a scalar. */
    readonly counted: Tensor;
  };

/** A loop of which {@link MetropolisState} is the state. */
export interface MetropolisLoop extends SamplingLoop {
  start(inputs: LoopTensors, key: Key): MetropolisState;
  next(state: LoopTensors, inputs: LoopTensors, key: Key): MetropolisState;
}

/** A proposal with $\log \frac{p(x')\, q(x \mid x')}{p(x)\, q(x' \mid x)}$, `[n]`. */
export interface Proposal {
  readonly point: Point;
  readonly logRatio: Tensor;
}

/** Proposes for all chains; `evaluate` gives the log-density and its gradient. */
export type Propose = (
  current: Point,
  tools: {
    readonly stepSize: Tensor | number;
    readonly key: Key;
    readonly evaluate: (x: Tensor) => Point;
  },
) => Proposal;

/**
 * The Metropolis-Hastings loop: each chain moves to its proposal with probability $\min(1, r)$, for the ratio r of the proposal.
 * A ratio that is not a number (a proposal that has diverged) is refused.
 */
export function metropolis(
  where: string,
  options: MetropolisOptions & { readonly targetAcceptance: number },
  propose: Propose,
): MetropolisLoop {
  const { logProb, initial, steps, stepSize, warmUp = 0, targetAcceptance: target } = options;
  checkGradientChain(where, options);
  checkInteger(where, 'warmUp', warmUp, { min: 0, max: steps });
  checkNumber(where, 'targetAcceptance', target, { above: 0, below: 1 });
  const adaptation = { stepSize, warmUp, target };
  const chains = initial.shape[0]!;
  return {
    steps,
    inputs: chainInputs(options),
    start: (inputs) =>
      tf.tidy(() => ({
        ...pointAt(logProb, tf.clone(inputs[INITIAL]!), inputs),
        ...(warmUp > 0 ? initialStepSize(adaptation) : {}),
        acceptance: tf.zeros([chains]),
        meanAcceptance: tf.zeros([chains]),
        counted: tf.scalar(0),
      })),
    next: (state, inputs, key) =>
      tf.tidy(() => step(state as MetropolisState, inputs, key, { logProb, adaptation, propose })),
    finish: (state) => tf.clone(state['x']!),
  };
}

interface Rules {
  readonly logProb: LogDensity;
  readonly adaptation: { readonly stepSize: number; readonly warmUp: number; readonly target: number };
  readonly propose: Propose;
}

function step(
  state: MetropolisState,
  inputs: LoopTensors,
  key: Key,
  { logProb, adaptation, propose }: Rules,
): MetropolisState {
  const { point, logRatio } = propose(state, {
    stepSize: state.stepSize ?? adaptation.stepSize,
    key: key.fold('proposal'),
    evaluate: (x) => pointAt(logProb, x, inputs),
  });
  // A comparison with NaN is false.
  const isAccepted = tf.lessEqual(tf.neg(key.fold('accept').exponential(logRatio.shape)), logRatio);
  const acceptance = selectByMask(tf.isNaN(logRatio), 0, exp(tf.minimum(logRatio, 0)));
  const moved = (to: Tensor, from: Tensor): Tensor => selectByMask(perChain(isAccepted, from), to, from);
  const isAdapted = state.stepSize !== undefined;
  const counts = isAdapted
    ? tf.cast(tf.greaterEqual(state.updates!, adaptation.warmUp), 'float32')
    : tf.scalar(1);
  const counted = tf.add(state.counted, counts);
  const share = tf.div(counts, tf.maximum(counted, 1));
  return {
    x: moved(point.x, state.x),
    logProb: moved(point.logProb, state.logProb),
    gradient: moved(point.gradient, state.gradient),
    ...(isAdapted ? updateStepSize(state as StepSizeState, tf.mean(acceptance), adaptation) : {}),
    acceptance,
    meanAcceptance: tf.add(state.meanAcceptance, tf.mul(share, tf.sub(acceptance, state.meanAcceptance))),
    counted,
  };
}
