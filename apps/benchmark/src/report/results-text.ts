import { alignedText, decimal, kindLabels, NOTHING, score } from './format';
import type { Baseline } from '../datasets/baselines';
import type { Results } from '../results/schema';

const header = ['model', 'test nats', 'bits/dim', 'kind', 'ms/step', 'seconds'];

/** The results as lines of text for a terminal: runs and baselines, best first, then what failed. */
export function textTable({ runs, failures = [], dataset }: Results, baselines: readonly Baseline[]): string {
  const rows = [
    ...runs.map((run) => ({
      nats: run.test?.nats ?? Infinity,
      cells: [
        run.model,
        score(run.test),
        decimal(run.test?.bitsPerDim, 3),
        run.test ? kindLabels[run.test.kind] : NOTHING,
        decimal(run.msPerStep.median, 2),
        decimal(run.trainSeconds, 1),
      ],
    })),
    ...baselines.map(({ name, nats }) => ({
      nats,
      cells: [
        `(${name})`,
        decimal(nats, 2),
        decimal(nats / dataset.dims / Math.LN2, 3),
        kindLabels.exact,
        '',
        '',
      ],
    })),
  ].sort((a, b) => a.nats - b.nats);
  const lines = [
    header,
    ...rows.map(({ cells }) => cells),
    ...failures.map(({ model }) => [model, 'failed']),
  ];
  return alignedText(lines, (column) => column === 0 || column === 3).join('\n');
}
