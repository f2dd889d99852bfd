import { alignedText, decimal, meanWithDeviation, NOTHING } from './format';
import { verdictOf } from '../statistics/quality';
import type { Comparison, ComparisonRow, Setting } from '../results/comparison';

const header = [
  'model',
  'engine',
  'threads',
  'batch',
  'ours ms',
  'peer',
  'peer ms',
  'ratio',
  'nats',
  'peer nats',
  'quality',
  '64 ms',
  'peer',
  'roofline',
];

/** The rows as lines of text for a terminal, without empty columns, then the mean of their ratios, then what is missing. */
export function comparisonTable({ rows }: Pick<Comparison, 'rows'>): string {
  const cells = rows.map((row) => [
    row.model,
    engineOf(row),
    settings[row.setting],
    decimal(row.batch),
    decimal(row.oursMs, 2),
    peerOf(row),
    decimal(row.peerMs, 2),
    decimal(row.ratio, 2),
    meanWithDeviation(row.oursTestNats, row.oursTestNatsSd),
    meanWithDeviation(row.peerTestNats, row.peerTestNatsSd),
    verdictOf(row) ?? NOTHING,
    decimal(row.oursSampleMs, 2),
    decimal(row.peerSampleMs, 2),
    percent(row.roofline),
  ]);
  const isFilled = header.map((_, column) => cells.some((line) => line[column] !== NOTHING));
  const lines = [header, ...cells].map((line) => line.filter((_, column) => isFilled[column]));
  const errors = rows.flatMap((row) =>
    row.error === undefined ? [] : [`${row.model}, ${engineOf(row)}, ${settings[row.setting]}: ${row.error}`],
  );
  return [...alignedText(lines, (column) => column < 3), ...meanRatios(rows), ...errors].join('\n');
}

/** The geometric mean of ratios: how many times faster ours is. */
export function meanRatio(rows: readonly ComparisonRow[]): number | null {
  const ratios = rows.flatMap(({ ratio }) => ratio ?? []);
  if (ratios.length === 0) return null;
  return Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
}

/** The geometric mean for each engine, on one thread and at its fastest, and how many rows are below 1. */
export function meanRatios(rows: readonly ComparisonRow[]): readonly string[] {
  const titles = rows.map((row) => `${engineOf(row)}, ${settings[row.setting]}`);
  return [...new Set(titles)].flatMap((title) => {
    const group = rows.filter((_, index) => titles[index] === title);
    const mean = meanRatio(group);
    if (mean === null) return [];
    const slower = group.filter(({ ratio }) => ratio !== null && ratio < 1).length;
    const times = `${decimal(mean, 2)} times as fast as ${peersOf(group)}`;
    return [
      `${title}: ${times} (geometric mean of ${group.filter(({ ratio }) => ratio !== null).length}, ${slower} of them slower)`,
    ];
  });
}

/** The peer that a row is held against. */
export const peerOf = ({ peer }: Pick<ComparisonRow, 'peer'>): string => peer ?? NOTHING;

/** `PyTorch`, or `the fastest of pytorch, jax` where rows have several peers. */
export function peersOf(rows: readonly Pick<ComparisonRow, 'peer'>[]): string {
  const peers = [...new Set(rows.map(peerOf))].filter((peer) => peer !== NOTHING);
  if (peers.length === 1 && peers[0] === 'pytorch') return 'PyTorch';
  return peers.length === 1 ? peers[0]! : `the fastest of ${peers.join(', ')}`;
}

/** What the settings are called. */
export const settings: Readonly<Record<Setting, string>> = { 'one-thread': 'one', fastest: 'best' };

/** `eager`, or `compiled on webgpu`. */
export function engineOf({ engine, device }: Pick<ComparisonRow, 'engine' | 'device'>): string {
  return device === 'webgpu' || device === 'cuda' ? `${engine} on ${device}` : engine;
}

/** One row in one line, for progress. */
export function describeRow(row: ComparisonRow): string {
  const title = `${engineOf(row)}, ${settings[row.setting]} thread${row.setting === 'one-thread' ? '' : 's'}`;
  const times = `${withThreads(row.oursMs, row.oursThreads)} against ${withThreads(row.peerMs, row.peerThreads)} ms a step of ${peerOf(row)}`;
  const nats = `${meanWithDeviation(row.oursTestNats, row.oursTestNatsSd)} against ${meanWithDeviation(row.peerTestNats, row.peerTestNatsSd)} nats`;
  const found = [
    row.oursMs === null && row.seeds > 0 ? false : `${times}, ratio ${decimal(row.ratio, 2)}`,
    row.seeds > 0 && nats,
  ].filter((part) => part !== false);
  return `${title}: ${found.join('; ')}${row.error === undefined ? '' : ` (${row.error})`}`;
}

/** Milliseconds, and with how many threads where that is more than one. */
export function withThreads(ms: number | null, threads: number | null): string {
  return `${decimal(ms, 2)}${ms !== null && threads !== null && threads > 1 ? ` (${threads} threads)` : ''}`;
}

export function percent(fraction: number | null): string {
  return fraction === null ? NOTHING : `${decimal(100 * fraction)} %`;
}
