import { decimal, duration, NOTHING, score } from '../report/format';
import type { Comparison, ComparisonRow, Measurement } from '../results/comparison';
import { isScore, type Results, type Run } from '../results/schema';

/** What was measured of models on one data set. */
export interface RealSize {
  /** Times and memory beside PyTorch. */
  readonly comparison: Comparison;
  /** Trained models, where there are any. */
  readonly results?: Results;
}

/** The table of the benchmark's README of models at 28x28: a step and its memory beside PyTorch, and what training leads to. */
export function realSizesTable(sizes: readonly RealSize[]): string {
  const { machine } = sizes[0]!.comparison;
  const header = [
    'model',
    'levels',
    'batch',
    'step, ms',
    'PyTorch',
    'ratio',
    'step, MiB',
    'PyTorch',
    'process, MiB',
    'PyTorch',
    'test nats',
    'trained for',
  ];
  const table = [
    header,
    header.map((_, column) => (column === 0 ? '---' : '--:')),
    ...sizes.flatMap((size) => size.comparison.rows.map((row) => cellsOf(row, size))),
  ];
  return [
    ...table.map((cells) => `| ${cells.join(' | ')} |`),
    '',
    `One thread each, turn by turn; the faster of PyTorch ${machine.pytorch}'s eager and fused optimizers. “Step” memory is what building the`,
    'model and taking steps adds to a process that has loaded its libraries, at its peak: data, weights, optimizer and results of a',
    'step. “Process” is the peak of all that, and of drawing 64 samples. Both are the resident memory that the system counts, on both',
    'sides. Trained with one seed; a `≤` marks a bound, and what follows it is an estimate with 1000 importance samples; “by the clock”',
    `is a training that would have gone on. ${machine.cpu}, ${loadOf(sizes.map(({ comparison }) => comparison.machine.load))}.`,
  ].join('\n');
}

/** How busy the machine was when it was measured. */
function loadOf(loads: readonly number[]): string {
  if (Math.max(...loads) < 1) return 'with nothing else to do at the start';
  return `other work beside it: ${loads.map((load) => decimal(load, 0)).join(' and ')} processes wanted a core at the start`;
}

function cellsOf(row: ComparisonRow, { comparison, results }: RealSize): readonly string[] {
  const measured = comparison.measurements.filter(
    ({ model, batch }) => model === row.model && batch === row.batch,
  );
  const ours = measured.find(({ engine }) => engine === row.engine);
  const peer = measured.find(({ engine }) => engine === row.peer);
  const run = results?.runs.find(({ model }) => model === row.model);
  const memory = (of: Measurement | undefined) =>
    [decimal(of?.stepMemoryMiB), decimal(of?.peakMemoryMiB)] as const;
  const [[oursStep, oursPeak], [peerStep, peerPeak]] = [memory(ours), memory(peer)];
  return [
    `\`${row.model}\``,
    decimal(comparison.dataset.values),
    decimal(row.batch),
    decimal(row.oursMs, 1),
    decimal(row.peerMs, 1),
    decimal(row.ratio, 2),
    ...[oursStep, peerStep, oursPeak, peerPeak],
    natsOf(run),
    trainedFor(run),
  ];
}

/** The likelihood, and after it the closer estimate of one that is a bound. */
function natsOf(run: Run | undefined): string {
  if (run === undefined) return NOTHING;
  const { importanceSampled } = run.extra;
  return isScore(importanceSampled) ? `${score(run.test)}; ${score(importanceSampled)}` : score(run.test);
}

function trainedFor(run: Run | undefined): string {
  if (run === undefined) return NOTHING;
  const { epochs, trainSeconds, extra } = run;
  const end = extra.stoppedBy === 'max-seconds' ? ' (by the clock)' : '';
  return `${duration(trainSeconds)}, ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}${end}`;
}
