import { expect, it } from 'vitest';
import { posteriorTable } from './posterior-table';
import type { Results, Run } from '../results/schema';

const run = (model: string, validation: number, test: number, stoppedBy = 'early-stopping'): Run =>
  ({
    model,
    validation: { nats: validation },
    test: { nats: test, bitsPerDim: 2, kind: 'lower-bound', standardError: 0.02 },
    epochs: 120,
    extra: {
      stoppedBy,
      importanceSampled: { nats: test - 3, bitsPerDim: 2, kind: 'importance-sampled', standardError: 0.01 },
    },
  }) as unknown as Run;

it('has a row for each posterior that was run, and marks what validation chose', () => {
  const runs = [
    run('vae-iaf-flow', 95, 92, 'max-seconds'),
    run('vae-gaussian-standard', 97, 91),
    run('vae', 90, 90),
  ];
  const lines = posteriorTable({ dataset: { name: 'digits', test: 447 }, runs } as unknown as Results).split(
    '\n',
  );
  expect(lines.slice(2, 5)).toEqual([
    '| normal | ≤ 91.00 ± 0.02; 88.00 ± 0.01 | – | – | – |',
    '| inverse autoregressive flow | – | – | **≤ 92.00 ± 0.02**; 89.00 ± 0.01 (120) | – |',
    '',
  ]);
  expect(lines[5]).toContain('447 test rows');
});
