import {
  CommandLine,
  defined,
  integer,
  names,
  positive,
  positiveInteger,
  type Option,
} from '../command-line/command-line';
import { parseShard, type Shard } from '../command-line/shard';

/** What the command line of `dgm-bench run` said; what it left out is undefined. */
export interface RunArguments {
  readonly models?: readonly string[];
  readonly dataset?: string;
  readonly dataFolder?: string;
  readonly header?: boolean;
  readonly engine?: string;
  readonly device?: string;
  readonly epochs?: number;
  readonly maxSeconds?: number;
  readonly seed?: number;
  readonly quick?: boolean;
  readonly importanceSamples?: number;
  readonly shard?: Shard;
  readonly out: string;
  readonly resume: boolean;
  readonly overwrite: boolean;
  readonly help: boolean;
}

/** The options of `dgm-bench run`, some of which other commands have as well. */
export const runOptions = {
  models: {
    type: 'string',
    value: 'NAMES',
    help: 'names separated by commas; flagships: one or two of each family (default); all. The command models lists them',
  },
  dataset: {
    type: 'string',
    value: 'NAME',
    help: 'glyphs (default), digits, binarized-digits (ink or none), mnist, binarized-mnist, mnist-10k, binarized-mnist-10k (8000 training rows), fashion-mnist, cifar10; on the plane two-moons, rings, checkerboard, gaussian-mixture; tables csv, miniboone',
  },
  'data-dir': {
    type: 'string',
    value: 'DIR',
    help: 'the folder of the data files, or the CSV file of a table; also DGM_DATA_DIR',
  },
  header: {
    type: 'string',
    value: 'yes|no',
    help: 'whether the first row of --dataset csv names the columns (default: if it holds text and no number)',
  },
  seed: {
    type: 'string',
    value: 'INTEGER',
    help: 'decides initial weights, order of the data and every draw (default 0)',
  },
  epochs: { type: 'string', value: 'INTEGER', help: 'the most epochs; early stopping may end before' },
  'max-seconds': {
    type: 'string',
    value: 'NUMBER',
    help: 'the most seconds of training for each model (default 15, or no limit with --epochs)',
  },
  'importance-samples': {
    type: 'string',
    value: 'INTEGER',
    help: "for the likelihoods of models with a bound (default 50 without --epochs and --max-seconds, else the recipe's own number)",
  },
  quick: {
    type: 'boolean',
    help: '2 epochs on a small part of the data: checks that everything works',
  },
  engine: {
    type: 'string',
    value: 'NAME',
    help: 'compiled: whole training steps in ONNX Runtime; eager: TensorFlow.js, op by op; auto (default): compiled where that works, else eager, and a line says why',
  },
  device: {
    type: 'string',
    value: 'NAME',
    help: 'auto (default); eager: tensorflow, wasm, cpu; compiled: cpu, webgpu, cuda',
  },
  shard: {
    type: 'string',
    value: 'K/N',
    help: 'only the K-th of N parts of the models, for N machines; then merge',
  },
  out: {
    type: 'string',
    value: 'DIR',
    default: 'out',
    help: 'results.json, report.html, pictures and checkpoints',
  },
  resume: {
    type: 'boolean',
    default: false,
    help: 'go on with the run that was interrupted in --out',
  },
  overwrite: {
    type: 'boolean',
    default: false,
    help: 'replace the results of another run in --out',
  },
} as const satisfies Readonly<Record<string, Option>>;

export const runCommand = new CommandLine({
  name: 'run',
  summary: 'Trains models on one data set and reports what they reached.',
  usage: '[run] [options]',
  options: runOptions,
  groups: {
    'What to train': ['models', 'dataset', 'data-dir', 'header', 'seed'],
    'How long': ['epochs', 'max-seconds', 'importance-samples', 'quick'],
    'On what': ['engine', 'device', 'shard'],
    'Where to': ['out', 'resume', 'overwrite'],
  },
  notes: `Other commands, each with its own --help: models (lists the models), compare (against PyTorch), sweep (tries
hyperparameters), claims (measures stated figures again), merge (the parts of --shard), text (characters of a file), weights
(hybrid models from discriminative to generative), few-labels (classifiers with few labels), doctor (what works on this
machine).

Without options it trains the flagships of each family on glyphs, in at most five minutes.
The exit status is 0 if every model was trained, 1 if one failed, 2 for a wrong command line, 130 after an interrupt.`,
});

/**
 * Reads the command line of `dgm-bench run`.
 * @throws ArgumentError for an unknown option and for a value that cannot be meant
 */
export function parseRunArguments(argv: readonly string[]): RunArguments {
  const { values } = runCommand.parse(argv);
  const number = (name: keyof typeof values & string, range: typeof integer): number | undefined => {
    const text = values[name] as string | undefined;
    return text === undefined ? undefined : runCommand.number(text, `--${name}`, range);
  };
  return {
    ...defined('models', values.models === undefined ? undefined : names(values.models)),
    ...defined('dataset', values.dataset),
    ...defined('dataFolder', values['data-dir']),
    ...defined('engine', values.engine),
    ...defined('device', values.device),
    ...defined('epochs', number('epochs', positiveInteger)),
    ...defined('maxSeconds', number('max-seconds', positive)),
    ...defined('header', parseHeader(values.header, runCommand)),
    ...defined('seed', number('seed', integer)),
    ...defined('quick', values.quick),
    ...defined('importanceSamples', number('importance-samples', positiveInteger)),
    ...defined('shard', values.shard === undefined ? undefined : parseShard(values.shard, runCommand.where)),
    out: values.out,
    resume: values.resume,
    overwrite: values.overwrite,
    help: values.help,
  };
}

/** Reads `--header` of a command. */
export function parseHeader(
  text: string | undefined,
  command: Pick<typeof runCommand, 'oneOf'>,
): boolean | undefined {
  return text === undefined ? undefined : command.oneOf(text, '--header', ['yes', 'no']) === 'yes';
}
