import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { State, VectorField } from './ode';

/** An explicit Runge-Kutta method: $k_i = f(t + c_i h, y + h \sum_j a_{ij} k_j)$ and $y' = y + h \sum_i b_i k_i$. */
export interface Tableau {
  /** Where each stage after the first looks, as a share of the step. */
  readonly times: readonly number[];
  /** $a_{ij}$ of each stage after the first. */
  readonly stages: readonly (readonly number[])[];
  /** $b_i$ */
  readonly weights: readonly number[];
}

/** The classical method of order 4. */
export const classical: Tableau = {
  times: [1 / 2, 1 / 2, 1],
  stages: [[1 / 2], [0, 1 / 2], [0, 0, 1]],
  weights: [1 / 6, 1 / 3, 1 / 3, 1 / 6],
};

/**
 * The method of order 5 whose last stage is the first of the next step.
 * @see A family of embedded Runge-Kutta formulae (Dormand and Prince, 1980), Table 2
 */
export const dormandPrinceTableau: Tableau = {
  times: [1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1],
  stages: [
    [1 / 5],
    [3 / 40, 9 / 40],
    [44 / 45, -56 / 15, 32 / 9],
    [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
    [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
    [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
  ],
  weights: [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84, 0],
};

/** What order 5 has more than the embedded order 4: the estimate of the error of a step. */
export const dormandPrinceError: readonly number[] = [
  71 / 57600,
  0,
  -71 / 16695,
  71 / 1920,
  -17253 / 339200,
  22 / 525,
  -1 / 40,
];

/** The slopes of all stages of a step of size h from (t, y); the first is given. */
export function stagesOf(
  { times, stages }: Tableau,
  field: VectorField,
  { t, h, y, first }: { readonly t: number; readonly h: number; readonly y: State; readonly first: State },
): State[] {
  const slopes: State[] = [first];
  stages.forEach((weights, index) => {
    slopes.push(field(t + times[index]! * h, moved(y, slopes, { h, weights })));
  });
  return slopes;
}

/** $y + h \sum_i w_i k_i$ */
export function moved(
  y: State,
  slopes: readonly State[],
  { h, weights }: { readonly h: number; readonly weights: readonly number[] },
): State {
  return y.map((part, index) => tf.add(part, combined(slopes, { h, weights })[index]!));
}

/** $h \sum_i w_i k_i$ */
export function combined(
  slopes: readonly State[],
  { h, weights }: { readonly h: number; readonly weights: readonly number[] },
): State {
  return slopes[0]!.map((_, part) => {
    const terms = slopes.flatMap((slope, stage): Tensor[] =>
      weights[stage] ? [tf.mul(h * weights[stage], slope[part]!)] : [],
    );
    return terms.length === 1 ? terms[0]! : tf.addN(terms);
  });
}
