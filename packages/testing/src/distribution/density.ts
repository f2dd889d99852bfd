import { sizeOf } from '@dgm/core';
import { ensure, ensureClose } from '../assert';
import type { DistributionCase } from '../distribution';
import { when, type Checks } from '../register';
import { flatten, tensorOf } from '../tensors';
import { STANDARD_ERRORS, tolerances } from '../tolerances';
import { gridOf, masses, withDistribution } from './grid';

/** Values of the density. */
export const densityChecks: Checks<DistributionCase> = {
  'agrees with float64 reference values': when(
    ({ golden = [] }) => golden.length > 0,
    (the) => {
      for (const { parameters, x, ...row } of the.golden!) {
        withDistribution(
          the,
          (distribution) => {
            for (const [method, expected] of Object.entries(row)) {
              const call = method as keyof typeof row;
              const needsX = call === 'logProb' || call === 'cdf';
              ensure(!needsX || x !== undefined, `the golden row for ${call} has no x`);
              const actual = needsX ? distribution[call](tensorOf(x!)) : distribution[call]();
              ensureClose(
                actual.dataSync(),
                flatten(expected),
                tolerances(the.tolerance).value,
                `${call} at ${JSON.stringify(x)}`,
              );
            }
          },
          parameters,
        );
      }
    },
  ),

  'gives its whole support a probability of 1': (the) =>
    withDistribution(the, (distribution) => {
      const grid = gridOf(the.support, sizeOf(distribution.eventShape));
      masses(distribution, grid).forEach((mass, entry) => {
        const total = mass.reduce((sum, value) => sum + value, 0);
        const { relative, absolute } = tolerances(the.tolerance).mass;
        // A uniform density has no error but that of rounding.
        const allowed = grid.random
          ? STANDARD_ERRORS * standardErrorOfTotal(mass) + ROUNDING
          : relative + absolute;
        ensure(
          Math.abs(total - 1) <= allowed,
          `the probability of batch entry ${entry} sums to ${total}, expected 1 within ${allowed}`,
        );
        ensure(
          !grid.random || allowed < 0.2,
          `the proposal is too far off to show that entry ${entry} normalises`,
        );
      });
    }),

  'stays well-defined at extreme values': when(
    ({ extremes = [] }) => extremes.length > 0,
    (the) => {
      for (const { parameters, x, logProb } of the.extremes!) {
        withDistribution(
          the,
          (distribution) => {
            const values = Array.from(distribution.logProb(tensorOf(x)).dataSync());
            const at = `logProb at ${JSON.stringify(x)}`;
            ensure(
              values.every((value) => Number.isFinite(value) || value === -Infinity),
              `${at} is ${values}, expected finite numbers or -Infinity`,
            );
            if (logProb !== undefined)
              ensureClose(values, flatten(logProb), tolerances(the.tolerance).value, at);
          },
          parameters,
        );
      }
    },
  ),
};

const ROUNDING = 1e-6;

function standardErrorOfTotal(mass: readonly number[]): number {
  const n = mass.length;
  const mean = mass.reduce((sum, value) => sum + value, 0) / n;
  return Math.sqrt((n / (n - 1)) * mass.reduce((sum, value) => sum + (value - mean) ** 2, 0));
}
