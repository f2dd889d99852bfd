import { parseArgs, type ParseArgsConfig } from 'node:util';
import { ArgumentError } from '@dgm/core';

/** What a number on the command line has to be. */
export interface Range {
  readonly says: string;
  readonly holds: (value: number) => boolean;
}
export const integer: Range = { says: 'to be an integer', holds: Number.isSafeInteger };
export const positive: Range = {
  says: 'to be a positive number',
  holds: (value) => value > 0 && Number.isFinite(value),
};
export const zeroOrPositive: Range = {
  says: 'to be 0 or a positive number',
  holds: (value) => value >= 0 && Number.isFinite(value),
};
export const positiveInteger: Range = {
  says: 'to be a positive integer',
  holds: (value) => value > 0 && Number.isSafeInteger(value),
};

/** How a subcommand reads its options. */
export interface OptionReader<Options extends NonNullable<ParseArgsConfig['options']>> {
  /** @throws ArgumentError for an option that it does not have */
  parse(argv: readonly string[]): ReturnType<typeof parseArgs<{ options: Options; strict: true }>>['values'];
  /** @throws ArgumentError for a number that cannot be meant */
  number(text: string | undefined, option: string, range: Range): number | undefined;
  /** Numbers with commas between. */
  numbers(text: string | undefined, option: string, range: Range): readonly number[] | undefined;
}

/** @param command - `dgm-bench run`, for the messages */
export function optionReader<Options extends NonNullable<ParseArgsConfig['options']>>(
  command: string,
  options: Options,
): OptionReader<Options> {
  const number = (text: string, option: string, range: Range): number => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (range.holds(value)) return value;
    throw new ArgumentError({
      where: command,
      argument: option,
      expected: range.says,
      actual: JSON.stringify(text),
    });
  };
  return {
    parse: (argv) => {
      try {
        return parseArgs({ args: [...argv], options, strict: true }).values;
      } catch (cause) {
        throw new ArgumentError({
          where: command,
          argument: (cause as Error).message.replace(/\s*\n\s*/g, ' '),
          remedy: `see ${command} --help`,
          cause,
        });
      }
    },
    number: (text, option, range) => (text === undefined ? undefined : number(text, option, range)),
    numbers: (text, option, range) => text?.split(',').map((part) => number(part, option, range)),
  };
}

/** Names with commas between. */
export function names(text: string | undefined): readonly string[] | undefined {
  return text?.split(',').map((name) => name.trim());
}

/** A property, or none where the value is undefined. */
export function defined<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): Partial<Record<Name, Value>> {
  return value === undefined ? {} : ({ [name]: value } as Record<Name, Value>);
}
