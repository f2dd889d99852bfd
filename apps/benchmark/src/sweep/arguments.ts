import { ArgumentError } from '@dgm/core';
import {
  CommandLine,
  defined,
  integer,
  names,
  positive,
  positiveInteger,
} from '../command-line/command-line';
import { formatShard, parseShard, type Shard } from '../command-line/shard';
import { parseHeader, runOptions } from '../run/arguments';
import { QUICK_EPOCHS, type RunPlan } from '../run/plan';
import { formatSpace, isList, parseSpace, type SearchSpace } from './search-space';

/** What `dgm-bench sweep` does: trains as a run does, with several seeds and settings. */
export interface SweepArguments extends Omit<RunPlan, 'seed' | 'importanceSamples'> {
  readonly space: SearchSpace;
  /** How many settings to draw. @defaultValue all combinations */
  readonly random?: number;
  readonly seeds: readonly number[];
  /** Which part of the trainings. @defaultValue all of them */
  readonly shard?: Shard;
  readonly out: string;
  readonly resume: boolean;
  readonly overwrite: boolean;
  readonly help: boolean;
}

const { dataset, header, epochs, quick, engine, device } = runOptions;

export const sweepCommand = new CommandLine({
  name: 'sweep',
  summary:
    'Trains models with several values of their hyperparameters, and chooses among them by validation.',
  usage: 'sweep NAME=VALUES... [options]',
  options: {
    models: {
      type: 'string',
      value: 'NAMES',
      default: 'vae',
      help: 'names separated by commas, flagships or all; the settings of each model are chosen on their own',
    },
    random: {
      type: 'string',
      value: 'NUMBER',
      help: 'draw so many settings (default: try every combination)',
    },
    seeds: {
      type: 'string',
      value: 'INTEGERS',
      default: '0',
      help: 'each setting is trained once with each',
    },
    dataset,
    'data-dir': runOptions['data-dir'],
    header,
    epochs: { ...epochs, help: `${epochs.help} (default the model's own number)` },
    'max-seconds': {
      type: 'string',
      value: 'NUMBER',
      help: 'the most seconds of each training (default no limit); the results then depend on the machine',
    },
    quick,
    engine,
    device,
    shard: {
      type: 'string',
      value: 'K/N',
      help: 'only the K-th of N parts of the trainings, for N machines; then merge',
    },
    out: { type: 'string', value: 'DIR', default: 'out', help: 'sweep.json, sweep.html and weights' },
    resume: {
      type: 'boolean',
      default: false,
      help: 'go on with the sweep that was interrupted in --out',
    },
    overwrite: { type: 'boolean', default: false, help: 'replace another sweep in --out' },
  },
  groups: {
    'What to try': ['models', 'random', 'seeds'],
    'On which data': ['dataset', 'data-dir', 'header'],
    'How long': ['epochs', 'max-seconds', 'quick'],
    'On what': ['engine', 'device', 'shard'],
    'Where to': ['out', 'resume', 'overwrite'],
  },
  takesWords: true,
  notes: `NAME=VALUES is a hyperparameter and what to try: learningRate=1e-3,3e-4, or with --random a range
learningRate=1e-4..1e-2, drawn log-uniformly. Every model has learningRate (at the first step), batchSize, clipNorm and emaDecay;
many have width (units of a hidden layer), hybrids densityWeight.

The settings with the lowest mean over the seeds on the validation rows are chosen, and only those are measured on the test rows.
The exit status is 0 if settings of every model could be chosen, 1 if not, 2 for a wrong command line, 130 after an interrupt.`,
});

/**
 * Reads the command line of `dgm-bench sweep`.
 * @throws ArgumentError for an unknown option or hyperparameter, and for a value that it cannot have
 */
