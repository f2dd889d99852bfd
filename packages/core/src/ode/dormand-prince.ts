import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../construction/record';
import { checkInteger, checkNumber, checkOptions } from '../check/check';
import { NumericalError } from '../errors/dgm-error';
import {
  combined,
  moved,
  slopesOf,
  type OdeSolver,
  type OdeState,
  type Tableau,
  type VectorField,
} from './ode';

/**
 * The method of order 5 whose last stage is the first of the next step.
 * @see A family of embedded Runge-Kutta formulae (Dormand and Prince, 1980), Table 2
 */
export const dormandPrinceTableau: Tableau = {
  c: [0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1],
  a: [
    [],
    [1 / 5],
    [3 / 40, 9 / 40],
    [44 / 45, -56 / 15, 32 / 9],
    [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
    [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
    [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
  ],
  b: [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84, 0],
};

/** The weights of order 5 minus those of the embedded order 4: they give the estimated error of a step. */
const errorWeights: readonly number[] = [
  71 / 57600,
  0,
  -71 / 16695,
  71 / 1920,
  -17253 / 339200,
  22 / 525,
  -1 / 40,
];

export interface DormandPrinceOptions {
  /**
   * The largest estimated error of a step: the root mean square over all entries of the state, each relative to 1 + |y|.
   * Below 1e-6 the rounding of float32 dominates.
   * @defaultValue 1e-5
   */
  readonly tolerance?: number;
  /**
   * The number of steps that are tried before it gives up.
   * @defaultValue 1000
   */
  readonly maximumSteps?: number;
}

/** The share of the interval that is tried first. */
const FIRST_STEP = 0.1;
/** The share at which it gives up. */
const SHORTEST_STEP = 1e-7;
/** Steps are chosen a bit shorter than the estimate allows, and change by these factors at most. */
const [CAUTION, SMALLEST_CHANGE, LARGEST_CHANGE] = [0.9, 0.2, 5];
const ORDER = 5;

/**
 * The method of Dormand and Prince, of order 5, with steps as long as the tolerance allows. All rows of the state share
 * them, so that a row's result depends on the others, within the tolerance.
 *
 * It reads values to choose its steps, so it cannot be captured.
 * @throws ArgumentError if an option is not positive, when it is made
 * @throws NumericalError if it does not arrive in `maximumSteps`, in `solve`
 *
 * @example
 * ```ts
 * const decay = (_: tf.Tensor, [y]: tf.Tensor[]): tf.Tensor[] => [tf.neg(y!)];
 * const solver = dormandPrince({ tolerance: 1e-6 });
 * const [y] = solver.solve(decay, [tf.ones([1, 1])], { from: 0, to: 1 }); // 0.3679
 * ```
 */
export function dormandPrince(options: DormandPrinceOptions = {}): OdeSolver {
  const { tolerance = 1e-5, maximumSteps = 1000 } = options;
  checkOptions('dormandPrince', options, ['tolerance', 'maximumSteps']);
  checkNumber('dormandPrince', 'tolerance', tolerance, { above: 0 });
  checkInteger('dormandPrince', 'maximumSteps', maximumSteps);
  const solver: OdeSolver = {
    solve(field, start, { from, to }) {
      let [t, y, first] = [from, start, field(tf.scalar(from), start)];
      let h = FIRST_STEP * (to - from);
      for (let step = 0; step < maximumSteps; step++) {
        const isLast = Math.abs(h) >= Math.abs(to - t);
        if (isLast) h = to - t;
        const attempt = tf.tidy(() => tryStep(field, { t, h, y, first }));
        const error = attempt.error.dataSync()[0]! / tolerance;
        if (error <= 1) {
          if (isLast) return attempt.next;
          [t, y, first] = [t + h, attempt.next, attempt.last];
        }
        h *= changeFor(error);
        if (Math.abs(h) < SHORTEST_STEP * Math.abs(to - from)) break;
      }
      throw new NumericalError({
        where: 'dormandPrince',
        argument: 'the solution',
        expected: `to be reached in ${maximumSteps} steps`,
        actual: `t = ${t} of [${from}, ${to}] with steps of ${h}`,
        remedy: 'look for values that are not finite, raise the tolerance, or allow more steps',
      });
    },
  };
  return record(solver, 'dormandPrince', arguments);
}

/** NaN and infinity are errors too: a shorter step may avoid them. */
function changeFor(error: number): number {
  if (!Number.isFinite(error)) return SMALLEST_CHANGE;
  const ideal = CAUTION * error ** (-1 / ORDER);
  return Math.min(LARGEST_CHANGE, Math.max(SMALLEST_CHANGE, ideal));
}

/** The state after a step, the slope there, and the root mean square of the error over 1 + the larger value at either end. */
function tryStep(
  field: VectorField,
  at: { readonly t: number; readonly h: number; readonly y: OdeState; readonly first: OdeState },
): { next: OdeState; last: OdeState; error: Tensor } {
  const { h, y } = at;
  const slopes = slopesOf(dormandPrinceTableau, field, at);
  const next = moved(y, slopes, { h, weights: dormandPrinceTableau.b });
  const squares = combined(slopes, { h, weights: errorWeights }).map((error, part) => {
    const scale = tf.add(1, tf.maximum(tf.abs(y[part]!), tf.abs(next[part]!)));
    return tf.sum(tf.square(tf.div(error, scale)));
  });
  const size = y.reduce((sum, part) => sum + part.size, 0);
  return { next, last: slopes.at(-1)!, error: tf.sqrt(tf.div(tf.addN(squares), size)) };
}
