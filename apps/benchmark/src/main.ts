import { ArgumentError } from '@dgm/core';
import { compare } from './compare/compare';
import { doctor } from './doctor/doctor';
import { merge } from './merge/merge';
import { run } from './run/run';
import { text } from './text/text';

/** A subcommand: takes its own arguments and gives the exit status of the program. */
type Command = (argv: readonly string[]) => Promise<number>;

const commands: Readonly<Record<string, Command>> = { run, compare, merge, doctor, text };

/** `dgm-bench [command] [options]`; the command is `run` unless one is named. */
export function main(argv: readonly string[]): Promise<number> {
  const [first, ...rest] = argv;
  if (first === undefined || first.startsWith('-')) return run(argv);
  const command = Object.hasOwn(commands, first) ? commands[first] : undefined;
  if (command) return command(rest);
  throw new ArgumentError({
    where: 'dgm-bench',
    argument: 'command',
    expected: `to be one of ${Object.keys(commands).join(', ')}`,
    actual: JSON.stringify(first),
    remedy: 'see dgm-bench --help',
  });
}
