import { sizeOf, type Distribution } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { ensure, ensureClose } from '../assert';
import { when, type Checks } from '../register';
import { flatten, tensorOf } from '../tensors';
import { STANDARD_ERRORS, tolerances } from '../tolerances';
import type { DistributionCase } from './case';
import { gridOf, masses, withDistribution } from './grid';
import { closedForm } from './protocol';

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

  'has a quantile that inverts its distribution function': when(
    (the) => withDistribution(the, (distribution) => quantileOf(distribution, [0.5]) !== undefined),
    (the) =>
      withDistribution(the, (distribution) => {
        const shares = [0.01, 0.3, 0.5, 0.8, 0.99];
        const x = quantileOf(distribution, shares)!;
        const [reached, before] = [x, tf.sub(x, 1)].map((at) => distribution.cdf(at).dataSync());
        const isDiscrete = the.support.kind !== 'real';
        const copies = sizeOf(distribution.batchShape);
        reached!.forEach((value, index) => {
          const wanted = shares[Math.floor(index / copies)]!;
          const fits = isDiscrete
            ? value >= wanted - 1e-5 && before![index]! <= wanted + 1e-5
            : Math.abs(value - wanted) <= 1e-4;
          ensure(fits, `the cdf at the quantile of ${wanted} is ${value}`);
        });
        const outside = quantileOf(distribution, [-0.1, 1.1, NaN])!.dataSync();
        ensure(outside.every(Number.isNaN), `quantiles of no probability are ${outside}, expected NaN`);
      }),
  ),

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

/** Quantiles at shares for the whole batch, where the distribution has them. */
function quantileOf(distribution: Distribution, shares: readonly number[]): Tensor | undefined {
  const p = tf.mul(
    tf.reshape(tf.tensor1d([...shares]), [shares.length, ...distribution.batchShape.map(() => 1)]),
    tf.ones([...distribution.batchShape]),
  );
  return distribution.eventShape.length > 0 ? undefined : closedForm(() => distribution.quantile?.(p));
}

const ROUNDING = 1e-6;

function standardErrorOfTotal(mass: readonly number[]): number {
  const n = mass.length;
  const mean = mass.reduce((sum, value) => sum + value, 0) / n;
  return Math.sqrt((n / (n - 1)) * mass.reduce((sum, value) => sum + (value - mean) ** 2, 0));
}
