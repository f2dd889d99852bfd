import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { criticalT } from './critical-t';
import { differenceOf, verdictOf, type Reached } from './quality';

interface Side {
  readonly mean: number;
  readonly sd: number;
}
interface Pair {
  readonly seeds: number;
  readonly ours: Side;
  readonly peer: Side;
  readonly pValue: number;
  readonly halfWidth: number;
}
const golden = JSON.parse(readFileSync(new URL('../../test/golden/welch.json', import.meta.url), 'utf8')) as {
  readonly critical: readonly { readonly degrees: number; readonly t: number }[];
  readonly pairs: readonly Pair[];
};

const reached = ({ ours, peer, seeds }: Pick<Pair, 'ours' | 'peer' | 'seeds'>): Reached => ({
  oursTestNats: ours.mean,
  peerTestNats: peer.mean,
  oursTestNatsSd: ours.sd,
  peerTestNatsSd: peer.sd,
  seeds,
});

describe("the 95 % interval of Student's t", () => {
  it.each(golden.critical)('is that of SciPy for $degrees degrees of freedom', ({ degrees, t }) => {
    expect(criticalT(degrees) / t).toBeCloseTo(1, 6);
  });
});

describe('the quality of ours against the peer', () => {
  it.each(golden.pairs)('has the interval of Welch by SciPy: p = $pValue', (pair) => {
    const { nats, halfWidth } = differenceOf(reached(pair))!;
    expect(nats).toBeCloseTo(pair.ours.mean - pair.peer.mean, 10);
    expect(halfWidth / pair.halfWidth).toBeCloseTo(1, 6);
    // The test and the interval are one: what is significant at 5 % lies outside.
    expect(verdictOf(reached(pair)) === 'equal').toBe(pair.pValue >= 0.05);
  });

  it('is better where there are fewer nats', () => {
    const [low, high] = [
      { mean: 97.1, sd: 0.2 },
      { mean: 99, sd: 0.3 },
    ];
    expect(verdictOf(reached({ ours: low, peer: high, seeds: 3 }))).toBe('better');
    expect(verdictOf(reached({ ours: high, peer: low, seeds: 3 }))).toBe('worse');
    expect(verdictOf(reached({ ours: { ...high, sd: 9 }, peer: low, seeds: 3 }))).toBe('equal');
  });

  it('takes what has no spread at its word', () => {
    const still = (mean: number) => ({ mean, sd: 0 });
    expect(differenceOf(reached({ ours: still(1), peer: still(3), seeds: 2 }))).toEqual({
      nats: -2,
      halfWidth: 0,
    });
    expect(verdictOf(reached({ ours: still(3), peer: still(3), seeds: 2 }))).toBe('equal');
  });

  it.each<[string, Partial<Reached>]>([
    ['one seed', { oursTestNatsSd: null, peerTestNatsSd: null, seeds: 1 }],
    ['a side without a likelihood', { oursTestNats: null, oursTestNatsSd: null }],
    ['nothing to hold it against', { peerTestNats: null, peerTestNatsSd: null }],
  ])('is unknown with %s', (_, missing) => {
    const row = { ...reached(golden.pairs[0]!), ...missing };
    expect([differenceOf(row), verdictOf(row)]).toEqual([null, null]);
  });
});
