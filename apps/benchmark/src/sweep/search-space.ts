import { checkOneOf, Key } from '@dgm/core';
import type { CommandLine } from '../command-line/command-line';
import type { Settings } from '../results/sweep';
import { rounded } from '../statistics/statistics';
import { hyperparameters, isIntegral } from './hyperparameters';

/** The values of one hyperparameter: those of a list, or all of a range, drawn log-uniformly. */
export type Values = readonly number[] | { readonly min: number; readonly max: number };

/** The values of each hyperparameter of a sweep, by name. */
export type SearchSpace = ReadonlyMap<string, Values>;

/** Random draws have so many digits, and can be typed again. */
const DIGITS = 3;
/** Draws that repeat an earlier one are discarded; this many for each one wanted are enough unless there are no others. */
const ATTEMPTS = 100;

type Command = Pick<CommandLine<never>, 'error' | 'where' | 'number' | 'numbers'>;

/**
 * Reads `learningRate=1e-3,3e-4` and, for a random search, `learningRate=1e-4..1e-2`.
 * @throws ArgumentError for a hyperparameter that does not exist, and for a value that it cannot have
 */
export function parseSpace(words: readonly string[], command: Command): SearchSpace {
  const space = new Map<string, Values>();
  for (const word of words) {
    const [, name, text] = /^([^=]+)=(.+)$/.exec(word) ?? [];
    if (name === undefined || text === undefined) {
      throw command.error('a hyperparameter', {
        expected: 'to be NAME=VALUES, such as learningRate=1e-3,3e-4',
        actual: JSON.stringify(word),
      });
    }
    checkOneOf(command.where, 'the hyperparameter', name, Object.keys(hyperparameters));
    if (space.has(name)) throw command.error(name, { expected: 'to be given once', actual: 'twice' });
    space.set(name, parseValues(name, text, command));
  }
  return space;
}

function parseValues(name: string, text: string, command: Command): Values {
  const { range } = hyperparameters[name]!;
  const [min, max, ...rest] = text.split('..');
  if (max === undefined) {
    const values = command.numbers(text, name, range);
    const twice = values.find((value, index) => values.indexOf(value) !== index);
    if (twice === undefined) return values;
    throw command.error(name, { expected: 'to have different values', actual: `${twice} twice` });
  }
  const ends = { min: command.number(min!, name, range), max: command.number(max, name, range) };
  if (rest.length === 0 && ends.min < ends.max) return ends;
  throw command.error(name, {
    expected: 'to be a range MIN..MAX, with MIN below MAX',
    actual: JSON.stringify(text),
  });
}

/** `learningRate=0.001,0.0003`, as {@link parseSpace} reads it. */
export function formatSpace(space: SearchSpace): string {
  return [...space]
    .map(([name, values]) => `${name}=${isList(values) ? values.join(',') : `${values.min}..${values.max}`}`)
    .join(' ');
}

/** `learningRate 0.001, width 100`. */
export function formatSettings(settings: Settings): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

/** Every combination of the values; the last hyperparameter changes fastest. There are no ranges. */
export function gridOf(space: SearchSpace): readonly Settings[] {
  return [...space].reduce<readonly Settings[]>(
    (all, [name, values]) =>
      all.flatMap((settings) =>
        (isList(values) ? values : []).map((value) => ({ ...settings, [name]: value })),
      ),
    [{}],
  );
}

/**
 * Different combinations, drawn independently: of a list uniformly, of a range log-uniformly. More of them begin with the same
 * ones.
 */
export function randomSettings(space: SearchSpace, count: number, command: Command): readonly Settings[] {
  const found = new Map<string, Settings>();
  for (let draw = 0; found.size < count && draw < ATTEMPTS * count; draw++) {
    const key = Key.of(0).fold('random search').fold(draw);
    const settings = Object.fromEntries(
      [...space].map(([name, values]) => [name, drawValue(name, values, key.fold(name))]),
    );
    found.set(formatSettings(settings), settings);
  }
  if (found.size === count) return [...found.values()];
  throw command.error('--random', {
    expected: 'to be at most the number of different settings',
    actual: `${count} of ${found.size}`,
    remedy: 'give more values, or leave --random out to try them all',
  });
}

function drawValue(name: string, values: Values, key: Key): number {
  const generator = key.generator();
  if (isList(values)) return values[generator.below(values.length)]!;
  const [least, most] = [Math.log(values.min), Math.log(values.max)];
  const value = Math.exp(least + (most - least) * generator.uniform());
  const shown = isIntegral(name) ? Math.round(value) : rounded(value, DIGITS);
  return Math.min(Math.max(shown, values.min), values.max);
}

export function isList(values: Values): values is readonly number[] {
  return Array.isArray(values);
}
