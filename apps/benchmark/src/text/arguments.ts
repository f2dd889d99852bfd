import { CommandLine, defined, integer, positive, positiveInteger } from '../command-line/command-line';
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
  /** The folder of the report. @defaultValue none is written */
  readonly out?: string;
  readonly overwrite: boolean;
  readonly help: boolean;
}

export const textCommand = new CommandLine({
  name: 'text',
  summary: 'Trains a character model on a text file and compares it with compressors.',
  usage: 'text FILE [options]',
  options: {
    model: { type: 'string', value: 'NAME', default: 'gru', help: 'gru, lstm, transformer, wavenet, masked' },
    hidden: {
      type: 'string',
      value: 'INTEGER',
      default: '256',
      help: 'hidden units, or features',
    },
    length: { type: 'string', value: 'INTEGER', default: '128', help: 'characters of a window' },
    epochs: {
      type: 'string',
      value: 'INTEGER',
      default: '1000',
      help: 'the most epochs; early stopping may end before',
    },
    'max-seconds': { type: 'string', value: 'NUMBER', default: '120', help: 'the most seconds of training' },
    seed: {
      type: 'string',
      value: 'INTEGER',
      default: '0',
      help: 'decides initial weights, order of the data and dropout',
    },
    engine: { type: 'string', value: 'NAME', default: 'compiled', help: 'compiled or eager' },
    out: {
      type: 'string',
      value: 'DIR',
      help: 'where text.json and report.html are written (default: nowhere)',
    },
    overwrite: {
      type: 'boolean',
      default: false,
      help: 'replace the report of another text in --out',
    },
  },
  takesWords: true,
  notes: `The first 80 % of the text are for training, the next 10 % say when to stop, and the last 10 % are held out: on those
the model's bits per character stand beside those of gzip, brotli and xz, each alone and after the training text.
Those of the masked diffusion are a bound, for windows that know nothing of each other.`,
});

/**
 * Reads the command line of `dgm-bench text`: a file and options.
 * @throws ArgumentError for an unknown option, for a value that cannot be meant, and without a file
 */
export function parseTextArguments(argv: readonly string[]): TextArguments {
  const { values, words } = textCommand.parse(argv);
  if (words.length !== 1 && !values.help) {
    throw textCommand.error('FILE', {
      expected: 'to be one text file',
      actual: words.length === 0 ? 'nothing' : words.join(' '),
      remedy: 'see dgm-bench text --help',
    });
  }
  const number = (name: 'hidden' | 'length' | 'epochs' | 'max-seconds' | 'seed', range: typeof integer) =>
    textCommand.number(values[name], `--${name}`, range);
  return {
    file: words[0] ?? '',
    model: textCommand.oneOf(values.model, '--model', Object.keys(networks) as NetworkName[]),
    hidden: number('hidden', positiveInteger),
    length: number('length', positiveInteger),
    epochs: number('epochs', positiveInteger),
    maxSeconds: number('max-seconds', positive),
    seed: number('seed', integer),
    engine: textCommand.oneOf(values.engine, '--engine', Object.keys(engines) as EngineName[]),
    ...defined('out', values.out),
    overwrite: values.overwrite,
    help: values.help,
  };
}
