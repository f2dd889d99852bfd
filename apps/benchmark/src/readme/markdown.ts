import { decimal, NOTHING, score } from '../report/format';
import type { Comparison } from '../results/comparison';
import { isScore } from '../results/schema';
import type { Results, Run } from '../results/schema';

/** The table that the README of the repository shows: one row per committed run, best first. */
export function markdownTable({ dataset, machine, runs }: Results): string {
  const rows = [
    ['model', 'test nats', 'bits/dim', 'importance-sampled', 'parameters', 'epochs', 'engine'],
    ['---', '--:', '--:', '--:', '--:', '--:', '---'],
    ...ranked(runs).map(row),
  ];
  return [
    `${dataset.name}: ${dataset.train} training and ${dataset.test} test examples of ${dataset.dims} values 0 to ${(dataset.values ?? 1) - 1}.`,
    'A `≤` marks a bound; ± is the noise of its draws.',
    '',
    ...rows.map((cells) => `| ${cells.join(' | ')} |`),
    '',
    `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, TensorFlow.js ${machine.tfjs}. The commands are in`,
    `[the results](apps/benchmark/results/${dataset.name}.json).`,
  ].join('\n');
}

/**
 * The table of one package's README: what its models reach by the committed runs, and what a step and 64 samples cost, ours and
 * PyTorch's, by the committed comparison.
 */
export function familyTable(
  { dataset, runs }: Results,
  { machine, rows: compared }: Comparison,
  packageName: string,
): string {
  const costs = (model: string) =>
    compared.find((row) => row.model === model && row.engine === 'compiled' && row.setting === 'fastest');
  const rows = [
    [
      'model',
      'parameters',
      'test nats',
      'bits/dim',
      'epochs',
      'step, ms',
      'PyTorch',
      '64 samples, ms',
      'PyTorch',
    ],
    ['---', '--:', '--:', '--:', '--:', '--:', '--:', '--:', '--:'],
    ...ranked(runs.filter((run) => run.package === packageName)).map((run) => [
      `\`${run.model}\``,
      decimal(run.parameters),
      score(run.test),
      decimal(run.test?.bitsPerDim, 3),
      epochs(run),
      decimal(costs(run.model)?.oursMs ?? undefined, 1),
      decimal(costs(run.model)?.peerMs ?? undefined, 1),
      decimal(costs(run.model)?.oursSampleMs ?? undefined),
      decimal(costs(run.model)?.peerSampleMs ?? undefined),
    ]),
  ];
  return [
    ...rows.map((cells) => `| ${cells.join(' | ')} |`),
    '',
    `${dataset.name}: ${dataset.train} training and ${dataset.test} test examples of ${dataset.dims} values. Times: the compiled engine`,
    `and PyTorch ${machine.pytorch} turn by turn in [one run](../../apps/benchmark/results/compare.json), with batches of`,
    `${batchSizes(runs, packageName)} and the threads that are fastest for each. ${machine.cpu}, ${machine.cores} cores.`,
  ].join('\n');
}

function batchSizes(runs: readonly Run[], packageName: string): string {
  const sizes = runs.filter((run) => run.package === packageName).map(({ batchSize }) => batchSize);
  return [...new Set(sizes)].sort((a, b) => a - b).join(' or ');
}

/** How many, and whether training would have gone on. */
function epochs({ epochs: count, extra }: Run): string {
  return `${count}${extra.stoppedBy === 'max-seconds' ? ' (by the clock)' : ''}`;
}

/** Best first. */
function ranked(runs: readonly Run[]): Run[] {
  return [...runs].sort((a, b) => (a.test?.nats ?? Infinity) - (b.test?.nats ?? Infinity));
}

function row(run: Run): string[] {
  const { importanceSampled } = run.extra;
  return [
    `\`${run.model}\``,
    score(run.test),
    decimal(run.test?.bitsPerDim, 3),
    isScore(importanceSampled) ? score(importanceSampled) : NOTHING,
    decimal(run.parameters),
    epochs(run),
    `${run.engine} on ${run.device}`,
  ];
}

/**
 * A text with its numbers written anew between two markers.
 * @param block - the name in the markers, for a text with several
 * @throws Error if the markers are not there
 */
export function withNumbers(text: string, numbers: string, block = 'results'): string {
  const [first, last] = [`<!-- ${block}:begin -->`, `<!-- ${block}:end -->`];
  const [begin, end] = [text.indexOf(first), text.indexOf(last)];
  if (begin < 0 || end < begin) throw new Error(`the text has no ${first} … ${last}`);
  return `${text.slice(0, begin + first.length)}\n\n${numbers}\n\n${text.slice(end)}`;
}
