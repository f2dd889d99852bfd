import { availableParallelism } from 'node:os';
import { ArgumentError } from '@dgm/core';
import { defined, integer, names, optionReader, positiveInteger, zeroOrPositive } from '../options';
import { formatShard, parseShard, type Shard } from '../shard';
import type { EngineChoice } from './entrant';

/** What `dgm-bench compare` does. */
export interface CompareArguments {
  readonly models: readonly string[];
  readonly dataset: string;
  readonly dataFolder?: string;
  /** The models' own unless given. */
  readonly batches?: readonly number[];
  readonly threads: readonly number[];
  readonly engines: readonly EngineChoice[];
  /** Of alternating windows, for each model and batch size; with 0 nothing is timed. */
  readonly seconds: number;
  /** Of the fastest program's training; with 0 nothing is trained. */
  readonly maxSeconds: number;
  /** Of the trainings, one for each; the first is that of the timing too. */
  readonly seeds: readonly number[];
  readonly quick: boolean;
  readonly sweep: boolean;
  readonly shard?: Shard;
  readonly out: string;
  readonly resume: boolean;
  readonly help: boolean;
}

const options = {
  models: { type: 'string', default: 'all' },
  dataset: { type: 'string', default: 'glyphs' },
  'data-dir': { type: 'string' },
  batches: { type: 'string' },
  threads: { type: 'string' },
  engines: { type: 'string', default: 'eager,compiled' },
  seconds: { type: 'string' },
  'max-seconds': { type: 'string' },
  seeds: { type: 'string', default: '0' },
  quick: { type: 'boolean', default: false },
  sweep: { type: 'boolean', default: false },
  shard: { type: 'string' },
  out: { type: 'string', default: 'out' },
  resume: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

const WHERE = 'dgm-bench compare';
/** The devices of each engine, the first of which is its own choice. */
const DEVICES: Readonly<Record<string, readonly string[]>> = {
  eager: ['auto', 'tensorflow', 'wasm', 'cpu'],
  compiled: ['cpu', 'webgpu', 'cuda'],
};
const SECONDS = 3;
const QUICK_SECONDS = 1;
const SECONDS_PER_TRAINING = 5;

/**
 * Reads the command line of `dgm-bench compare`.
 * @throws ArgumentError for an unknown option and for a value that cannot be meant
 */
export function parseCompareArguments(argv: readonly string[]): CompareArguments {
  const { parse, number, numbers } = optionReader(WHERE, options);
  const values = parse(argv);
  const { quick, sweep, out, resume, help, dataset } = values;
  return possible({
    models: names(values.models)!,
    dataset,
    ...defined('dataFolder', values['data-dir']),
    ...defined('batches', numbers(values.batches, '--batches', positiveInteger)),
    threads: numbers(values.threads, '--threads', positiveInteger) ?? oneAndAll(),
    engines: names(values.engines)!.map(engineChoice),
    seconds: number(values.seconds, '--seconds', zeroOrPositive) ?? (quick ? QUICK_SECONDS : SECONDS),
    maxSeconds: number(values['max-seconds'], '--max-seconds', zeroOrPositive) ?? SECONDS_PER_TRAINING,
    seeds: numbers(values.seeds, '--seeds', integer)!,
    quick,
    sweep,
    ...defined('shard', values.shard === undefined ? undefined : parseShard(values.shard, WHERE)),
    out,
    resume,
    help,
  });
}

/** @throws ArgumentError for options that contradict each other */
function possible(given: CompareArguments): CompareArguments {
  const { seconds, maxSeconds, seeds, sweep } = given;
  const refuse = (argument: string, expected: string, actual: string) => {
    throw new ArgumentError({ where: WHERE, argument, expected, actual });
  };
  if (new Set(seeds).size < seeds.length) {
    refuse('--seeds', 'to differ: equal ones train the same model again', seeds.join(','));
  }
  if (seconds === 0 && maxSeconds === 0) {
    refuse('--seconds and --max-seconds', 'to leave something to do', 'no timing and no training: both 0');
  }
  if (seconds === 0 && sweep) refuse('--seconds', 'to be positive with --sweep, which only times', '0');
  return given;
}

/** One thread, and one for each core. */
function oneAndAll(): readonly number[] {
  return [...new Set([1, availableParallelism()])];
}

/** `compiled` or `compiled:webgpu`. */
function engineChoice(text: string): EngineChoice {
  const [engine, device] = text.split(':') as [string, string?];
  const devices = Object.hasOwn(DEVICES, engine) ? DEVICES[engine]! : [];
  const chosen = device ?? devices[0];
  if (chosen !== undefined && devices.includes(chosen)) return { engine, device: chosen };
  const known = Object.entries(DEVICES).flatMap(([name, [, ...others]]) => [
    name,
    ...others.map((other) => `${name}:${other}`),
  ]);
  throw new ArgumentError({
    where: WHERE,
    argument: '--engines',
    expected: `to be names out of ${known.join(', ')} with commas between`,
    actual: JSON.stringify(text),
  });
}

function formatEngine({ engine, device }: EngineChoice): string {
  return device === DEVICES[engine]![0] ? engine : `${engine}:${device}`;
}

/** The command that repeats a comparison, with every choice spelled out but the folders. */
export function compareCommand(given: CompareArguments): string {
  return [
    `npm run bench -- compare --models ${given.models.join(',')} --dataset ${given.dataset}`,
    given.dataFolder !== undefined && '--data-dir DIR',
    given.batches !== undefined && `--batches ${given.batches.join(',')}`,
    `--threads ${given.threads.join(',')} --engines ${given.engines.map(formatEngine).join(',')}`,
    `--seconds ${given.seconds} --max-seconds ${given.maxSeconds}`,
    // A value that starts with a dash would be read as an option.
    given.seeds[0]! < 0 ? `--seeds=${given.seeds.join(',')}` : `--seeds ${given.seeds.join(',')}`,
    given.quick && '--quick',
    given.sweep && '--sweep',
    given.shard !== undefined && `--shard ${formatShard(given.shard)}`,
    '--out DIR',
  ]
    .filter((part) => part !== false)
    .join(' ');
}

/**
 * What an interrupted comparison was asked for.
 * @param command - by `compareCommand`
 * @param argv - of the command that goes on; it may say where the data and the results lie now
 * @throws ArgumentError if it asks for another comparison
 */
export function resumeArguments(command: string, argv: readonly string[]): CompareArguments {
  const saved = command
    .replace(/^.*? compare /, '')
    .replace(/ --data-dir DIR| --out DIR/g, '')
    .split(' ');
  const given = parseCompareArguments([...saved, ...argv]);
  const wanted = compareCommand(given).replace(' --data-dir DIR', '');
  if (wanted === command.replace(' --data-dir DIR', '')) return given;
  throw new ArgumentError({
    where: `${WHERE} --resume`,
    argument: 'the options',
    expected: `to be those of the comparison to go on with: ${command}`,
    actual: wanted,
    remedy: 'leave them out, or start another comparison without --resume or in another --out',
  });
}
