import type { MeasuredTraining, Measurement } from '../results/comparison';
import { mean } from '../statistics/statistics';
import { engineOf, peerOf, percent, settings, withThreads } from './comparison-text';
import { decimal, duration, meanWithDeviation } from './format';
import type { Markup } from './html';
import type { RatioRow } from './ratio-chart';
import { sortableTable } from './sortable-table';

/** One line for each of our engines and each setting, against the fastest peer. */
export function rowsTable(rows: readonly RatioRow[]): Markup {
  return sortableTable(rows, [
    { title: 'model', unit: 'batch or size', value: ({ label }) => label },
    { title: 'engine', value: engineOf },
    { title: 'threads', value: ({ setting }) => settings[setting] },
    {
      title: 'ours',
      unit: 'ms a step',
      value: ({ oursMs }) => oursMs,
      text: (row) => withThreads(row.oursMs, row.oursThreads),
    },
    { title: 'peer', value: peerOf },
    {
      title: 'peer',
      unit: 'ms a step',
      value: ({ peerMs }) => peerMs,
      text: (row) => withThreads(row.peerMs, row.peerThreads),
    },
    { title: 'ratio', value: ({ ratio }) => ratio },
    {
      title: 'ours',
      unit: 'test nats',
      value: ({ oursTestNats }) => oursTestNats,
      text: (row) => meanWithDeviation(row.oursTestNats, row.oursTestNatsSd),
    },
    {
      title: 'peer',
      unit: 'test nats',
      value: ({ peerTestNats }) => peerTestNats,
      text: (row) => meanWithDeviation(row.peerTestNats, row.peerTestNatsSd),
    },
    { title: 'ours', unit: 'ms, 64 samples', value: ({ oursSampleMs }) => oursSampleMs },
    { title: 'peer', unit: 'ms, 64 samples', value: ({ peerSampleMs }) => peerSampleMs },
    { title: 'roofline', value: ({ roofline }) => roofline, text: ({ roofline }) => percent(roofline) },
  ]);
}

/** One line for each program with each number of threads. */
export function measurementsTable(measurements: readonly Measurement[]): Markup {
  return sortableTable(measurements, [
    {
      title: 'engine',
      unit: 'model, batch',
      value: ({ engine, model, batch }) => `${engine}: ${model}, ${batch ?? '–'}`,
    },
    { title: 'device', value: ({ device }) => device },
    { title: 'threads', value: ({ threads }) => threads, text: threadsText },
    { title: 'step', unit: 'ms, median', value: ({ msPerStep }) => msPerStep?.median ?? null },
    { title: 'step', unit: 'ms, least', value: ({ msPerStep }) => msPerStep?.min ?? null },
    {
      title: 'memory',
      unit: 'MiB',
      value: ({ peakMemoryMiB }) => peakMemoryMiB,
      text: ({ peakMemoryMiB }) => decimal(peakMemoryMiB),
    },
    {
      title: 'memory of a step',
      unit: 'MiB',
      value: ({ stepMemoryMiB }) => stepMemoryMiB ?? null,
      text: ({ stepMemoryMiB }) => decimal(stepMemoryMiB),
    },
    {
      title: 'training',
      value: (row) => overSeeds(row, ({ seconds }) => seconds),
      text: (row) => duration(overSeeds(row, ({ seconds }) => seconds)),
    },
    {
      title: 'to the loss of all',
      value: (row) => overSeeds(row, ({ secondsToTarget }) => secondsToTarget),
      text: (row) => duration(overSeeds(row, ({ secondsToTarget }) => secondsToTarget)),
    },
    {
      title: 'epochs',
      value: (row) => overSeeds(row, ({ epochs }) => epochs),
      text: (row) => decimal(overSeeds(row, ({ epochs }) => epochs)),
    },
    { title: 'test', unit: 'nats', value: (row) => overSeeds(row, ({ testNats }) => testNats) },
  ]);
}

/** The mean over the trainings; null where there are none, or one lacks it. */
function overSeeds(
  { trainings }: Measurement,
  value: (training: MeasuredTraining) => number | null,
): number | null {
  const values = trainings.flatMap((training) => value(training) ?? []);
  return values.length < trainings.length || values.length === 0 ? null : mean(values);
}

/** `2`, or `2, of operators 1` where PyTorch has so many, and its BLAS library others. */
function threadsText({ threads, operatorThreads = threads }: Measurement): string {
  return operatorThreads === threads ? decimal(threads) : `${threads}, of operators ${operatorThreads}`;
}
