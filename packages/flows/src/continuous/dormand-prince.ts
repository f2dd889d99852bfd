import { ArgumentError, NumericalError } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { OdeSolver, State } from './ode';
import { combined, dormandPrinceError, dormandPrinceTableau, moved, stagesOf } from './tableau';

export interface DormandPrinceOptions {
  /**
   * How large the estimated error of a step may be, as the root mean square over all entries of the state, each relative
   * to 1 + |y|; 1e-5 unless given. Below 1e-6 the rounding of float32 is in the way.
   */
  readonly tolerance?: number;
  /** Steps that are tried before it gives up; 1000 unless given. */
  readonly maximumSteps?: number;
}

/** The share of the interval that is tried first. */
const FIRST_STEP = 0.1;
/** Steps are chosen a bit shorter than the estimate allows, and change by these factors at most. */
const [CAUTION, SMALLEST_CHANGE, LARGEST_CHANGE] = [0.9, 0.2, 5];
const ORDER = 5;

/**
 * The method of Dormand and Prince, of order 5, with steps as long as the tolerance allows. All rows of the state share
 * them, so that a row's result depends on the others, within the tolerance.
 *
 * It reads values to choose its steps: it cannot be captured.
 * @throws ArgumentError if an option is not positive
 */
export function dormandPrince(options: DormandPrinceOptions = {}): OdeSolver {
  const { tolerance = 1e-5, maximumSteps = 1000 } = options;
  for (const [argument, value] of Object.entries({ tolerance, maximumSteps })) {
    if (value > 0) continue;
    throw new ArgumentError({
      where: 'dormandPrince',
      argument,
      expected: 'to be above 0',
      actual: String(value),
    });
  }
  return {
    solve(field, start, { from, to }) {
      let [t, y, first] = [from, start, field(from, start)];
      let h = FIRST_STEP * (to - from);
      for (let step = 0; step < maximumSteps; step++) {
        const isLast = Math.abs(h) >= Math.abs(to - t);
        if (isLast) h = to - t;
        const slopes = stagesOf(dormandPrinceTableau, field, { t, h, y, first });
        const next = moved(y, slopes, { h, weights: dormandPrinceTableau.weights });
        const error =
          relativeError(combined(slopes, { h, weights: dormandPrinceError }), y, next) / tolerance;
        if (error <= 1) {
          if (isLast) return next;
          [t, y, first] = [t + h, next, slopes.at(-1)!];
        }
        h *= changeFor(error);
        if (t + h === t) break;
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
}

/** NaN and infinity are errors too: a shorter step may avoid them. */
function changeFor(error: number): number {
  if (!Number.isFinite(error)) return SMALLEST_CHANGE;
  const ideal = CAUTION * error ** (-1 / ORDER);
  return Math.min(LARGEST_CHANGE, Math.max(SMALLEST_CHANGE, ideal));
}

/** The root mean square of errors over 1 + the larger value at either end of a step. */
function relativeError(errors: State, y: State, next: State): number {
  const size = errors.reduce((sum, { size }) => sum + size, 0);
  const total = tf.tidy(() => {
    const squares = errors.map((error, part): Tensor => {
      const scale = tf.add(1, tf.maximum(tf.abs(y[part]!), tf.abs(next[part]!)));
      return tf.sum(tf.square(tf.div(error, scale)));
    });
    return tf.addN(squares);
  });
  return Math.sqrt(total.dataSync()[0]! / size);
}
