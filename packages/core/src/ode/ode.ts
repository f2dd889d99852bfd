import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { checkGiven, checkInteger, checkOptions } from '../check/check';
import { record } from '../construction/record';
import type { LoopTensors, SamplingLoop } from '../model/sampling-loop';
import type { Key } from '../random/key';

/** What changes with time: tensors that are integrated together. */
export type OdeState = Tensor[];

/** $f(t, y)$, the slope of each part of the state. The time is a tensor, so that one captured step serves every time. */
export type VectorField = (t: Scalar, y: OdeState) => OdeState;

/** The times that a solver of differential equations goes from and to. */
export interface TimeInterval {
  readonly from: number;
  /** May lie before `from`: then time runs backwards. */
  readonly to: number;
}

/**
 * Solves $\dot y = f(t, y)$. Gradients are those of the steps that were taken (first discretize, then differentiate), so
 * that they fit the values exactly.
 */
export interface OdeSolver {
  /** $y(\text{to})$ for $y(\text{from})$ = `start`. Call it inside `tf.tidy`. */
  solve(field: VectorField, start: OdeState, interval: TimeInterval): OdeState;
}

/** A solver that takes a fixed number of equal steps and reads no values, so that it can be captured. */
export interface FixedStepSolver extends OdeSolver {
  /** The number of steps. */
  readonly steps: number;
  /** $y(t + h)$ for $y(t)$ = `y`. Call it inside `tf.tidy`. */
  step(
    field: VectorField,
    y: OdeState,
    at: { readonly t: number | Scalar; readonly h: number | Scalar },
  ): OdeState;
}

/**
 * The coefficients of an explicit Runge-Kutta method:
 * $k_i = f(t + c_i h, y + h \sum_{j < i} a_{ij} k_j)$ and $y' = y + h \sum_i b_i k_i$.
 */
export interface Tableau {
  readonly a: readonly (readonly number[])[];
  readonly b: readonly number[];
  readonly c: readonly number[];
}

/** The methods of Euler and of Heun, and the classical one, by their order. */
const tableaus: Readonly<Record<1 | 2 | 4, Tableau>> = {
  1: { c: [0], a: [[]], b: [1] },
  2: { c: [0, 1], a: [[], [1]], b: [1 / 2, 1 / 2] },
  4: {
    c: [0, 1 / 2, 1 / 2, 1],
    a: [[], [1 / 2], [0, 1 / 2], [0, 0, 1]],
    b: [1 / 6, 1 / 3, 1 / 3, 1 / 6],
  },
};

export interface RungeKuttaOptions {
  /**
   * The number of equal steps.
   * @defaultValue 20
   */
  readonly steps?: number;
  /**
   * The order of the method, which is also how often a step evaluates the field: 1 is Euler's, 2 Heun's, 4 the classical.
   * @defaultValue 4
   */
  readonly order?: 1 | 2 | 4;
}

/**
 * A Runge-Kutta method with equal steps: an error of $O(h^{order})$ and the same work for every input.
 * @throws ArgumentError if an option is unknown, `steps` is not a positive integer, or there is no method of the order
 *
 * @example
 * ```ts
 * const decay = (_: tf.Tensor, [y]: tf.Tensor[]): tf.Tensor[] => [tf.neg(y!)];
 * const solver = rungeKutta({ steps: 10, order: 4 });
 * const [y] = solver.solve(decay, [tf.ones([1, 1])], { from: 0, to: 1 }); // 0.3679
 * ```
 */
export function rungeKutta(options: RungeKuttaOptions = {}): FixedStepSolver {
  checkOptions('rungeKutta', options, ['steps', 'order']);
  const { steps = 20, order = 4 } = options;
  checkInteger('rungeKutta', 'steps', steps);
  const tableau: Tableau | undefined = tableaus[order];
  checkGiven('rungeKutta', 'order', tableau, 'to be 1, 2 or 4');
  return record(equalSteps(tableau, steps), 'rungeKutta', arguments);
}

/** Any explicit method with equal steps. */
export function equalSteps(tableau: Tableau, steps: number): FixedStepSolver {
  const step: FixedStepSolver['step'] = (field, y, { t, h }) =>
    moved(y, slopesOf(tableau, field, { t, h, y }), { h, weights: tableau.b });
  return {
    steps,
    step,
    solve(field, start, { from, to }) {
      const h = (to - from) / steps;
      let y = start;
      for (let index = 0; index < steps; index++) {
        const t = from + index * h;
        y = tf.tidy(() => step(field, y, { t, h }));
      }
      return y;
    },
  };
}

/** What {@link odeSamplingLoop} runs. */
export interface OdeSamplingLoopOptions {
  /** $f(t, y)$, `[n, ...event]`, given the inputs of the loop. */
  field(t: Scalar, y: Tensor, inputs: LoopTensors): Tensor;
  /** $y(\text{from})$, `[n, ...event]`, which the caller owns. */
  start(inputs: LoopTensors, key: Key): Tensor;
  readonly solver: FixedStepSolver;
  readonly interval: TimeInterval;
  /**
   * Tensors that every step is given, such as a context.
   * @defaultValue none
   */
  readonly inputs?: LoopTensors;
}

