import { decimal, duration, NOTHING, score } from '../format';
import { isScore } from './schema';
import type { Results, Run } from './schema';

/** The table that the README of the repository shows: one row per committed run, best first. */
export function markdownTable({ dataset, machine, runs }: Results): string {
  const rows = [
    ['model', 'test nats', 'bits/dim', 'importance-sampled', 'parameters', 'training', 'engine'],
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

/** The table of one package's README: what its models reach, and what a step and 64 samples cost. */
export function familyTable({ dataset, machine, runs }: Results, packageName: string): string {
  const rows = [
    ['model', 'parameters', 'test nats', 'bits/dim', 'epochs', 'ms per step', 'ms for 64 samples'],
    ['---', '--:', '--:', '--:', '--:', '--:', '--:'],
    ...ranked(runs.filter((run) => run.package === packageName)).map((run) => [
      `\`${run.model}\``,
      decimal(run.parameters),
      score(run.test),
      decimal(run.test?.bitsPerDim, 3),
      `${run.epochs}${run.extra.stoppedBy === 'max-seconds' ? ' (by the clock)' : ''}`,
      decimal(run.msPerStep.min, 1),
      decimal(1000 * run.sampleSeconds),
    ]),
  ];
  return [
    ...rows.map((cells) => `| ${cells.join(' | ')} |`),
    '',
    `${dataset.name}: ${dataset.train} training and ${dataset.test} test examples of ${dataset.dims} values. The time of a step is that of the fastest`,
    `in its run, with batches of ${batchSizes(runs, packageName)}. ${machine.cpu}, ${machine.cores} cores.`,
  ].join('\n');
}

function batchSizes(runs: readonly Run[], packageName: string): string {
  const sizes = runs.filter((run) => run.package === packageName).map(({ batchSize }) => batchSize);
  return [...new Set(sizes)].sort((a, b) => a - b).join(' or ');
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
    duration(run.trainSeconds),
    `${run.engine} on ${run.device}`,
  ];
}

const BEGIN = '<!-- results:begin -->';
const END = '<!-- results:end -->';

/**
 * A text with its numbers written anew between the two markers.
 * @throws Error if the markers are not there
 */
export function withNumbers(text: string, numbers: string): string {
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`the text has no ${BEGIN} … ${END}`);
  return `${text.slice(0, begin + BEGIN.length)}\n\n${numbers}\n\n${text.slice(end)}`;
}
