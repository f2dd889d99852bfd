import { DgmError } from '@dgm/core';
import { expect, it } from 'vitest';
import golden from '../../test/golden/bd-rate.json';
import { bjontegaardRate } from './bd-rate';
import type { RatePoint } from './bd-rate';

const curve = (points: readonly (readonly number[])[]): RatePoint[] =>
  points.map(([rate, quality]) => ({ rate: rate!, quality: quality! }));

it('is that of an independent implementation', () => {
  for (const { anchor, curve: other, expected } of golden) {
    expect(bjontegaardRate(curve(anchor), curve(other))).toBeCloseTo(expected, 9);
  }
});

it('is 0 for one curve, and the factor of a rate that is larger by one', () => {
  const anchor = curve(golden[0]!.anchor);
  expect(bjontegaardRate(anchor, anchor)).toBe(0);
  const larger = anchor.map(({ rate, quality }) => ({ rate: 1.25 * rate, quality }));
  expect(bjontegaardRate(anchor, larger)).toBeCloseTo(25, 10);
});

it.each([
  ['one point', [[1, 20]]],
  ['a quality twice', [[1, 20], [2, 20]]], // prettier-ignore
  ['a rate of 0', [[0, 20], [2, 30]]], // prettier-ignore
  ['qualities beyond those of the anchor', [[1, 60], [2, 70]]], // prettier-ignore
  ['an infinite quality', [[1, 30], [2, Infinity]]], // prettier-ignore
])('refuses %s', (_, points) => {
  let code: unknown;
  try {
    bjontegaardRate(curve(golden[0]!.anchor), curve(points));
  } catch (error) {
    code = DgmError.is(error) ? error.code : error;
  }
  expect(code).toBe('argument');
});
