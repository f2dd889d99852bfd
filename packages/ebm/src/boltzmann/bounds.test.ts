import { readFileSync } from 'node:fs';
import { Key } from '@dgm/core';
import { expect, it } from 'vitest';
import { treeBound, type PairwiseEnergy } from './bounds';

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
