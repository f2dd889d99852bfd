import { decimal, NOTHING } from '../format';
import type { Comparison, ComparisonRow } from './schema';

const header = [
  'model',
  'engine',
  'batch',
  'ours ms',
  'PyTorch ms',
  'ratio',
  'nats',
  'PyTorch nats',
  '64 ms',
  'PyTorch',
  'roofline',
];

/** The rows as lines of text for a terminal, then the mean of their ratios, then what is missing. */
export function comparisonTable({ rows }: Pick<Comparison, 'rows'>): string {
  const cells = rows.map((row) => [
    row.model,
    row.engine,
    decimal(row.batch),
    withThreads(row.oursMs, row.oursThreads),
    withThreads(row.peerMs, row.peerThreads),
    decimal(row.ratio, 2),
    decimal(row.oursTestNats, 2),
    decimal(row.peerTestNats, 2),
    decimal(row.oursSampleMs, 2),
    decimal(row.peerSampleMs, 2),
    percent(row.roofline),
  ]);
  const lines = [header, ...cells];
  const widths = header.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const text = lines.map((line) =>
    line
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
  const errors = rows.flatMap(({ model, engine, batch, error }) =>
    error === undefined ? [] : [`${model}, ${engine}, batch ${batch ?? NOTHING}: ${error}`],
  );
  return [
    text[0],
    widths.map((width) => '─'.repeat(width)).join('  '),
    ...text.slice(1),
    ...means(rows),
    ...errors,
  ].join('\n');
}

/** The geometric mean of the ratios of each engine: how many times faster it is. */
export function meanRatio(rows: readonly ComparisonRow[]): number | null {
  const ratios = rows.flatMap(({ ratio }) => ratio ?? []);
  if (ratios.length === 0) return null;
  return Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
}

function means(rows: readonly ComparisonRow[]): readonly string[] {
  const engines = [...new Set(rows.map(({ engine }) => engine))];
  return engines.flatMap((engine) => {
    const mean = meanRatio(rows.filter((row) => row.engine === engine));
    return mean === null ? [] : [`${engine}: ${decimal(mean, 2)} times as fast as PyTorch (geometric mean)`];
  });
}

/** Milliseconds, and with how many threads where that is more than one. */
export function withThreads(ms: number | null, threads: number | null): string {
  return `${decimal(ms, 2)}${ms !== null && threads !== null && threads > 1 ? ` (${threads} threads)` : ''}`;
}

export function percent(fraction: number | null): string {
  return fraction === null ? NOTHING : `${decimal(100 * fraction)} %`;
}
