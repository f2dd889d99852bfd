import { CommandLine, defined } from '../command-line/command-line';

/** What `dgm-bench merge` does. */
export interface MergeArguments {
  /** The folders of the parts. */
  readonly folders: readonly string[];
  /** Where the data lie, for the baselines of a report and the test rows of a sweep. */
  readonly dataFolder?: string;
  readonly out: string;
  readonly help: boolean;
}

export const mergeCommand = new CommandLine({
  name: 'merge',
  summary:
    'Puts the parts of a run, a comparison or a sweep together that --shard has made on several machines.',
  usage: 'merge [options] DIR...',
  options: {
    'data-dir': {
      type: 'string',
      value: 'DIR',
      help: 'the folder of the data files, for the baselines of a report and the test rows of a sweep; also DGM_DATA_DIR',
    },
    out: { type: 'string', value: 'DIR', default: 'out', help: 'where to write the whole' },
  },
  takesWords: true,
  notes: `DIR is the --out of a part, all of them of one command: run, compare or sweep. A model, or a training of a sweep, may be in one part
only.
The exit status is 0 if all parts are there and complete, 1 if not: what there is is written, and a line says what is missing.`,
});

/**
 * Reads the command line of `dgm-bench merge`.
 * @throws ArgumentError for an unknown option, and where no folder is named
 */
export function parseMergeArguments(argv: readonly string[]): MergeArguments {
  const { values, words } = mergeCommand.parse(argv);
  if (words.length === 0 && !values.help) {
    throw mergeCommand.error('DIR', {
      expected: 'to be the folders of one part or more',
      actual: 'none',
      remedy: 'see dgm-bench merge --help',
    });
  }
  return { folders: words, ...defined('dataFolder', values['data-dir']), out: values.out, help: values.help };
}