export function parseSweepArguments(argv: readonly string[]): SweepArguments {
  const { values, words } = sweepCommand.parse(argv);
  const number = (name: 'random' | 'epochs' | 'max-seconds', range: typeof integer) => {
    const text = values[name];
    return text === undefined ? undefined : sweepCommand.number(text, `--${name}`, range);
  };
  const given: SweepArguments = {
    space: parseSpace(words, sweepCommand),
    ...defined('random', number('random', positiveInteger)),
    models: names(values.models),
    seeds: sweepCommand.numbers(values.seeds, '--seeds', integer),
    dataset: values.dataset ?? 'glyphs',
    ...defined('dataFolder', values['data-dir']),
    ...defined('header', parseHeader(values.header, sweepCommand)),
    engine: values.engine ?? 'auto',
    device: values.device ?? 'auto',
    ...defined('epochs', number('epochs', positiveInteger) ?? (values.quick ? QUICK_EPOCHS : undefined)),
    ...defined('maxSeconds', number('max-seconds', positive)),
    quick: values.quick ?? false,
    ...defined(
      'shard',
      values.shard === undefined ? undefined : parseShard(values.shard, sweepCommand.where),
    ),
    out: values.out,
    resume: values.resume,
    overwrite: values.overwrite,
    help: values.help,
  };
  return given.help ? given : possible(given);
}

/** @throws ArgumentError for options that contradict each other */
function possible(given: SweepArguments): SweepArguments {
  const { space, random, seeds, resume } = given;
  if (space.size === 0 && !resume) {
    throw sweepCommand.error('NAME=VALUES', {
      expected: 'to be at least one hyperparameter',
      actual: 'none',
      remedy: 'give one, such as learningRate=1e-3,3e-4',
    });
  }
  const range = [...space].find(([, values]) => !isList(values));
  if (range !== undefined && random === undefined) {
    throw sweepCommand.error(range[0], {
      expected: 'to be a list of values without --random',
      actual: 'a range',
      remedy: 'add --random NUMBER, or list the values',
    });
  }
  if (new Set(seeds).size < seeds.length) {
    throw sweepCommand.error('--seeds', {
      expected: 'to differ: equal ones train the same model again',
      actual: seeds.join(','),
    });
  }
  return given;
}

/** The command that repeats a sweep, with every choice spelled out but the folders. */
export function sweepCommandOf(given: SweepArguments): string {
  return [
    `npm run bench -- sweep ${formatSpace(given.space)}`,
    given.random !== undefined && `--random ${given.random}`,
    `--models ${given.models.join(',')}`,
    // A value that starts with a dash would be read as an option.
    given.seeds[0]! < 0 ? `--seeds=${given.seeds.join(',')}` : `--seeds ${given.seeds.join(',')}`,
    `--dataset ${given.dataset}`,
    given.dataFolder !== undefined && '--data-dir DIR',
    given.header !== undefined && `--header ${given.header ? 'yes' : 'no'}`,
    given.epochs !== undefined && `--epochs ${given.epochs}`,
    given.maxSeconds !== undefined && `--max-seconds ${given.maxSeconds}`,
    given.quick && '--quick',
    `--engine ${given.engine} --device ${given.device}`,
    given.shard !== undefined && `--shard ${formatShard(given.shard)}`,
    '--out DIR',
  ]
    .filter((part) => part !== false)
    .join(' ');
}

/**
 * What a sweep was asked for.
 * @param command - by {@link sweepCommandOf}
 * @param argv - of another command; it may name other folders for the data and the results
 * @throws ArgumentError if that asks for another sweep
 */
export function argumentsOfSweep(command: string, argv: readonly string[] = []): SweepArguments {
  const saved = command
    .replace(/^.*? sweep /, '')
    .replace(/ --data-dir DIR| --out DIR/g, '')
    .split(' ');
  const isHyperparameter = (word: string) => /^\w+=/.test(word);
  const kept = argv.some(isHyperparameter) ? saved.filter((word) => !isHyperparameter(word)) : saved;
  const given = parseSweepArguments([...kept, ...argv]);
  const wanted = sweepCommandOf(given).replace(' --data-dir DIR', '');
  if (wanted === command.replace(' --data-dir DIR', '')) return given;
  throw new ArgumentError({
    where: `${sweepCommand.where} --resume`,
    argument: 'the options',
    expected: `to be those of the sweep to go on with: ${command}`,
    actual: wanted,
    remedy: 'leave them out, or start another sweep without --resume or in another --out',
  });
}
