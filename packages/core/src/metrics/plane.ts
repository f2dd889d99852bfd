import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkInteger, checkNumber, checkOptions } from '../check/check';

/** A log-density of points of the plane, `[n, 2]` to `[n]`, in nats; a promise of it where an engine computes it. */
export type PlaneDensity = (x: Tensor) => Tensor | Promise<Tensor>;

export interface PlaneKlOptions {
  /** The ends of the square, for both axes. It must hold all but a negligible mass of both densities. */
  readonly range: readonly [number, number];
  /** Cells of each axis. @defaultValue 200 */
  readonly cells?: number;
}

/** A Kullback-Leibler divergence of two densities in the plane, summed over a grid. */
export interface PlaneKl {
  /** $\mathrm{KL}(p \| q)$ of both densities normalized on the grid, in nats. */
  readonly kl: number;
  /** The mass of p on the grid: 1 for a density that the square holds and the cells resolve. */
  readonly massP: number;
  /** The mass of q on the grid; for an unnormalized density its partition function. */
  readonly massQ: number;
}

/**
 * The Kullback-Leibler divergence of two densities of the plane by the midpoint rule, both normalized on the grid, so that
 * an unnormalized q (an energy-based model) will do. Sums are in doubles on the host.
 * @param logP - the true log-density
 * @param logQ - the model's
 * @throws {@link ArgumentError} for an option out of its range.
 */
export async function planeKl(
  logP: PlaneDensity,
  logQ: PlaneDensity,
  { range, cells = 200, ...unknown }: PlaneKlOptions,
): Promise<PlaneKl> {
  const where = 'planeKl';
  checkOptions(where, unknown, ['range', 'cells']);
  const [low, high] = range;
  checkNumber(where, 'range', low);
  checkNumber(where, 'range', high, { above: low });
  checkInteger(where, 'cells', cells);
  const width = (high - low) / cells;
  const centre = (index: number): number => low + (index + 0.5) * width;
  const points = tf.tensor2d(
    Float32Array.from({ length: 2 * cells * cells }, (_, index) => {
      const cell = index >> 1;
      return centre(index % 2 === 0 ? Math.floor(cell / cells) : cell % cells);
    }),
    [cells * cells, 2],
  );
  try {
    const [p, q] = [await valuesOf(logP, points), await valuesOf(logQ, points)];
    const [logMassP, logMassQ] = [p, q].map((values) => logSum(values) + 2 * Math.log(width)) as [
      number,
      number,
    ];
    let kl = 0;
    p.forEach((value, index) => {
      const logShare = value - logMassP;
      if (logShare > -Infinity) kl += Math.exp(logShare) * width ** 2 * (logShare - (q[index]! - logMassQ));
    });
    return { kl, massP: Math.exp(logMassP), massQ: Math.exp(logMassQ) };
  } finally {
    points.dispose();
  }
}

async function valuesOf(density: PlaneDensity, points: Tensor): Promise<Float32Array> {
  let made: Tensor | Promise<Tensor> | undefined;
  // A promise frees what it makes itself.
  tf.tidy(() => {
    made = density(points);
    return made instanceof tf.Tensor ? made : [];
  });
  const values = await made!;
  try {
    return (await values.data()) as Float32Array;
  } finally {
    values.dispose();
  }
}

/** $\log \sum_i e^{v_i}$ in doubles. */
function logSum(values: Float32Array): number {
  const largest = values.reduce((a, b) => Math.max(a, b), -Infinity);
  return largest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0));
}
