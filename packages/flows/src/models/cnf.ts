import {
  checkContext,
  checkOneOf,
  checkShape,
  checkThat,
  disposeOnThrow,
  isModule,
  singleObjective,
  splitBatch,
  standardNormal,
} from '@dgm/core';
import type { Bijector, ConditionedBatch, Distribution, Objective } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { ContinuousFlow, type ContinuousFlowOptions } from '../continuous/continuous-flow';
import { Flow, type FlowOptions } from '../flow';
import { record } from '../record';
import type { SmoothActivationName } from '../smooth/activations';
import { smoothMlp } from '../smooth/smooth-mlp';
import { checkFlowOptions, withPreprocessing, type VectorFlowOptions } from './options';

const cnfObjectives = ['likelihood', 'velocity'] as const;

export interface CnfOptions
  extends VectorFlowOptions, Pick<ContinuousFlowOptions, 'solver' | 'evaluationSolver' | 'trace'> {
  /**
   * Hidden units.
   * @defaultValue `[64, 64]`
   */
  readonly hidden?: readonly number[];
  /** @defaultValue `tanh` */
  readonly activation?: SmoothActivationName;
  /**
   * What is trained: the `likelihood`, which solves the equation at each step; or the `velocity` along straight lines from
   * draws of the base to data (flow matching), a single pass of the field. The likelihood is evaluated alike.
   * @defaultValue 'likelihood'
   */
  readonly objective?: (typeof cnfObjectives)[number];
}

/**
 * A continuous normalizing flow. Its vector field is a multilayer perceptron that gets the time in each of its
 * layers.
 *
 * Its likelihood is exact up to the error of the solver: see {@link ContinuousFlow}.
 * @throws ArgumentError for a base that is learned with the objective `velocity`
 * @see FFJORD: Free-form Continuous Dynamics for Scalable Reversible Generative Models (Grathwohl et al., 2019); Flow Matching
 * for Generative Modeling (Lipman et al., 2023), §4.1, for the objective `velocity`
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
    'objective',
    'base',
    'preprocessing',
  ];
  checkFlowOptions('cnf', options, own);
  const { dims, key, hidden = [64, 64], activation = 'tanh', contextSize = 0, base, preprocessing } = options;
  const { solver, evaluationSolver, trace, objective = 'likelihood' } = options;
  checkOneOf('cnf', 'objective', objective, cnfObjectives);
  const model = disposeOnThrow(() => {
    const layer = new ContinuousFlow({
      dims,
      field: smoothMlp([dims, ...hidden, dims], { key, activation, conditions: 1 + contextSize }),
      ...(solver !== undefined && { solver }),
      ...(evaluationSolver !== undefined && { evaluationSolver }),
      ...(trace !== undefined && { trace }),
    });
    const parts: FlowOptions = {
      layers: withPreprocessing([layer], preprocessing),
      contextSize,
      base,
      source: 'Grathwohl et al., 2019',
    };
    return objective === 'likelihood' ? new Flow(parts) : new MatchedFlow(parts, { layer, preprocessing });
  });
  return record(model, 'cnf', arguments);
}

/** A continuous flow that learns its velocity. */
class MatchedFlow extends Flow {
  readonly #base: Distribution;
  readonly #layer: ContinuousFlow;
  readonly #preprocessing: Bijector | undefined;

  constructor(
    options: FlowOptions,
    {
      layer,
      preprocessing,
    }: { readonly layer: ContinuousFlow; readonly preprocessing: Bijector | undefined },
  ) {
    super(options);
    const { base = standardNormal(layer.eventShape) } = options;
    checkThat('cnf', 'base', !isModule(base), {
      expected: 'to be a fixed distribution with the objective "velocity"',
      actual: 'one that is learned',
      remedy: 'train by the likelihood',
    });
    this.#base = base;
    this.#layer = layer;
    this.#preprocessing = preprocessing;
  }

  /**
   * One objective, the mean square error of the velocity, summed over the entries:
   * $\mathbb E\, \|f((1 - t) \epsilon + t z, t) - (z - \epsilon)\|^2$ for z the data behind the preprocessing, and a draw
   * $\epsilon$ of the base.
   */
  override objectives(): readonly Objective<Tensor | ConditionedBatch>[] {
    return singleObjective<Tensor | ConditionedBatch>(this.#layer, {
      name: 'velocity',
      loss: (batch, key) => {
        const { x, context } = splitBatch(batch);
        checkShape('Flow.objectives', 'x', x, ['n', ...this.eventShape]);
        const n = x.shape[0]!;
        checkContext('Flow.objectives', context, { rows: n, contextSize: this.contextSize });
        const call = context === undefined ? {} : { context };
        const z = this.#preprocessing?.inverseAndLogDet(x, call).z ?? x;
        const epsilon = this.#base.sample(key.fold('base'), [n]);
        const t = key.fold('t').uniform([n]);
        const column = tf.reshape(t, [n, 1]);
        const between = tf.add(tf.mul(tf.sub(1, column), epsilon), tf.mul(column, z));
        const error = tf.squaredDifference(this.#layer.velocity(between, t, call), tf.sub(z, epsilon));
        return { total: tf.div(tf.sum<Scalar>(error), Math.max(1, n)) };
      },
    });
  }
}
