import { defined, integer, names, optionReader, positive, positiveInteger } from './options';
import { parseShard, type Shard } from './shard';

/** What the command line of `dgm-bench run` said; what it left out is undefined. */
export interface RunArguments {
  readonly models?: readonly string[];
  readonly dataset?: string;
  readonly dataFolder?: string;
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
  readonly help: boolean;
}

const options = {
  models: { type: 'string' },
  dataset: { type: 'string' },
  'data-dir': { type: 'string' },
  engine: { type: 'string' },
  device: { type: 'string' },
  epochs: { type: 'string' },
  'max-seconds': { type: 'string' },
  seed: { type: 'string' },
  out: { type: 'string', default: 'out' },
  quick: { type: 'boolean' },
  'importance-samples': { type: 'string' },
  shard: { type: 'string' },
  resume: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/**
 * Reads the command line of `dgm-bench run`.
 * @throws ArgumentError for an unknown option and for a value that cannot be meant
 */
export function parseRunArguments(argv: readonly string[]): RunArguments {
  const { parse, number } = optionReader('dgm-bench run', options);
  const values = parse(argv);
  return {
    ...defined('models', names(values.models)),
    ...defined('dataset', values.dataset),
    ...defined('dataFolder', values['data-dir']),
    ...defined('engine', values.engine),
    ...defined('device', values.device),
    ...defined('epochs', number(values.epochs, '--epochs', positiveInteger)),
    ...defined('maxSeconds', number(values['max-seconds'], '--max-seconds', positive)),
    ...defined('seed', number(values.seed, '--seed', integer)),
    ...defined('quick', values.quick),
    ...defined(
      'importanceSamples',
      number(values['importance-samples'], '--importance-samples', positiveInteger),
    ),
    ...defined('shard', values.shard === undefined ? undefined : parseShard(values.shard, 'dgm-bench run')),
    out: values.out,
    resume: values.resume,
    help: values.help,
  };
}
