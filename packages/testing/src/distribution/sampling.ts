import { Key, sizeOf } from '@dgm/core';
import { ensure } from '../assert';
import type { Checks } from '../register';
import { chiSquareScore, KOLMOGOROV_SMIRNOV_LIMIT, kolmogorovSmirnov, meanAndError } from '../statistics';
import { STANDARD_ERRORS } from '../tolerances';
import type { DistributionCase } from './case';
import { drawRows, gridOf, masses, withDistribution, type Grid } from './grid';
import { cumulative } from './moments';

const DRAWS = 4000;

/** Draws against the density. */
export const samplingChecks: Checks<DistributionCase> = {
  'draws what its density says': (the) =>
    withDistribution(the, (distribution) => {
      const size = sizeOf(distribution.eventShape);
      const grid = gridOf(the.support, size);
      const continuous = the.support.kind === 'real' || the.support.kind === 'sphere';
      const draws = drawRows(distribution, Key.of(0).fold('draws'), the.draws ?? DRAWS);
      masses(distribution, grid).forEach((mass, entry) => {
        const rows = draws[entry]!;
        if (!continuous) compareCounts(rows, grid, mass, entry);
        else if (size === 1) compareCurve(rows, grid, mass, entry);
        else compareMoments(rows, grid, mass, entry);
      });
    }),
};

function compareCounts(rows: readonly number[][], grid: Grid, mass: readonly number[], entry: number): void {
  const cells = new Map(grid.events.map((event, index) => [String(event), index]));
  const counts = grid.events.map(() => 0);
  for (const row of rows) {
    const cell = cells.get(String(row)) ?? nearest(grid.events, row);
    ensure(cell >= 0, `batch entry ${entry} drew [${row}], which is outside of its support`);
    counts[cell]!++;
  }
  const score = chiSquareScore(counts, mass);
  ensure(
    score < STANDARD_ERRORS,
    `counts of batch entry ${entry} are ${score} standard errors off (chi-square)`,
  );
}

/** The event that a draw stands for up to the rounding of float32, or -1. */
function nearest(events: Grid['events'], row: readonly number[]): number {
  return events.findIndex((event) =>
    event.every((x, axis) => Math.abs(x - row[axis]!) <= 1e-5 * Math.max(1, Math.abs(x))),
  );
}

function compareCurve(rows: readonly number[][], grid: Grid, mass: readonly number[], entry: number): void {
  const points = grid.events.map((event) => event[0]!);
  const heights = cumulative(mass, false);
  const ranks = rows.map(([x]) => interpolate(points, heights, x!));
  // Ranks of right draws are uniform. Their first moments see a wrong place or width sooner than the largest distance.
  for (const [what, moment, expected] of RANK_MOMENTS) {
    const { mean, standardError } = meanAndError(ranks.map(moment));
    const score = (mean - expected) / standardError;
    ensure(
      Math.abs(score) < STANDARD_ERRORS,
      `draws of batch entry ${entry} have the wrong ${what}: ${score} standard errors off (mean ${mean} of ranks, expected ${expected})`,
    );
  }
  const distance = kolmogorovSmirnov(ranks, (rank) => rank);
  ensure(
    distance < KOLMOGOROV_SMIRNOV_LIMIT,
    `draws of batch entry ${entry} are ${distance} from their density (Kolmogorov-Smirnov, limit ${KOLMOGOROV_SMIRNOV_LIMIT})`,
  );
}

const RANK_MOMENTS: readonly (readonly [string, (rank: number) => number, number])[] = [
  ['location', (rank) => rank, 1 / 2],
  ['width', (rank) => (rank - 1 / 2) ** 2, 1 / 12],
];

/** First and second moments; both sides may carry a standard error. */
function compareMoments(rows: readonly number[][], grid: Grid, mass: readonly number[], entry: number): void {
  const size = rows[0]!.length;
  const total = mass.reduce((sum, value) => sum + value, 0);
  const center = Array.from({ length: size }, (_, axis) =>
    grid.events.reduce((sum, event, index) => sum + (mass[index]! / total) * event[axis]!, 0),
  );
  const moments: [string, (x: readonly number[]) => number][] = [];
  for (let a = 0; a < size; a++) {
    moments.push([`mean [${a}]`, (x) => x[a]! - center[a]!]);
    for (let b = a; b < size; b++) {
      moments.push([`covariance [${a}, ${b}]`, (x) => (x[a]! - center[a]!) * (x[b]! - center[b]!)]);
    }
  }
  for (const [what, moment] of moments) {
    const drawn = rows.map(moment);
    const actual = drawn.reduce((sum, value) => sum + value, 0) / drawn.length;
    const expected = grid.events.reduce(
      (sum, event, index) => sum + (mass[index]! / total) * moment(event),
      0,
    );
    const drawVariance = drawn.reduce((sum, value) => sum + (value - actual) ** 2, 0) / drawn.length ** 2;
    const gridVariance = grid.random
      ? grid.events.reduce(
          (sum, event, index) => sum + ((mass[index]! / total) * (moment(event) - expected)) ** 2,
          0,
        )
      : 0;
    const score = (actual - expected) / Math.sqrt(drawVariance + gridVariance);
    ensure(
      Math.abs(score) < STANDARD_ERRORS,
      `${what} of draws of batch entry ${entry} is ${score} standard errors off (${actual} against ${expected})`,
    );
  }
}

function interpolate(points: readonly number[], heights: readonly number[], x: number): number {
  let [low, high] = [0, points.length - 1];
  if (x <= points[low]!) return heights[low]!;
  if (x >= points[high]!) return heights[high]!;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (points[middle]! <= x) low = middle;
    else high = middle;
  }
  const share = (x - points[low]!) / (points[high]! - points[low]!);
  return heights[low]! + share * (heights[high]! - heights[low]!);
}
