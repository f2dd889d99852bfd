import { InvalidArgumentError, Option } from 'commander';
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
  readonly rate?: number;
  readonly image?: boolean;
}

export interface BenchCommand {
  readonly json?: boolean;
  readonly rate?: number;
  readonly image?: boolean;
}

export interface ExportCommand {
  readonly out?: string;
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
  program.description('Files of arrays and images, by a trained model: lossless or lossy.').addHelpText(
    'after',
    `
Examples:
  $ dgm-compress encode digits.dgm digits.npy --out digits.dgmc
  $ dgm-compress decode digits.dgmc --model digits.dgm --out digits.npy
  $ dgm-compress inspect digits.dgmc --model digits.dgm
  $ dgm-compress bench digits.dgm digits.npy
  $ dgm-compress export digits.dgm --out digits.model

A model is what saveModel of @dgm/core/node wrote, of an autoregressive model, a flow of integers, a VAE or a neural compressor; the
package that it was made with has to be installed. What export makes of it needs no package, and reads its files in all later
versions. Arrays are of NumPy (.npy): examples [n, ...event], or, with --image, one image of any size, which is coded by tiles of the
model's height and width. - stands for stdin. Without --out, data go to stdout; all else goes to stderr.`,
  );
  const rate = () =>
    new Option(
      '-r, --rate <number>',
      'of a lossy model, the position among its rates (default: 0)',
    ).argParser(parseRate);
  program
    .command('encode')
    .description('write an array as a file')
    .argument('<model>', 'a model, or the file of its codec')
    .argument('<array>', 'examples [n, ...event], or one image')
    .option('--image', 'the array is one image of any size')
    .addOption(rate())
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
    .argument('<model>', 'a model, or the file of its codec')
    .argument('<array>', 'examples [n, ...event], or one image')
    .option('--image', 'the array is one image of any size')
    .addOption(rate())
    .option('--json', 'print JSON')
    .action(async (model: string, array: string, options: BenchCommand) =>
      (await import('./compress-commands')).bench(model, array, options, streams),
    );
  program
    .command('export')
    .description('write the codec of a model, for programs without its package and for later versions')
    .argument('<model>')
    .option('-o, --out <file>', 'where to write it (default: stdout)')
    .action(async (model: string, options: ExportCommand) =>
      (await import('./compress-commands')).exportCodec(model, options, streams),
    );
  return program;
}

function parseRate(text: string): number {
  const rate = Number(text);
  if (text.trim() !== '' && Number.isFinite(rate)) return rate;
  throw new InvalidArgumentError('It is no number.');
}
