import { jacobianProductOf, runSamplingLoop, stepAt, stepTimes } from '@dgm/core';
import type {
  FixedStepSolver,
  Key,
  LoopTensors,
  OdeSolver,
  OdeState,
  SamplingLoop,
  TimeInterval,
  Trace,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { rowsOf } from './rows';

/** How the density of an ODE is computed. */
export interface OdeDensityOptions {
  /** $f(t, z)$, the shape of z, given the inputs. */
  field(t: Scalar, z: Tensor, inputs: LoopTensors): Tensor;
  /** Where the ODE starts, `[n, ...event]`, and what is added to the log-density, `[n]`. */
  start(inputs: LoopTensors, key: Key): { readonly z: Tensor; readonly offset: Tensor };
  readonly inputs: LoopTensors;
  readonly interval: TimeInterval;
  readonly solver: OdeSolver;
  readonly trace: Trace;
}

/**
 * The log-density of where an ODE $\dot z = f(t, z)$ starts, for standard normal noise where it ends:
 *
 * $$\ln p(z_0) = \ln \mathcal N(z_1; 0, I) + \int_0^1 \mathrm{tr}\, \frac{\partial f}{\partial z}\, dt$$
 *
 * Both integrals are solved together.
 * @returns nats with the offset, `[n]`
 * @see Score-Based Generative Modeling through Stochastic Differential Equations (Song et al., 2021), Eq. 39
 */
export function odeLogDensity(options: OdeDensityOptions, key: Key): Tensor {
  const { solver, interval } = options;
  if (isFixedStep(solver)) return runSamplingLoop(odeDensityLoop({ ...options, solver }), key);
  return tf.tidy(() => {
    const { z, change, directions } = started(options, options.inputs, key.fold(0));
    const field = (t: Scalar, [z]: OdeState) => slopes(options, { t, z: z!, directions }, options.inputs);
    const [end, total] = solver.solve(field, [z, change], interval) as [Tensor, Tensor];
    return tf.add(standardNormal(end), total);
  });
}

/** {@link odeLogDensity} as a loop over the steps of a solver. */
export function odeDensityLoop(
  options: OdeDensityOptions & { readonly solver: FixedStepSolver },
): SamplingLoop {
  const { solver, interval, inputs } = options;
  return {
    steps: solver.steps,
    inputs,
    perStep: stepTimes(solver, interval),
    start: (inputs, key) => tf.tidy(() => started(options, inputs, key)),
    next: ({ z, change, directions }, inputs) =>
      tf.tidy(() => {
        const field = (t: Scalar, [z]: OdeState) =>
          slopes(options, { t, z: z!, directions: directions! }, inputs);
        const [moved, changed] = solver.step(field, [z!, change!], stepAt(inputs)) as [Tensor, Tensor];
        return { z: moved, change: changed, directions: tf.clone(directions!) };
      }),
    finish: ({ z, change }) => tf.tidy(() => tf.add(standardNormal(z!), change!)),
  };
}

export function isFixedStep(solver: OdeSolver): solver is FixedStepSolver {
  return 'steps' in solver;
}

function started(
  { start, trace }: OdeDensityOptions,
  inputs: LoopTensors,
  key: Key,
): { z: Tensor; change: Tensor; directions: Tensor } {
  const { z, offset } = start(inputs, key);
  return { z, change: offset, directions: trace.directions(rowsOf(z), key.fold('trace')) };
}

/** $f$ and the trace of its Jacobian. */
function slopes(
  { field, trace }: OdeDensityOptions,
  { t, z, directions }: { readonly t: Scalar; readonly z: Tensor; readonly directions: Tensor },
  inputs: LoopTensors,
): OdeState {
  const ofRows = (rows: Tensor): Tensor => rowsOf(field(t, tf.reshape(rows, z.shape), inputs));
  return [field(t, z, inputs), trace.of(directions, jacobianProductOf(ofRows, rowsOf(z)))];
}

/** $\ln \mathcal N(z; 0, I)$, `[n]`. */
function standardNormal(z: Tensor): Tensor {
  return tf.mul(-0.5, tf.sum(tf.add(tf.square(rowsOf(z)), Math.log(2 * Math.PI)), 1));
}
