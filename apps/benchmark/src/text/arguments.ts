import { ArgumentError } from '@dgm/core';
import { integer, optionReader, positive, positiveInteger } from '../options';
import { engines, type EngineName } from './engines';
import { networks, type NetworkName } from './networks';

export interface TextArguments {
  /** The text file. */
  readonly file: string;
  readonly model: NetworkName;
  /** Hidden units, or features. */
  readonly hidden: number;
  /** Characters of a window. */
  readonly length: number;
  readonly epochs: number;
  readonly maxSeconds: number;
  readonly seed: number;
  readonly engine: EngineName;
  readonly help: boolean;
}

const options = {
  model: { type: 'string', default: 'gru' },
  hidden: { type: 'string', default: '256' },
  length: { type: 'string', default: '128' },
  epochs: { type: 'string', default: '1000' },
  'max-seconds': { type: 'string', default: '120' },
  seed: { type: 'string', default: '0' },
  engine: { type: 'string', default: 'compiled' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

const WHERE = 'dgm-bench text';

/**
 * Reads the command line of `dgm-bench text`: a file, then options.
 * @throws ArgumentError for an unknown option, for a value that cannot be meant, and without a file
 */
export function parseTextArguments(argv: readonly string[]): TextArguments {
  const [first, ...rest] = argv;
  const file = first === undefined || first.startsWith('-') ? '' : first;
  const { parse, number } = optionReader(WHERE, options);
  const values = parse(file === '' ? argv : rest);
  if (file === '' && !values.help) throw failure('the first word', 'to be a text file', first ?? 'nothing');
  return {
    file,
    model: oneOf(networks, values.model, '--model'),
    hidden: number(values.hidden, '--hidden', positiveInteger)!,
    length: number(values.length, '--length', positiveInteger)!,
    epochs: number(values.epochs, '--epochs', positiveInteger)!,
    maxSeconds: number(values['max-seconds'], '--max-seconds', positive)!,
    seed: number(values.seed, '--seed', integer)!,
    engine: oneOf(engines, values.engine, '--engine'),
    help: values.help,
  };
}

function oneOf<Name extends string>(
  table: Readonly<Record<Name, unknown>>,
  name: string,
  option: string,
): Name {
  const names = Object.keys(table) as Name[];
  const found = names.find((each) => each === name);
  if (found !== undefined) return found;
  throw failure(option, `to be one of ${names.join(', ')}`, JSON.stringify(name));
}

function failure(argument: string, expected: string, actual: string): ArgumentError {
  return new ArgumentError({ where: WHERE, argument, expected, actual, remedy: `see ${WHERE} --help` });
}
