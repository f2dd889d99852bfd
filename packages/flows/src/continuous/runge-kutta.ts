import { ArgumentError } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { OdeSolver } from './ode';
import { classical, moved, stagesOf, type Tableau } from './tableau';

export interface RungeKuttaOptions {
  /** The number of equal steps; 20 unless given. */
  readonly steps?: number;
}

/**
 * The classical Runge-Kutta method with equal steps: an error of $O(h^4)$, the same work for every input, and no value is
 * read, so that it can be captured. It asks the field four times a step.
 * @throws ArgumentError if `steps` is not a positive integer
 */
export function rungeKutta({ steps = 20 }: RungeKuttaOptions = {}): OdeSolver {
  if (!(Number.isSafeInteger(steps) && steps > 0)) {
    throw new ArgumentError({
      where: 'rungeKutta',
      argument: 'steps',
      expected: 'to be a positive integer',
      actual: String(steps),
    });
  }
  return equalSteps(classical, steps);
}

/** Any explicit method with equal steps. */
export function equalSteps(tableau: Tableau, steps: number): OdeSolver {
  return {
    solve(field, start, { from, to }) {
      const h = (to - from) / steps;
      let y = start;
      for (let step = 0; step < steps; step++) {
        const t = from + step * h;
        y = tf.tidy(() => {
          const slopes = stagesOf(tableau, field, { t, h, y, first: field(t, y) });
          return moved(y, slopes, { h, weights: tableau.weights });
        });
      }
      return y;
    },
  };
}
