import { parseArgs } from 'node:util';
import { ArgumentError } from '@dgm/core';
import { defined } from '../options';

/** What `dgm-bench merge` does. */
export interface MergeArguments {
  /** The folders of the parts. */
  readonly folders: readonly string[];
  /** Where the data lie, for the baselines of the report. */
  readonly dataFolder?: string;
  readonly out: string;
  readonly help: boolean;
}

const options = {
  'data-dir': { type: 'string' },
  out: { type: 'string', default: 'out' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/**
 * Reads the command line of `dgm-bench merge`.
 * @throws ArgumentError for an unknown option, and where no folder is named
 */
export function parseMergeArguments(argv: readonly string[]): MergeArguments {
  const { values, positionals } = parse(argv);
  if (positionals.length === 0 && !values.help) {
    throw new ArgumentError({
      where: 'dgm-bench merge',
      argument: 'DIR',
      expected: 'to be the folders of one part or more',
      actual: 'none',
      remedy: 'see dgm-bench merge --help',
    });
  }
  return {
    folders: positionals,
    ...defined('dataFolder', values['data-dir']),
    out: values.out,
    help: values.help,
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options, strict: true, allowPositionals: true });
  } catch (cause) {
    throw new ArgumentError({
      where: 'dgm-bench merge',
      argument: (cause as Error).message.replace(/\s*\n\s*/g, ' '),
      remedy: 'see dgm-bench merge --help',
      cause,
    });
  }
}

export const help = `Puts the parts of a run or of a comparison together that --shard has made on several machines.

  npm run bench -- merge [options] DIR...

  DIR                  the --out of a part: all of them of run, or all of compare
  --data-dir DIR       the folder of the data files, for the baselines of the report; also DGM_DATA_DIR
  --out DIR            where to write the whole (default out)
  -h, --help           print this

A model may be in one part only. The exit status is 0 if all parts are there and complete, 1 if not: what there is is
written, and a line says what is missing.`;
