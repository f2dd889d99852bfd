import type { Command } from 'commander';
import { newProgram, runProgram } from './run-program';
import type { Streams } from './streams';

/**
 * The program `dgm-compress`.
 * @returns its exit status: 0; 1 if data or files are wrong; 2 for a wrong command line
 */
export async function runCompress(argv: readonly string[], streams: Streams): Promise<number> {
  return runProgram(makeProgram(streams), argv, streams);
}

export interface EncodeCommand {
  readonly out?: string;
  readonly includeModel?: boolean;
}

export interface DecodeCommand {
  readonly out?: string;
  readonly model?: string;
}

export interface InspectCommand {
  readonly model?: string;
  readonly json?: boolean;
}

function makeProgram(streams: Streams): Command {
  const program = newProgram('dgm-compress', streams);
  program.description('Lossless files of integer arrays, by a trained model.').addHelpText(
    'after',
    `
Examples:
  $ dgm-compress encode digits.model digits.npy --out digits.dgmc
  $ dgm-compress decode digits.dgmc --model digits.model --out digits.npy
  $ dgm-compress inspect digits.dgmc --model digits.model
  $ dgm-compress bench digits.model digits.npy

A model is what toBytes() of a codec of @dgm/compress gives. Arrays are of NumPy (.npy). - stands for stdin. Without
--out, data go to stdout; all else goes to stderr.`,
  );
  program
    .command('encode')
    .description('write an array as a file')
    .argument('<model>', 'the file of a codec')
    .argument('<array>', 'integers, [n, ...event]')
    .option('-o, --out <file>', 'where to write it (default: stdout)')
    .option('--include-model', 'put the model into the file, which then decodes by itself')
    .action(async (model: string, array: string, options: EncodeCommand) =>
      (await import('./compress-commands')).encode(model, array, options, streams),
    );
  program
    .command('decode')
    .description('write the array of a file')
    .argument('<file>')
    .option('-o, --out <array>', 'where to write it (default: stdout)')
    .option('-m, --model <file>', 'the model that it was written with, unless it is inside')
    .action(async (file: string, options: DecodeCommand) =>
      (await import('./compress-commands')).decode(file, options, streams),
    );
  program
    .command('inspect')
    .description('say what a file holds, and from how many examples on it pays to put the model inside')
    .argument('<file>')
    .option('-m, --model <file>', 'the model that it was written with, unless it is inside')
    .option('--json', 'print JSON')
    .action(async (file: string, options: InspectCommand) =>
      (await import('./compress-commands')).inspect(file, options, streams),
    );
  program
    .command('bench')
    .description('say what a model makes of an array, and how fast, beside gzip, brotli and xz')
    .argument('<model>', 'the file of a codec')
    .argument('<array>', 'integers, [n, ...event]')
    .option('--json', 'print JSON')
    .action(async (model: string, array: string, options: { json?: boolean }) =>
      (await import('./compress-commands')).bench(model, array, options, streams),
    );
  return program;
}
