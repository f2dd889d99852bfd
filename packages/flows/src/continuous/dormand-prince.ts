import { ArgumentError, NumericalError } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { OdeSolver, State, VectorField } from './ode';
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
/** The share at which it gives up. */
const SHORTEST_STEP = 1e-7;
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
  at: { readonly t: number; readonly h: number; readonly y: State; readonly first: State },
): { next: State; last: State; error: Tensor } {
  const { h, y } = at;
  const slopes = stagesOf(dormandPrinceTableau, field, at);
  const next = moved(y, slopes, { h, weights: dormandPrinceTableau.weights });
  const squares = combined(slopes, { h, weights: dormandPrinceError }).map((error, part) => {
    const scale = tf.add(1, tf.maximum(tf.abs(y[part]!), tf.abs(next[part]!)));
    return tf.sum(tf.square(tf.div(error, scale)));
  });
  const size = y.reduce((sum, part) => sum + part.size, 0);
  return { next, last: slopes.at(-1)!, error: tf.sqrt(tf.div(tf.addN(squares), size)) };
}
