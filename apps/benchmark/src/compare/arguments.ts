import { availableParallelism } from 'node:os';
import { ArgumentError } from '@dgm/core';
import {
  CommandLine,
  defined,
  integer,
  names,
  positiveInteger,
  zeroOrPositive,
} from '../command-line/command-line';
import { formatShard, parseShard, type Shard } from '../command-line/shard';
import { isPeer, PEERS, type PeerName } from '../results/comparison';
import type { EngineChoice } from './programs/competitor';

/** What `dgm-bench compare` does. */
export interface CompareArguments {
  readonly models: readonly string[];
  readonly dataset: string;
  readonly dataFolder?: string;
  /** @defaultValue the models' own */
  readonly batches?: readonly number[];
  readonly threads: readonly number[];
  readonly engines: readonly EngineChoice[];
  readonly peers: readonly PeerName[];
  /** Of alternating windows, for each model and batch size; with 0 nothing is timed. */
  readonly seconds: number;
  /** Of the fastest program's training; with 0 nothing is trained. */
  readonly maxSeconds: number;
  /** Of the trainings, one for each; the first is that of the timing too. */
  readonly seeds: readonly number[];
  readonly quick: boolean;
  readonly sizes: boolean;
  readonly shard?: Shard;
  readonly out: string;
  readonly resume: boolean;
  readonly overwrite: boolean;
  readonly help: boolean;
}

export const compareCommandLine = new CommandLine({
  name: 'compare',
  summary: 'Compares the models with the same ones in PyTorch and JAX, in one run, turn by turn.',
  usage: 'compare [options]',
  options: {
    models: {
      type: 'string',
      value: 'NAMES',
      default: 'all',
      help: 'names separated by commas, flagships or all',
    },
    dataset: {
      type: 'string',
      value: 'NAME',
      default: 'glyphs',
      help: 'glyphs, digits, mnist, binarized-mnist, mnist-10k, binarized-mnist-10k, fashion-mnist, cifar10',
    },
    'data-dir': { type: 'string', value: 'DIR', help: 'the folder of the data files; also DGM_DATA_DIR' },
    batches: { type: 'string', value: 'NUMBERS', help: "batch sizes (default each model's own)" },
    shard: {
      type: 'string',
      value: 'K/N',
      help: 'only the K-th of N parts of the models, for N machines; then merge',
    },
    sizes: {
      type: 'boolean',
      default: false,
      help: 'also batch sizes from 16 to 1024, hidden layers of 64 to 2048 units, and made-up images of 8 x 8 to 28 x 28 or tables of 8 to 512 columns: the first model, timed only',
    },
    seeds: {
      type: 'string',
      value: 'INTEGERS',
      default: '0',
      help: 'initial weights, order of the data and draws; each model is trained once with each, and timed with the first',
    },
    threads: {
      type: 'string',
      value: 'NUMBERS',
      help: 'default 1 and the number of cores: one against one, and the fastest of each side',
    },
    engines: {
      type: 'string',
      value: 'NAMES',
      default: 'eager,compiled',
      help: 'with a device: eager:tensorflow, eager:wasm, eager:cpu, compiled:webgpu, compiled:cuda (against PyTorch on CUDA)',
    },
    peers: {
      type: 'string',
      value: 'NAMES',
      default: 'pytorch',
      help: 'pytorch, pytorch-fused (fused optimizers), pytorch-compile, jax (the whole step under jit), or all; a ratio is against the fastest',
    },
    seconds: {
      type: 'string',
      value: 'NUMBER',
      help: 'of alternating windows of training steps, for each model and batch size (default 3); 0: no times, and one program of each side, with the first of --threads',
    },
    'max-seconds': {
      type: 'string',
      value: 'NUMBER',
      help: "the most seconds of the fastest program's training (default 5); the others, and all with the other seeds, then take as many epochs; 0: no training",
    },
    quick: {
      type: 'boolean',
      default: false,
      help: 'small networks, little data, 2 epochs: checks that everything works',
    },
    out: { type: 'string', value: 'DIR', default: 'out', help: 'compare.json and compare.html' },
    resume: {
      type: 'boolean',
      default: false,
      help: 'go on with the comparison that was interrupted in --out; what is finished is kept',
    },
    overwrite: { type: 'boolean', default: false, help: 'replace another comparison in --out' },
  },
  groups: {
    'What to compare': ['models', 'dataset', 'data-dir', 'batches', 'shard', 'sizes', 'seeds'],
    'On what': ['threads', 'engines', 'peers'],
    'How long': ['seconds', 'max-seconds', 'quick'],
    'Where to': ['out', 'resume', 'overwrite'],
  },
  notes: `PyTorch and JAX run in the first python3 on the path that has them, or in DGM_PYTHON.
The exit status is 0 if nothing failed, 1 if a row has an error, 2 for a wrong command line.`,
});

