import { disposeOnThrow } from '@dgm/core';
import { ContinuousFlow, type ContinuousFlowOptions } from '../continuous/continuous-flow';
import { flow, type Flow } from '../flow';
import { record } from '../record';
import type { SmoothActivationName } from '../smooth/activations';
import { smoothMlp } from '../smooth/smooth-mlp';
import { checkFlowOptions, withPreprocessing, type VectorFlowOptions } from './options';

export interface CnfOptions
  extends VectorFlowOptions, Pick<ContinuousFlowOptions, 'solver' | 'evaluationSolver' | 'trace'> {
  /**
   * Hidden units.
   * @defaultValue `[64, 64]`
   */
  readonly hidden?: readonly number[];
  /** @defaultValue `tanh` */
  readonly activation?: SmoothActivationName;
}

/**
 * A continuous normalizing flow. Its vector field is a multilayer perceptron that gets the time in each of its
 * layers.
 *
 * Its likelihood is exact up to the error of the solver: see {@link ContinuousFlow}.
 * @see FFJORD: Free-form Continuous Dynamics for Scalable Reversible Generative Models (Grathwohl et al., 2019)
 *
 * @example
 * ```ts
 * const model = cnf({ dims: 2, hidden: [64, 64], key });
 * ```
 */
export function cnf(options: CnfOptions): Flow {
  const own = [
    'dims',
    'hidden',
    'activation',
    'solver',
    'evaluationSolver',
    'trace',
    'base',
    'preprocessing',
  ];
  checkFlowOptions('cnf', options, own);
  const { dims, key, hidden = [64, 64], activation = 'tanh', contextSize = 0, base, preprocessing } = options;
  const { solver, evaluationSolver, trace } = options;
  const model = disposeOnThrow(() => {
    const layer = new ContinuousFlow({
      dims,
      field: smoothMlp([dims, ...hidden, dims], { key, activation, conditions: 1 + contextSize }),
      ...(solver !== undefined && { solver }),
      ...(evaluationSolver !== undefined && { evaluationSolver }),
      ...(trace !== undefined && { trace }),
    });
    return flow({
      layers: withPreprocessing([layer], preprocessing),
      contextSize,
      base,
      source: 'Grathwohl et al., 2019',
    });
  });
  return record(model, 'cnf', arguments);
}
