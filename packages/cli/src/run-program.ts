import { Command, CommanderError } from 'commander';
import { version } from '../package.json';
import type { Streams } from './streams';

/** A program that writes to the streams and throws in place of exiting. Subcommands take over what is set here. */
export function newProgram(name: string, { stdout, stderr }: Streams): Command {
  return new Command(name)
    .version(version)
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
    })
    .exitOverride()
    .showHelpAfterError('(add --help for what there is)');
}

/**
 * Runs a command line.
 * @returns the exit status: 0; 1 if data or files are wrong; 2 for a wrong command line
 */
export async function runProgram(
  program: Command,
  argv: readonly string[],
  { stderr }: Streams,
): Promise<number> {
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    stderr.write(`${program.name()}: ${error instanceof Error ? error.message : String(error)}\n`);
    // Conditions, columns and levels come from the command line; cells and files do not.
    return (error as { readonly code?: unknown }).code === 'argument' ? 2 : 1;
  }
}