const WHERE = compareCommandLine.where;
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
  const { values } = compareCommandLine.parse(argv);
  const number = (name: 'seconds' | 'max-seconds', standard: number): number => {
    const text = values[name];
    return text === undefined ? standard : compareCommandLine.number(text, `--${name}`, zeroOrPositive);
  };
  const numbers = (name: 'batches' | 'threads' | 'seeds', range: typeof integer) => {
    const text = values[name];
    return text === undefined ? undefined : compareCommandLine.numbers(text, `--${name}`, range);
  };
  const { quick, sizes, out, resume, overwrite, help, dataset } = values;
  return possible({
    models: names(values.models),
    dataset,
    ...defined('dataFolder', values['data-dir']),
    ...defined('batches', numbers('batches', positiveInteger)),
    threads: numbers('threads', positiveInteger) ?? oneAndAll(),
    engines: names(values.engines).map(engineChoice),
    peers: peerNames(values.peers),
    seconds: number('seconds', quick ? QUICK_SECONDS : SECONDS),
    maxSeconds: number('max-seconds', SECONDS_PER_TRAINING),
    seeds: numbers('seeds', integer)!,
    quick,
    sizes,
    ...defined('shard', values.shard === undefined ? undefined : parseShard(values.shard, WHERE)),
    out,
    resume,
    overwrite,
    help,
  });
}

/** @throws ArgumentError for options that contradict each other */
function possible(given: CompareArguments): CompareArguments {
  const { seconds, maxSeconds, seeds, sizes } = given;
  const refuse = (argument: string, expected: string, actual: string) => {
    throw new ArgumentError({ where: WHERE, argument, expected, actual });
  };
  if (new Set(seeds).size < seeds.length) {
    refuse('--seeds', 'to differ: equal ones train the same model again', seeds.join(','));
  }
  if (seconds === 0 && maxSeconds === 0) {
    refuse('--seconds and --max-seconds', 'to leave something to do', 'no timing and no training: both 0');
  }
  if (seconds === 0 && sizes) refuse('--seconds', 'to be positive with --sizes, which only times', '0');
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
    expected: `to be names out of ${known.join(', ')} separated by commas`,
    actual: JSON.stringify(text),
  });
}

/** @throws ArgumentError for an unknown name */
function peerNames(text: string): readonly PeerName[] {
  const given = names(text);
  if (given.includes('all')) return PEERS;
  const unknown = given.find((name) => !isPeer(name));
  if (unknown === undefined && given.length > 0) return given.filter(isPeer);
  throw new ArgumentError({
    where: WHERE,
    argument: '--peers',
    expected: `to be names out of ${PEERS.join(', ')}, all separated by commas`,
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
    given.peers.join() !== 'pytorch' && `--peers ${given.peers.join(',')}`,
    `--seconds ${given.seconds} --max-seconds ${given.maxSeconds}`,
    // A value that starts with a dash would be read as an option.
    given.seeds[0]! < 0 ? `--seeds=${given.seeds.join(',')}` : `--seeds ${given.seeds.join(',')}`,
    given.quick && '--quick',
    given.sizes && '--sizes',
    given.shard !== undefined && `--shard ${formatShard(given.shard)}`,
    '--out DIR',
  ]
    .filter((part) => part !== false)
    .join(' ');
}

/**
 * What an interrupted comparison was asked for.
 * @param command - by `compareCommand`
 * @param argv - of the resumed command; it may name other folders for the data and the results
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
