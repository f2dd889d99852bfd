import {
  checkInteger,
  checkOptions,
  checkShape,
  dormandPrince,
  exactTrace,
  hutchinsonTrace,
  rungeKutta,
} from '@dgm/core';
import type {
  CallOptions,
  ForwardResult,
  InverseResult,
  Shape,
  OdeSolver,
  OdeState,
  TimeInterval,
  Trace,
  VectorField,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { BaseFlowLayer } from '../flow-layer';
import { record } from '../record';
import type { SmoothMap } from '../smooth/smooth-map';

export interface ContinuousFlowOptions {
  /** D, the length of an event. */
  readonly dims: number;
  /** $f(z, t)$, from `[n, D]` to `[n, D]`. Its conditions are the time, followed by the context. The layer owns it. */
  readonly field: SmoothMap;
  /**
   * The solver in training.
   * @defaultValue {@link rungeKutta}
   */
  readonly solver?: OdeSolver;
  /**
   * The solver outside training, {@link dormandPrince} by default. It reads values; to capture such calls, pass a
   * solver that reads none.
   */
  readonly evaluationSolver?: OdeSolver;
  /**
   * The trace in training: {@link exactTrace} (the default up to 16 dimensions) or {@link hutchinsonTrace} (the
   * default above). Outside training the trace is always exact.
   */
  readonly trace?: Trace;
}

/** The largest dimension for which the exact trace is cheap. */
const SMALL = 16;

/**
 * A continuous flow: $\dot z = f(z, t)$ from the latents at $t = 0$ to data at $t = 1$, and
 * $\ln|\det| = \int_0^1 \mathrm{tr}\, \frac{\partial f}{\partial z}\, \mathrm{d}t$, both by one solver. The inverse runs backwards.
 *
 * Values, log-determinants and round trips are as accurate as the solver.
 * @see Neural Ordinary Differential Equations (Chen et al., 2018), §4; FFJORD (Grathwohl et al., 2019), Eq. 4
 *
 * @example
 * ```ts
 * const field = smoothMlp([2, 64, 2], { key, conditions: 1 }); // the time is a condition
 * const layer = new ContinuousFlow({ dims: 2, field });
 * const model = flow({ layers: [layer], eventShape: [2] });
 * ```
 */
export class ContinuousFlow extends BaseFlowLayer {
  readonly eventShape: Shape;
  readonly #field: SmoothMap;
  readonly #solver: OdeSolver;
  readonly #evaluationSolver: OdeSolver;
  readonly #trace: Trace;

  constructor({ dims, field, solver, evaluationSolver, trace, ...unknown }: ContinuousFlowOptions) {
    super();
    record(this, 'ContinuousFlow', arguments);
    checkOptions('ContinuousFlow', unknown, ['dims', 'field', 'solver', 'evaluationSolver', 'trace']);
    checkInteger('ContinuousFlow', 'dims', dims);
    this.eventShape = [dims];
    this.#field = this.child('field', field);
    this.#solver = solver ?? rungeKutta();
    this.#evaluationSolver = evaluationSolver ?? dormandPrince();
    this.#trace = trace ?? (dims <= SMALL ? exactTrace() : hutchinsonTrace());
  }

  /**
   * The field $f(z, t)$ at a time for each row, `[n, D]`.
   * @param z - `[n, D]`
   * @param t - `[n]`
   */
  velocity(z: Tensor, t: Tensor, { context }: Pick<CallOptions, 'context'> = {}): Tensor {
    checkShape('ContinuousFlow.velocity', 'z', z, ['n', ...this.eventShape]);
    checkShape('ContinuousFlow.velocity', 't', t, [z.shape[0]!]);
    return tf.tidy(() => {
      const time = tf.reshape(t, [z.shape[0]!, 1]);
      const conditions = context === undefined ? time : tf.concat([time, context], 1);
      return this.#field.given(conditions).apply(z);
    });
  }

  protected forward(z: Tensor, call: CallOptions): ForwardResult {
    const [y, logDet] = this.#solve(z, { from: 0, to: 1 }, call);
    return { y: y!, logDet: logDet! };
  }

  protected inverse(y: Tensor, call: CallOptions): InverseResult {
    const [z, logDet] = this.#solve(y, { from: 1, to: 0 }, call);
    return { z: z!, logDet: logDet! };
  }

  #solve(start: Tensor, interval: TimeInterval, { training = false, key, context }: CallOptions): OdeState {
    const solver = training ? this.#solver : this.#evaluationSolver;
    const [trace, directions] =
      training && key !== undefined
        ? [this.#trace, this.#trace.directions(start, key)]
        : [exactTrace(), exactTrace().directions(start)];
    const field: VectorField = (t, [z]) =>
      tf.tidy(() => {
        const linearization = this.#field.given(conditionsAt(t, context)).linearize(z!);
        return [linearization.value, trace.of(directions, linearization.push)];
      });
    return solver.solve(field, [start, tf.zeros([start.shape[0]!])], interval);
  }
}

function conditionsAt(t: Scalar, context: Tensor | undefined): Tensor {
  const time = tf.mul(tf.ones([context?.shape[0] ?? 1, 1]), t);
  return context === undefined ? time : tf.concat([time, context], 1);
}
