import { sizeOf, type Distribution } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { ensure, ensureClose } from '../assert';
import type { DistributionCase } from '../distribution';
import type { Checks } from '../register';
import { overBatch, rowsOf } from '../tensors';
import { tolerances } from '../tolerances';
import { gridOf, masses, withDistribution, type Grid } from './grid';
import { closedForm } from './protocol';

/** Closed forms against sums over the support. A proposal grid is too coarse for them; golden values serve there. */
export const momentChecks: Checks<DistributionCase> = {
  'has the mean and variance of its density': (the) =>
    overGrid(the, (distribution, grid, mass) => {
      const [mean, variance] = [finite(() => distribution.mean()), finite(() => distribution.variance())];
      mass.forEach((probability, entry) => {
        for (let element = 0; element < sizeOf(distribution.eventShape); element++) {
          const x = grid.events.map((event) => event[element]!);
          const center = dot(probability, x);
          const index = entry * sizeOf(distribution.eventShape) + element;
          const spread = dot(
            probability,
            x.map((value) => (value - center) ** 2),
          );
          if (mean) compare(the, mean[index]!, center, `mean [${index}]`);
          if (variance) compare(the, variance[index]!, spread, `variance [${index}]`);
        }
      });
    }),

  'has the entropy of its density': (the) =>
    overGrid(the, (distribution, grid, mass) => {
      const entropy = finite(() => distribution.entropy());
      if (!entropy) return;
      mass.forEach((probability, entry) => {
        const total = probability.reduce(
          (sum, p, index) => (p > 0 ? sum - p * Math.log(p / grid.weights[index]!) : sum),
          0,
        );
        compare(the, entropy[entry]!, total, `entropy [${entry}]`);
      });
    }),

  'has its mode where the density is highest': (the) =>
    overGrid(the, (distribution, grid, mass) => {
      const mode = closedForm(() => distribution.mode());
      if (!mode) return;
      const atMode = distribution.logProb(mode).dataSync();
      mass.forEach((probability, entry) => {
        const highest = probability.reduce((best, p, index) => Math.max(best, p / grid.weights[index]!), 0);
        ensure(
          atMode[entry]! >= Math.log(highest) - 1e-4,
          `logProb of mode [${entry}] is ${atMode[entry]}, below ${Math.log(highest)} elsewhere`,
        );
      });
    }),

  'has the cdf of its density': (the) =>
    overGrid(the, (distribution, grid, mass) => {
      if (sizeOf(distribution.eventShape) !== 1) return;
      const { batchShape, eventShape } = distribution;
      const cdf = closedForm(() => distribution.cdf(overBatch(grid.events, batchShape, eventShape)));
      if (!cdf) return;
      const byNode = rowsOf(Array.from(cdf.dataSync()), sizeOf(batchShape));
      mass.forEach((probability, entry) => {
        const expected = cumulative(probability, the.support.kind !== 'real');
        // Every 16th point is enough to see a wrong formula, and keeps messages short.
        const some = expected
          .map((_, index) => index)
          .filter((index) => index % 16 === 0 || expected.length < 64);
        ensureClose(
          some.map((index) => byNode[index]![entry]!),
          some.map((index) => expected[index]!),
          tolerances(the.tolerance).mass,
          `cdf of batch entry ${entry}`,
        );
      });
    }),
};

function overGrid(
  the: DistributionCase,
  check: (distribution: Distribution, grid: Grid, mass: number[][]) => void,
): void {
  withDistribution(the, (distribution) => {
    const grid = gridOf(the.support, sizeOf(distribution.eventShape));
    if (!grid.random) check(distribution, grid, masses(distribution, grid));
  });
}

/** The distribution function at the grid's points: for densities each point counts half of its own mass. */
export function cumulative(mass: readonly number[], discrete: boolean): number[] {
  let total = 0;
  return mass.map((value) => {
    total += value;
    return discrete ? total : total - value / 2;
  });
}

/** The values of a closed form, unless there is none or it diverges (a Student t has moments of low order only). */
function finite(call: () => Tensor): number[] | undefined {
  const values = closedForm(() => tf.tidy(() => Array.from(call().dataSync())));
  return values?.some((value) => value === Infinity) ? undefined : values;
}

function compare(the: DistributionCase, actual: number, expected: number, what: string): void {
  ensureClose([actual], [expected], tolerances(the.tolerance).mass, what);
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, index) => sum + value * b[index]!, 0);
}
