import { CommandLine } from './command-line/command-line';
import { discoverFamilies } from './families';
import { describeError } from './report/format';

const commandLine = new CommandLine({
  name: 'models',
  summary: 'Lists the names that --models takes, and where each model is described.',
  usage: 'models',
  options: {},
  notes: 'A star marks the flagships, which run without --models.',
});

/**
 * `dgm-bench models`: lists the models.
 * @returns the exit status of the program
 */
export async function models(argv: readonly string[]): Promise<number> {
  if (commandLine.parse(argv).values.help) {
    console.log(commandLine.help);
    return 0;
  }
  const { candidates, broken } = await discoverFamilies();
  const width = Math.max(...candidates.map(({ entry }) => entry.name.length));
  for (const { entry } of candidates) {
    console.log(`${entry.isFlagship ? '*' : ' '} ${entry.name.padEnd(width)}  ${entry.source}`);
  }
  for (const { package: name, error } of broken) console.error(`${name}: ${describeError(error)}`);
  return broken.length === 0 ? 0 : 1;
}
