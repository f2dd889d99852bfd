import { ArgumentError, checkKey, type Key } from '@dgm/core';
import type { Examples } from '../dataset';
import { subset } from './subset';

/**
 * Deals the examples out at random.
 *
 * @param fractions - for each part, its share; shares that sum to 1 use every example once
 * @returns the parts under their names, each of `fraction * count` examples up to rounding
 * @throws ArgumentError if a share is not in [0, 1], or they sum to more than 1
 *
 * @example
 * ```ts
 * dataset({ name: 'mine', ...split(examples, { train: 0.7, validation: 0.1, test: 0.2 }, Key.of(0)) });
 * ```
 */
export function split<Part extends string>(
  examples: Examples,
  fractions: Readonly<Record<Part, number>>,
  key: Key,
): Record<Part, Examples> {
  checkKey('split', key);
  const shares = Object.entries<number>(fractions);
  const total = shares.reduce((sum, [, share]) => sum + share, 0);
  if (shares.some(([, share]) => !(share >= 0)) || !(total <= 1 + ROUNDING)) {
    throw new ArgumentError({
      where: 'split',
      argument: 'fractions',
      expected: 'to be at least 0 and to sum to at most 1',
      actual: JSON.stringify(fractions),
    });
  }
  const order = key.permutation(examples.count);
  // Rounding the running sum, not each share, loses no example.
  let used = 0;
  let start = 0;
  const parts = shares.map(([part, share]) => {
    used += share;
    const end = Math.min(examples.count, Math.round(used * examples.count));
    const rows = order.subarray(start, end);
    start = end;
    return [part, subset(examples, rows)];
  });
  return Object.fromEntries(parts) as Record<Part, Examples>;
}

/** What sums of decimal fractions may be off by. */
const ROUNDING = 1e-9;
