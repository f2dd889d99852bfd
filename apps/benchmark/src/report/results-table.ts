import { decimal, duration, kindLabels, NOTHING, score } from './format';
import type { Baseline } from '../datasets/baselines';
import { isScore, type Failure, type Results, type Run } from '../results/schema';
import { html, type Markup, type Renderable } from './html';
import { tableOf } from './sortable-table';

interface Column {
  readonly title: string;
  readonly unit?: string;
  readonly value: (run: Run) => number | string | null | undefined;
  readonly text: (run: Run) => Renderable;
}

const importanceSampled = (run: Run) =>
  Object.values(run.extra)
    .filter(isScore)
    .find(({ kind }) => kind === 'importance-sampled');

/** What the table shows of a run; `value` is what it is sorted by. */
const columns: readonly Column[] = [
  {
    title: 'model',
    value: (run) => run.model,
    text: (run) => html`<a href="#${run.model}">${run.model}</a><small>${run.extra.source}</small>`,
  },
  { title: 'test', unit: 'nats', value: (run) => run.test?.nats, text: (run) => score(run.test) },
  {
    title: 'test',
    unit: 'bits/dim',
    value: (run) => run.test?.bitsPerDim,
    text: (run) => decimal(run.test?.bitsPerDim, 3),
  },
  {
    title: 'kind',
    value: (run) => run.test?.kind,
    text: (run) => (run.test ? kindLabels[run.test.kind] : NOTHING),
  },
  {
    title: 'importance',
    unit: 'sampled, nats',
    value: (run) => importanceSampled(run)?.nats,
    text: (run) => score(importanceSampled(run)),
  },
  {
    title: 'validation',
    unit: 'nats',
    value: (run) => run.validation.nats,
    text: (run) => decimal(run.validation.nats, 2),
  },
  { title: 'parameters', value: (run) => run.parameters, text: (run) => decimal(run.parameters) },
  { title: 'epochs', value: (run) => run.epochs, text: (run) => decimal(run.epochs) },
  {
    title: 'step',
    unit: 'ms, median',
    value: (run) => run.msPerStep.median,
    text: (run) => decimal(run.msPerStep.median, 2),
  },
  { title: 'training', value: (run) => run.trainSeconds, text: (run) => duration(run.trainSeconds) },
  { title: '64 samples', value: (run) => run.sampleSeconds, text: (run) => duration(run.sampleSeconds) },
];

/** One table for all families: runs and baselines by test likelihood, then what failed. */
export function resultsTable(results: Results, baselines: readonly Baseline[]): Markup {
  const { runs, failures = [], dataset } = results;
  const rows = [
    ...runs.map((run) => ({ nats: run.test?.nats ?? Infinity, row: runRow(run) })),
    ...baselines.map((baseline) => ({ nats: baseline.nats, row: baselineRow(baseline, dataset.dims) })),
  ].sort((a, b) => a.nats - b.nats);
  return tableOf(columns, [...rows.map(({ row }) => row), ...failures.map(failureRow)]);
}

function runRow(run: Run): Markup {
  return html`<tr>
    ${columns.map(({ value, text }) => html`<td data-value="${value(run) ?? ''}">${text(run)}</td>`)}
  </tr>`;
}

function baselineRow({ name, nats }: Baseline, dims: number): Markup {
  const bits = nats / dims / Math.LN2;
  const known = [
    html`<td data-value="${name}">${name}<small>baseline</small></td>`,
    html`<td data-value="${nats}">${decimal(nats, 2)}</td>`,
    html`<td data-value="${bits}">${decimal(bits, 3)}</td>`,
    html`<td data-value="exact">${kindLabels.exact}</td>`,
  ];
  return html`<tr class="baseline">
    ${known} ${columns.slice(known.length).map(() => html`<td data-value=""></td>`)}
  </tr>`;
}

function failureRow({ model, error }: Failure): Markup {
  return html`<tr class="failed">
    <td data-value="${model}">${model}<small>failed</small></td>
    <td colspan="${columns.length - 1}">${error}</td>
  </tr>`;
}
