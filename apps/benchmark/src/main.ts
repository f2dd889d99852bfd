import { checkOneOf } from '@dgm/core';
import { claims } from './claims/claims';
import { compare } from './compare/compare';
import { doctor } from './doctor/doctor';
import { fewLabels } from './few-labels/few-labels';
import { merge } from './merge/merge';
import { models } from './models';
import { run } from './run/run';
import { sweep } from './sweep/sweep';
import { text } from './text/text';
import { weights } from './weights/weights';

/** A subcommand: takes its own arguments and gives the exit status of the program. */
type Command = (argv: readonly string[]) => Promise<number>;

const commands: Readonly<Record<string, Command>> = {
  ...{ run, models, compare, sweep, claims, merge, doctor, text, weights },
  'few-labels': fewLabels,
};

/** `dgm-bench [command] [options]`; the command is `run` unless one is named. */
export function main(argv: readonly string[]): Promise<number> {
  const [first, ...rest] = argv;
  if (first === undefined || first.startsWith('-')) return run(argv);
  checkOneOf('dgm-bench', 'command', first, Object.keys(commands));
  return commands[first]!(rest);
}