/**
 * Sampling by an ordinary differential equation, as a loop whose steps are alike: an engine captures one step, which is given
 * the times `from` and `to`, and runs it `solver.steps` times.
 *
 * @example
 * ```ts
 * const loop = odeSamplingLoop({
 *   field: (_, y) => tf.neg(y),
 *   start: (_, key) => key.normal([100, 2]),
 *   solver: rungeKutta({ steps: 20 }),
 *   interval: { from: 0, to: 1 },
 * });
 * const draws = runSamplingLoop(loop, key); // [100, 2], normal with a standard deviation of 0.3679
 * ```
 */
export function odeSamplingLoop(options: OdeSamplingLoopOptions): SamplingLoop {
  const { field, start, solver, interval, inputs = {} } = options;
  checkOptions('odeSamplingLoop', options, ['field', 'start', 'solver', 'interval', 'inputs']);
  return {
    steps: solver.steps,
    inputs,
    perStep: stepTimes(solver, interval),
    start: (inputs, key) => ({ y: start(inputs, key) }),
    next: ({ y }, inputs) =>
      tf.tidy(() => {
        const [next] = solver.step((t, [y]) => [field(t, y!, inputs)], [y!], stepAt(inputs));
        return { y: next! };
      }),
    finish: ({ y }) => tf.clone(y!),
  };
}

/**
 * The times that each of a number of equal steps goes `from` and `to`: the `perStep` of a loop.
 *
 * @example
 * ```ts
 * stepTimes({ steps: 4 }, { from: 1, to: 0 }); // { from: [1, 0.75, 0.5, 0.25], to: [0.75, 0.5, 0.25, 0] }
 * ```
 */
export function stepTimes(
  { steps }: Pick<FixedStepSolver, 'steps'>,
  { from, to }: TimeInterval,
): Readonly<Record<'from' | 'to', readonly number[]>> {
  const h = (to - from) / steps;
  const times = Array.from({ length: steps }, (_, index) => from + index * h);
  return { from: times, to: [...times.slice(1), to] };
}

/**
 * The time and the length of a step of a loop with {@link stepTimes}, from its inputs. Call it inside `tf.tidy`.
 *
 * @example
 * ```ts
 * const { t, h } = stepAt({ from: tf.scalar(0.75), to: tf.scalar(0.5) }); // 0.75 and -0.25
 * ```
 */
export function stepAt({ from, to }: LoopTensors): { readonly t: Scalar; readonly h: Scalar } {
  return { t: from as Scalar, h: tf.sub(to!, from!) };
}

/** The slopes of all stages of a step of size h from (t, y); the first may be given. */
export function slopesOf(
  { a, c }: Tableau,
  field: VectorField,
  {
    t,
    h,
    y,
    first,
  }: {
    readonly t: number | Scalar;
    readonly h: number | Scalar;
    readonly y: OdeState;
    readonly first?: OdeState;
  },
): OdeState[] {
  const slopes: OdeState[] = first === undefined ? [] : [first];
  for (let stage = slopes.length; stage < c.length; stage++) {
    const at = stage === 0 ? y : moved(y, slopes, { h, weights: a[stage]! });
    slopes.push(field(later(t, scaled(h, c[stage]!)), at));
  }
  return slopes;
}

function later(t: number | Scalar, by: number | Scalar): Scalar {
  if (typeof t === 'number' && typeof by === 'number') return tf.scalar(t + by);
  return by === 0 && typeof t !== 'number' ? t : tf.add(t, by);
}

/** $w h$ */
function scaled(h: number | Scalar, weight: number): number | Scalar {
  if (typeof h === 'number') return weight * h;
  if (weight === 0) return 0;
  return weight === 1 ? h : tf.mul<Scalar>(weight, h);
}

/** $y + h \sum_i w_i k_i$ */
export function moved(
  y: OdeState,
  slopes: readonly OdeState[],
  step: { readonly h: number | Scalar; readonly weights: readonly number[] },
): OdeState {
  const change = combined(slopes, step);
  return y.map((part, index) => tf.add(part, change[index]!));
}

/** $h \sum_i w_i k_i$ */
export function combined(
  slopes: readonly OdeState[],
  { h, weights }: { readonly h: number | Scalar; readonly weights: readonly number[] },
): OdeState {
  return slopes[0]!.map((_, part) => {
    const terms = slopes.flatMap((slope, stage): Tensor[] =>
      weights[stage] ? [tf.mul(scaled(h, weights[stage]), slope[part]!)] : [],
    );
    return terms.length === 1 ? terms[0]! : tf.addN(terms);
  });
}
