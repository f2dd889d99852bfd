import { expect, it } from 'vitest';
import { recipes } from '../recipes/published/index';
import { publishedTables } from './published-numbers';
import { publishedTable } from './published-table';
import type { Results, Run } from '../results/schema';

const run = (model: string, stoppedBy: string): Run =>
  ({
    model,
    test: { nats: 20, bitsPerDim: 0.45, kind: 'lower-bound', standardError: 0.02 },
    epochs: 150,
    extra: {
      stoppedBy,
      importanceSampled: { nats: 19, bitsPerDim: 0.43, kind: 'importance-sampled', standardError: 0.01 },
    },
  }) as unknown as Run;

const dataset = { name: 'binarized-digits', train: 1000, test: 447, dims: 64 };

it('shows a published number beside a run that is labelled as other data', () => {
  const runs = [run('sylvester-2018-planar', 'max-seconds'), run('svae-2018-sphere-2', 'early-stopping')];
  const text = publishedTable({ dataset, runs } as unknown as Results);
  const rowOf = (model: string) => text.split('\n').find((line) => line.includes(`\`${model}\``));
  expect(rowOf('sylvester-2018-planar')).toBe(
    '| `sylvester-2018-planar` | planar (van den Berg et al., 2018) | static MNIST | 86.06 ± 0.31; 81.91 ± 0.22 | ≤ 20.00 ± 0.02; 19.00 ± 0.01 (150) |',
  );
  expect(rowOf('svae-2018-sphere-2')).toContain('≤ 20.00 ± 0.02; 19.00 ± 0.01 |');
  expect(rowOf('vampprior-2018-vamp')).toContain('| –; 85.57 | – |');
  expect(text).toContain('8x8 digits, thresholded: not MNIST');
});

it('has a row for every published model', () => {
  const rows = publishedTables.flatMap(({ numbers }) => numbers.map(({ model }) => model));
  expect([...rows].sort()).toEqual(recipes.map(({ name }) => name).sort());
});
