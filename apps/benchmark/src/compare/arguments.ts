import { availableParallelism } from 'node:os';
import { ArgumentError } from '@dgm/core';
import { defined, integer, names, optionReader, positive, positiveInteger } from '../options';

/** What `dgm-bench compare` does. */
export interface CompareArguments {
  readonly models: readonly string[];
  readonly dataset: string;
  readonly dataFolder?: string;
  /** The models' own unless given. */
  readonly batches?: readonly number[];
  readonly threads: readonly number[];
  readonly engines: readonly string[];
  /** The tfjs backend of our side. */
  readonly device: string;
  /** Of alternating windows, for each model and batch size. */
  readonly seconds: number;
  /** Of each training. */
  readonly maxSeconds: number;
  readonly seed: number;
  readonly quick: boolean;
  readonly sweep: boolean;
  readonly out: string;
  readonly help: boolean;
}

const options = {
  models: { type: 'string', default: 'all' },
  dataset: { type: 'string', default: 'glyphs' },
  'data-dir': { type: 'string' },
  batches: { type: 'string' },
  threads: { type: 'string' },
  engines: { type: 'string', default: 'eager,compiled' },
  device: { type: 'string', default: 'auto' },
  seconds: { type: 'string' },
  'max-seconds': { type: 'string' },
  seed: { type: 'string', default: '0' },
  quick: { type: 'boolean', default: false },
  sweep: { type: 'boolean', default: false },
  out: { type: 'string', default: 'out' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

const ENGINES = ['eager', 'compiled'];
const SECONDS = 10;
const QUICK_SECONDS = 1;
const SECONDS_PER_TRAINING = 120;

/**
 * Reads the command line of `dgm-bench compare`.
 * @throws ArgumentError for an unknown option and for a value that cannot be meant
 */
export function parseCompareArguments(argv: readonly string[]): CompareArguments {
  const { parse, number, numbers } = optionReader('dgm-bench compare', options);
  const values = parse(argv);
  const { quick, sweep, out, help, dataset, device } = values;
  return {
    models: names(values.models)!,
    dataset,
    ...defined('dataFolder', values['data-dir']),
    ...defined('batches', numbers(values.batches, '--batches', positiveInteger)),
    threads: numbers(values.threads, '--threads', positiveInteger) ?? oneAndAll(),
    engines: checkEngines(names(values.engines)!),
    device,
    seconds: number(values.seconds, '--seconds', positive) ?? (quick ? QUICK_SECONDS : SECONDS),
    maxSeconds: number(values['max-seconds'], '--max-seconds', positive) ?? SECONDS_PER_TRAINING,
    seed: number(values.seed, '--seed', integer)!,
    quick,
    sweep,
    out,
    help,
  };
}

/** One thread, and one for each core. */
function oneAndAll(): readonly number[] {
  return [...new Set([1, availableParallelism()])];
}

function checkEngines(engines: readonly string[]): readonly string[] {
  const unknown = engines.find((engine) => !ENGINES.includes(engine));
  if (unknown === undefined) return engines;
  throw new ArgumentError({
    where: 'dgm-bench compare',
    argument: '--engines',
    expected: `to be ${ENGINES.join(', ')} or both with a comma between`,
    actual: JSON.stringify(unknown),
  });
}

/** The command that repeats a comparison, with every choice spelled out but the folders. */
export function compareCommand(given: CompareArguments): string {
  return [
    `npm run bench -- compare --models ${given.models.join(',')} --dataset ${given.dataset}`,
    given.dataFolder !== undefined && '--data-dir DIR',
    given.batches !== undefined && `--batches ${given.batches.join(',')}`,
    `--threads ${given.threads.join(',')} --engines ${given.engines.join(',')}`,
    given.device !== 'auto' && `--device ${given.device}`,
    `--seconds ${given.seconds} --max-seconds ${given.maxSeconds}`,
    // A value that starts with a dash would be read as an option.
    given.seed < 0 ? `--seed=${given.seed}` : `--seed ${given.seed}`,
    given.quick && '--quick',
    given.sweep && '--sweep',
    '--out DIR',
  ]
    .filter((part) => part !== false)
    .join(' ');
}
