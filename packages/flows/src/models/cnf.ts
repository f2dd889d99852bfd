import type { Bijector, ConditionalDistribution, Distribution, Key } from '@dgm/core';
import { ContinuousFlow, type ContinuousFlowOptions } from '../continuous/continuous-flow';
import { flow, type Flow } from '../flow';
import type { SmoothActivationName } from '../smooth/activations';
import { smoothMlp } from '../smooth/smooth-mlp';

export interface CnfOptions extends Pick<ContinuousFlowOptions, 'solver' | 'evaluationSolver' | 'trace'> {
  /** D, the length of an event. */
  readonly dims: number;
  /** Randomness for the initial weights. */
  readonly key: Key;
  /** Hidden units; `[64, 64]` unless given. */
  readonly hidden?: readonly number[];
  /** `tanh` unless given. */
  readonly activation?: SmoothActivationName;
  /** The length of the context; none unless given. */
  readonly context?: number;
  /** The standard normal unless given. */
  readonly base?: Distribution | ConditionalDistribution;
  /** What stands between the flow and the data. */
  readonly preprocessing?: Bijector;
}

/**
 * A continuous normalizing flow, whose vector field is a multilayer perceptron that sees the time in each of its layers.
 *
 * Its likelihood is exact up to the error of the solver: see {@link ContinuousFlow}.
 * @see FFJORD: Free-form Continuous Dynamics for Scalable Reversible Generative Models (Grathwohl et al., 2019)
 */
export function cnf(options: CnfOptions): Flow {
  const { dims, key, hidden = [64, 64], activation = 'tanh', context = 0, base, preprocessing } = options;
  const { solver, evaluationSolver, trace } = options;
  const layer = new ContinuousFlow({
    dims,
    field: smoothMlp([dims, ...hidden, dims], { key, activation, conditions: 1 + context }),
    ...(solver === undefined ? {} : { solver }),
    ...(evaluationSolver === undefined ? {} : { evaluationSolver }),
    ...(trace === undefined ? {} : { trace }),
  });
  return flow({
    layers: [layer, ...(preprocessing === undefined ? [] : [preprocessing])],
    ...(base === undefined ? {} : { base }),
    source: 'Grathwohl et al., 2019',
  });
}
