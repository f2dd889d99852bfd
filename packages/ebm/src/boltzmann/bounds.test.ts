import { readFileSync } from 'node:fs';
import { Key } from '@dgm/core';
import { expect, it } from 'vitest';
import { gridEdges } from './graph';
import { betheApproximation, meanFieldBound, treeBound, type PairwiseEnergy } from './bounds';

const file = new URL('../../test/golden/tree-bound.json', import.meta.url);
const golden = JSON.parse(readFileSync(file, 'utf8')) as Record<
  string,
  PairwiseEnergy & { readonly exact: number; readonly bound: number }
>;

it.each(['triangle', 'square'])('the bound of trees is that of message passing: a %s', (name) => {
  const { exact, bound, ...energy } = golden[name]!;
  const random = Key.of(0).generator();
  // As many trees as edges, each without another edge: all edges appear equally often.
  const trees = energy.edges.length;
  const start = treeBound(energy, { trees, random, steps: 0 });
  expect(treeBound(energy, { trees, random, steps: 500 })).toBeCloseTo(bound, 6);
  expect(start).toBeGreaterThan(bound + 0.01);
  expect(bound).toBeGreaterThan(exact);
});

/** $\ln Z$ by a sum over all states. */
function exactOf({ bias, edges, weights }: PairwiseEnergy): number {
  let total = 0;
  for (let state = 0; state < 2 ** bias.length; state++) {
    const bit = (i: number): number => (state >> i) & 1;
    const linear = Array.from(bias, (b, i) => b * bit(i)).reduce((sum, term) => sum + term, 0);
    total += Math.exp(edges.reduce((sum, [i, j], e) => sum + weights[e]! * bit(i) * bit(j), linear));
  }
  return Math.log(total);
}

it.each([0.5, 2, 4])('the Bethe approximation is below ln Z for attractive weights of about %s', (scale) => {
  const random = Key.of(1).generator();
  const edges = gridEdges([3, 3]);
  const weights = edges.map(() => scale * (0.5 + random.uniform()));
  const bias = Float64Array.from({ length: 9 }, () => -1.5 * scale + random.normal());
  const energy = { bias, edges, weights };
  const [exact, bethe] = [exactOf(energy), betheApproximation(energy)];
  expect(bethe).toBeLessThan(exact);
  expect(bethe).toBeGreaterThan(meanFieldBound(energy));
});

it('the Bethe approximation is exact without a cycle, also where one weight is negative', () => {
  const energy = {
    bias: [0.3, -1, 0.7],
    edges: [
      [0, 1],
      [2, 1],
    ] as const,
    weights: [2.5, -3],
  };
  expect(betheApproximation(energy)).toBeCloseTo(exactOf(energy), 8);
});
