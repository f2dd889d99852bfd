import type { Metric, Run } from '../results/schema';
import { decimal } from './format';
import type { Markup } from './html';
import { sortableTable } from './sortable-table';

/** What the runs have measured besides likelihoods, a column for each metric; nothing where there is none. */
export function metricsTable(runs: readonly Run[]): Markup | undefined {
  const measured = runs.flatMap(({ model, metrics }) =>
    metrics === undefined ? [] : { model, metrics, error: null },
  );
  const names = [...new Set(measured.flatMap(({ metrics }) => Object.keys(metrics)))];
  if (names.length === 0) return undefined;
  const first = (name: string) => measured.find(({ metrics }) => metrics[name])!.metrics[name]!;
  return sortableTable(measured, [
    { title: 'model', value: ({ model }) => model },
    ...names.map((name) => ({
      title: name,
      unit: unitOf(first(name)),
      value: ({ metrics }: (typeof measured)[number]) => metrics[name]?.value ?? null,
      text: ({ metrics }: (typeof measured)[number]) => textOf(metrics[name]),
    })),
  ]);
}

function unitOf({ unit, better }: Metric): string {
  const way = better === undefined ? undefined : `${better} is better`;
  return [unit, way].filter((part) => part !== undefined).join(', ');
}

function textOf(metric: Metric | undefined): string {
  const { value, standardError } = metric ?? { value: null };
  return `${decimal(value, 3)}${standardError ? ` ± ${decimal(standardError, 3)}` : ''}`;
}
