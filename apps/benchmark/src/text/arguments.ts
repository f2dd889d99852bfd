import { ArgumentError } from '@dgm/core';
import { integer, optionReader, positive, positiveInteger } from '../options';
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
  readonly engine: string;
  readonly device: string;
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
  device: { type: 'string', default: 'auto' },
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
  const known = Object.keys(networks).find((name): name is NetworkName => name === values.model);
  if (known === undefined) {
    throw failure('--model', `to be one of ${Object.keys(networks).join(', ')}`, values.model);
  }
  return {
    file,
    model: known,
    hidden: number(values.hidden, '--hidden', positiveInteger)!,
    length: number(values.length, '--length', positiveInteger)!,
    epochs: number(values.epochs, '--epochs', positiveInteger)!,
    maxSeconds: number(values['max-seconds'], '--max-seconds', positive)!,
    seed: number(values.seed, '--seed', integer)!,
    engine: values.engine,
    device: values.device,
    help: values.help,
  };
}

function failure(argument: string, expected: string, actual: string): ArgumentError {
  return new ArgumentError({ where: WHERE, argument, expected, actual, remedy: `see ${WHERE} --help` });
}
