import { Key, sizeOf, type Distribution } from '@dgm/core';
import { ensure, ensureClose } from '../assert';
import { when, type Check, type Checks } from '../register';
import { overBatch, rowsOf } from '../tensors';
import { tolerances } from '../tolerances';
import type { DistributionCase } from './case';
import { canSumOver, gridOf, masses, withDistribution, type Grid } from './grid';
import { closedForm } from './protocol';

/** Closed forms against sums over the support. A proposal grid is too coarse for them; golden values serve there. */
export const momentChecks: Checks<DistributionCase> = {
  'has the mean and variance of its density': overGrid(
    ['mean', 'variance'],
    (the, distribution, grid, mass) => {
      const [mean, variance] = [finite(distribution, 'mean'), finite(distribution, 'variance')];
      const size = sizeOf(distribution.eventShape);
      mass.forEach((probability, entry) => {
        for (let element = 0; element < size; element++) {
          const x = grid.events.map((event) => event[element]!);
          const center = dot(probability, x);
          const index = entry * size + element;
          const squares = x.map((value) => (value - center) ** 2);
          if (mean) compare(the, mean[index]!, center, `mean [${index}]`);
          if (variance) compare(the, variance[index]!, dot(probability, squares), `variance [${index}]`);
        }
      });
    },
  ),

  'has the entropy of its density': overGrid(['entropy'], (the, distribution, grid, mass) => {
    const entropy = finite(distribution, 'entropy')!;
    mass.forEach((probability, entry) => {
      const total = probability.reduce(
        (sum, p, index) => (p > 0 ? sum - p * Math.log(p / grid.weights[index]!) : sum),
        0,
      );
      compare(the, entropy[entry]!, total, `entropy [${entry}]`);
    });
  }),

  'has its mode where the density is highest': overGrid(['mode'], (_, distribution, grid, mass) => {
    const atMode = distribution.logProb(distribution.mode()).dataSync();
    mass.forEach((probability, entry) => {
      const highest = probability.reduce((best, p, index) => Math.max(best, p / grid.weights[index]!), 0);
      ensure(
        atMode[entry]! >= Math.log(highest) - 1e-4,
        `logProb of mode [${entry}] is ${atMode[entry]}, below ${Math.log(highest)} elsewhere`,
      );
    });
  }),

  'has the cdf of its density': overGrid(['cdf'], (the, distribution, grid, mass) => {
    const { batchShape, eventShape } = distribution;
    const cdf = distribution.cdf(overBatch(grid.events, batchShape, eventShape));
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

type ClosedForm = 'mean' | 'variance' | 'entropy' | 'mode' | 'cdf';

/** A check of the distributions that have one of these closed forms, and a support that can be summed over. */
function overGrid(
  methods: readonly ClosedForm[],
  check: (the: DistributionCase, distribution: Distribution, grid: Grid, mass: number[][]) => void,
): Check<DistributionCase> {
  return when(
    (the) =>
      withDistribution(
        the,
        (distribution) =>
          canSumOver(the.support, sizeOf(distribution.eventShape)) &&
          methods.some((method) => finite(distribution, method) !== undefined),
      ),
    (the) =>
      withDistribution(the, (distribution) => {
        const grid = gridOf(the.support, sizeOf(distribution.eventShape));
        check(the, distribution, grid, masses(distribution, grid));
      }),
  );
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
function finite(distribution: Distribution, method: ClosedForm): number[] | undefined {
  const value = closedForm(() =>
    method === 'cdf' ? distribution.cdf(distribution.sample(Key.of(1))) : distribution[method](),
  );
  const values = value && Array.from(value.dataSync());
  return values?.includes(Infinity) ? undefined : values;
}

function compare(the: DistributionCase, actual: number, expected: number, what: string): void {
  ensureClose([actual], [expected], tolerances(the.tolerance).mass, what);
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, index) => sum + value * b[index]!, 0);
}
