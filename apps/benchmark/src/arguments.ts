import { parseArgs } from 'node:util';
import { ArgumentError } from '@dgm/core';

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
  resume: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/**
 * Reads the command line of `dgm-bench run`.
 * @throws ArgumentError for an unknown option and for a value that cannot be meant
 */
export function parseRunArguments(argv: readonly string[]): RunArguments {
  const { values } = parse(argv);
  return {
    ...defined(
      'models',
      values.models?.split(',').map((name) => name.trim()),
    ),
    ...defined('dataset', values.dataset),
    ...defined('dataFolder', values['data-dir']),
    ...defined('engine', values.engine),
    ...defined('device', values.device),
    ...defined('epochs', number(values.epochs, '--epochs', positiveInteger)),
    ...defined('maxSeconds', number(values['max-seconds'], '--max-seconds', positive)),
    ...defined('seed', number(values.seed, '--seed', integer)),
    ...defined('quick', values.quick),
    out: values.out,
    resume: values.resume,
    help: values.help,
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options, strict: true });
  } catch (cause) {
    throw new ArgumentError({
      where: 'dgm-bench run',
      argument: (cause as Error).message.replace(/\s*\n\s*/g, ' '),
      remedy: 'see dgm-bench run --help',
      cause,
    });
  }
}

interface Range {
  readonly says: string;
  readonly holds: (value: number) => boolean;
}
const integer: Range = { says: 'to be an integer', holds: Number.isSafeInteger };
const positive: Range = {
  says: 'to be a positive number',
  holds: (value) => value > 0 && Number.isFinite(value),
};
const positiveInteger: Range = {
  says: 'to be a positive integer',
  holds: (value) => value > 0 && Number.isSafeInteger(value),
};

function number(text: string | undefined, option: string, range: Range): number | undefined {
  if (text === undefined) return undefined;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (range.holds(value)) return value;
  throw new ArgumentError({
    where: 'dgm-bench run',
    argument: option,
    expected: range.says,
    actual: JSON.stringify(text),
  });
}

function defined<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): Partial<Record<Name, Value>> {
  return value === undefined ? {} : ({ [name]: value } as Record<Name, Value>);
}
