import { parseArgs } from 'node:util';
import { ArgumentError, checkOneOf, closest } from '@dgm/core';

/** One option of a command: how it is read, and its line of the help. */
export interface Option {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  readonly default?: string | boolean;
  /** What stands for its value in the help: `NAME`. */
  readonly value?: string;
  readonly help: string;
}

type Options = Readonly<Record<string, Option>>;

type ValueOf<O> = O extends { readonly type: 'boolean' } ? boolean : string;
type Values<O extends Options> = {
  readonly [Name in keyof O]: O[Name] extends { readonly default: unknown }
    ? ValueOf<O[Name]>
    : ValueOf<O[Name]> | undefined;
};

/** What a number on the command line has to be. */
export interface NumberRange {
  readonly says: string;
  readonly holds: (value: number) => boolean;
}
export const integer: NumberRange = { says: 'to be an integer', holds: Number.isSafeInteger };
export const positive: NumberRange = {
  says: 'to be a positive number',
  holds: (value) => value > 0 && Number.isFinite(value),
};
export const zeroOrPositive: NumberRange = {
  says: 'to be 0 or a positive number',
  holds: (value) => value >= 0 && Number.isFinite(value),
};
export const positiveInteger: NumberRange = {
  says: 'to be a positive integer',
  holds: (value) => value > 0 && Number.isSafeInteger(value),
};

export interface CommandDescription<O extends Options> {
  /** `run`: the errors say `dgm-bench run`. */
  readonly name: string;
  /** What the command does, in one sentence. */
  readonly summary: string;
  /** What follows `npm run bench --`. */
  readonly usage: string;
  readonly options: O;
  /** Under which titles the help lists the options; all under none by default. */
  readonly groups?: Readonly<Record<string, readonly (keyof O)[]>>;
  /** What the help says at its end. */
  readonly notes: string;
  /** Whether it takes words that are no options, such as files. @defaultValue false */
  readonly takesWords?: boolean;
}

const helpOption = {
  help: { type: 'boolean', short: 'h', default: false, help: 'print this' },
} as const satisfies Options;

/** How a command reads its arguments and explains itself, both out of one description. */
export class CommandLine<O extends Options> {
  /** `dgm-bench run`, for errors. */
  readonly where: string;
  readonly #description: CommandDescription<O>;

  constructor(description: CommandDescription<O>) {
    this.where = `dgm-bench ${description.name}`;
    this.#description = description;
  }

  /** @throws ArgumentError for an unknown option, with the closest one that exists */
  parse(argv: readonly string[]): {
    readonly values: Values<O & typeof helpOption>;
    readonly words: readonly string[];
  } {
    const options = { ...this.#description.options, ...helpOption };
    const names = Object.keys(options).map((name) => `--${name}`);
    const unknown = argv.find((word) => word.startsWith('--') && !names.includes(word.split('=')[0]!));
    if (unknown !== undefined && unknown !== '--') {
      const close = closest(unknown.split('=')[0]!, names);
      throw this.error(`the option ${unknown}`, {
        expected: 'to exist',
        remedy: close === undefined ? this.#seeHelp : `did you mean ${close}`,
      });
    }
    try {
      const { values, positionals } = parseArgs({
        args: withNegativeNumbers(argv, options),
        options,
        strict: true,
        allowPositionals: this.#description.takesWords ?? false,
      });
      return { values: values as unknown as Values<O & typeof helpOption>, words: positionals };
    } catch (cause) {
      throw this.error('the arguments', {
        expected: 'to be those of the help',
        actual: (cause as Error).message.replace(/\s*\n\s*/g, ' '),
        remedy: this.#seeHelp,
        cause,
      });
    }
  }

  /** @throws ArgumentError for a number that cannot be meant */
  number(text: string, option: string, range: NumberRange): number {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (range.holds(value)) return value;
    throw this.error(option, { expected: range.says, actual: JSON.stringify(text) });
  }

  /** Numbers separated by commas. */
  numbers(text: string, option: string, range: NumberRange): readonly number[] {
    return text.split(',').map((part) => this.number(part, option, range));
  }

  /** @throws ArgumentError with the closest name */
  oneOf<Name extends string>(name: string, option: string, names: readonly Name[]): Name {
    checkOneOf(this.where, option, name, names);
    return name;
  }

  error(
    argument: string,
    rest: { expected: string; actual?: string; remedy?: string; cause?: unknown },
  ): ArgumentError {
    return new ArgumentError({ where: this.where, argument, ...rest });
  }

  get help(): string {
    const { summary, usage, options, notes, groups = { '': Object.keys(options) } } = this.#description;
    const all: Options = { ...options, ...helpOption };
    const titles = Object.entries(groups);
    const blocks = titles.map(([title, names], index) => {
      const shown = index === titles.length - 1 ? [...names, 'help'] : names;
      const lines = shown.map((name) => describeOption(String(name), all[String(name)]!));
      return [...(title === '' ? [] : [title]), ...lines].join('\n');
    });
    return [summary, `  npm run bench -- ${usage}`, ...blocks, notes].join('\n\n');
  }

  get #seeHelp(): string {
    return `see ${this.where} --help`;
  }
}

const [INDENT, WIDTH] = [26, 110];

/** `  --seed INTEGER          decides ... (default 0)`, with lines that do not get too long. */
function describeOption(name: string, { short, value, help, default: standard }: Option): string {
  const names = `  ${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`;
  const text = typeof standard === 'string' ? `${help} (default ${standard})` : help;
  const lines = [''];
  for (const word of text.split(' ')) {
    if (`${lines.at(-1)} ${word}`.length > WIDTH - INDENT) lines.push(word);
    else lines[lines.length - 1] = `${lines.at(-1)} ${word}`.trimStart();
  }
  const first = names.length < INDENT - 1 ? names.padEnd(INDENT) : `${names}\n${' '.repeat(INDENT)}`;
  return first + lines.join(`\n${' '.repeat(INDENT)}`);
}

/** `--seed -3` as `--seed=-3`: on its own, a word that begins with a dash would be read as an option. */
function withNegativeNumbers(argv: readonly string[], options: Options): string[] {
  const words: string[] = [];
  for (const word of argv) {
    const before = words.at(-1) ?? '';
    const isValue = /^-[.\d]/.test(word) && options[before.replace(/^--/, '')]?.type === 'string';
    if (isValue && before.startsWith('--')) words[words.length - 1] = `${before}=${word}`;
    else words.push(word);
  }
  return words;
}

/** Names separated by commas. */
export function names(text: string): readonly string[] {
  return text.split(',').map((name) => name.trim());
}

/** A property, or none where the value is undefined. */
export function defined<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): Partial<Record<Name, Value>> {
  return value === undefined ? {} : ({ [name]: value } as Record<Name, Value>);
}
