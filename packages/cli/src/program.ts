import { Argument, InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { completion, SHELLS } from './completion';
import { newProgram, runProgram } from './run-program';
import type { Streams } from './streams';

/**
 * The program `dgm`.
 * @returns its exit status: 0; 1 if data or files are wrong; 2 for a wrong command line
 */
export async function run(argv: readonly string[], streams: Streams): Promise<number> {
  return runProgram(makeProgram(streams), argv, streams);
}

function makeProgram(streams: Streams): Command {
  const program = newProgram('dgm', streams);
  program
    .description('Generative models of your own tables: train, score, sample, impute, evaluate.')
    .addHelpText(
      'after',
      `
Examples:
  $ dgm inspect cars.csv
  $ dgm train cars.csv --out cars.dgm --minutes 5
  $ dgm sample cars.dgm --rows 1000 --given 'fuel=diesel' 'price=5000..9000' > synthetic.csv
  $ dgm score cars.dgm new.csv --cells
  $ cat gaps.csv | dgm impute cars.dgm - > filled.csv

A FILE is CSV, TSV or similar, JSON lines (.jsonl, .ndjson), plain or gzip, or Parquet (.parquet); - stands for stdin. Data go to stdout, all else to stderr.`,
    );

  // Each command's code is loaded when it runs: help and errors need no TensorFlow.js.
  program
    .command('inspect')
    .description('say what the columns of a table hold, and why')
    .argument('<file>', 'a table')
    .option('--json', 'print the schema, to correct it and pass it to train --schema')
    .action(async (file: string, options: { json?: boolean }) =>
      (await import('./commands')).inspect(file, options, streams),
    );
  program
    .command('train')
    .description('train a model of a table')
    .argument('<file>', 'a table')
    .option('-o, --out <model>', 'the file of the model', 'model.dgm')
    .addOption(
      new Option('--model <kind>', 'the kind of model; auto keeps the best of all')
        .choices(MODELS)
        .default('any-order'),
    )
    .option('--minutes <number>', 'how long to train, about', positive, 5)
    .option('--steps <number>', 'how many steps to train, in place of minutes', count)
    .option('--seed <integer>', 'decides all randomness', integer, 0)
    .option('--schema <file>', 'the schema, as JSON')
    .option('--columns <names>', 'comma-separated names of the columns to describe', names)
    .option('--resume', 'go on with the training of this model that was interrupted')
    .option('--protect <rows>', 'do not name levels of fewer rows than this', count, 1)
    .option('--json', 'print the training facts as JSON')
    .addHelpText(
      'after',
      `
A model of the kind any-order answers everything: conditions on any columns, cells given all others, gaps. trees train in seconds,
score and draw columns in their order, and keep the training cells in their file. vae, flow and diffusion score and draw whole rows; their
nats are an upper bound. auto shares the time among all kinds, and keeps the one with the least nats of validation rows, which may not
fill gaps.

Ctrl-C ends training and writes the best model so far; --resume goes on from there.`,
    )
    .action(async (file: string, options: TrainCommand) =>
      (await import('./commands')).train(file, options, streams),
    );
  program
    .command('score')
    .description('print the log-probability of each row, in nats')
    .argument('<model>')
    .argument('<file>', 'a table')
    .option('--cells', 'also of each cell')
    .addOption(
      new Option('--of <cells>', 'what a cell is conditioned on')
        .choices(['before', 'others'])
        .default('before'),
    )
    .action(async (model: string, file: string, options: { cells?: boolean; of: 'before' | 'others' }) =>
      (await import('./commands')).score(model, file, options, streams),
    );
  program
    .command('explain')
    .description('print the cells of rows that are least probable given all others, and what was expected')
    .argument('<model>')
    .argument('<file>', 'a table')
    .requiredOption('--row <numbers...>', 'numbers of rows, from 1', counts)
    .option('--cells <number>', 'how many cells of each row', count, 3)
    .option('--json', 'print JSON')
    .action(async (model: string, file: string, options: ExplainCommand) =>
      (await import('./commands')).explain(model, file, options, streams),
    );
  program
    .command('sample')
    .description('draw rows')
    .argument('<model>')
    .option('-n, --rows <number>', 'how many', count, 10)
    .option('--seed <integer>', 'decides the draws', integer, 0)
    .option(
      '--given <conditions...>',
      "conditions: 'cut=Ideal', 'cut=Fair|Good', 'price=500..900', 'age=' for missing",
    )
    .option('--like <file>', 'rows with gaps to complete')
    .action(async (model: string, options: SampleCommand) =>
      (await import('./commands')).sample(model, options, streams),
    );
  program
    .command('impute')
    .description('fill the missing cells of a table')
    .argument('<model>')
    .argument('<file>', 'a table')
    .option('--draw', 'draw from the distribution of a cell, in place of its mean or most probable level')
    .option('--seed <integer>', 'decides the draws', integer, 0)
    .action(async (model: string, file: string, options: { draw?: boolean; seed: number }) =>
      (await import('./commands')).impute(model, file, options, streams),
    );
  program
    .command('evaluate')
    .description('say how good a model and its drawn rows are')
    .argument('<model>')
    .argument(
      '[file]',
      'rows that the model was not trained on (default: the rows of --train that were held out)',
    )
    .option('--train <file>', 'the table that the model was trained on: adds copies and usefulness')
    .option('--seed <integer>', 'decides the draws', integer, 0)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ dgm evaluate cars.dgm --train cars.csv')
    .action(async (model: string, file: string | undefined, options: EvaluateCommand) =>
      (await import('./commands')).evaluate(model, file, options, streams),
    );
  program
    .command('report')
    .description('write a page that says how good a model and its drawn rows are')
    .argument('<model>')
    .argument('[file]', 'rows, as for evaluate')
    .option('--train <file>', 'the table that the model was trained on, as for evaluate')
    .option('-o, --out <page>', 'the page, HTML that needs no other files (default: MODEL.html)')
    .option('--seed <integer>', 'decides the draws', integer, 0)
    .addHelpText('after', '\nExample:\n  $ dgm report cars.dgm --train cars.csv --out cars.html')
    .action(async (model: string, file: string | undefined, options: ReportCommand) =>
      (await import('./commands')).report(model, file, options, streams),
    );
  program
    .command('compress')
    .description('write a table as a file that a model makes small')
    .argument('<model>')
    .argument('<file>', 'a table with the columns that the model was trained on, in their order')
    .option('-o, --out <file>', 'where to write it (default: stdout)')
    .option('--include-model', 'put the network into the file, which then decodes by itself')
    .addHelpText(
      'after',
      `
Examples:
  $ dgm compress cars.dgm cars.csv --out cars.dgmc
  $ dgm decompress cars.dgmc --model cars.dgm --out again.csv

Text comes back byte by byte. Parquet and JSON lines come back as CSV, with the same cells.`,
    )
    .action(async (model: string, file: string, options: CompressCommand) =>
      (await import('./commands')).compress(model, file, options, streams),
    );
  program
    .command('decompress')
    .description('write the table of such a file')
    .argument('<file>')
    .option('-o, --out <table>', 'where to write it (default: stdout)')
    .option('-m, --model <model>', 'the model that it was written with, unless it is inside')
    .action(async (file: string, options: DecompressCommand) =>
      (await import('./commands')).decompress(file, options, streams),
    );
  program
    .command('info')
    .description('say what a model describes, and how it was trained')
    .argument('<model>')
    .option('--json', 'print JSON')
    .action(async (model: string, options: { json?: boolean }) =>
      (await import('./commands')).info(model, options, streams),
    );
  program
    .command('export')
    .description('write the network as an ONNX file, for other languages')
    .argument('<model>')
    .option('-o, --out <file>', 'the ONNX file', 'model.onnx')
    .option('-n, --rows <number>', 'how many rows it takes at a time', count, 1)
    .addHelpText(
      'after',
      `
Inputs, for D columns: codes [rows, D], int32, and features [rows, 2 D]. With the entry of the column in the metadata dgm.columns, a
hidden cell has the code offset and the features 0 and 0. Another one has the code offset + 1 + index and the features place and 1: for
a category its index among kept (their number for other levels, one more for missing) and the place 0; for a number the index of its bin
by starts (their number for missing) and its place on the axis. Outputs column/NAME: log-probabilities of the indices given the
cells that are seen; for numbers then the log-weights, means and scales of the mixture on the axis.`,
    )
    .action(async (model: string, options: { out: string; rows: number }) =>
      (await import('./commands')).exportOnnx(model, options),
    );
  program
    .command('completion')
    .description('print a script that completes commands and options')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .addHelpText('after', '\nExample, in ~/.bashrc or ~/.zshrc:\n  source <(dgm completion bash)')
    .action((shell: (typeof SHELLS)[number]) => void streams.stdout.write(completion(program, shell)));
  return program;
}

/** The kinds of models of tables: those of `@dgm/tables`, which help does not load. */
const MODELS = ['auto', 'any-order', 'trees', 'vae', 'flow', 'diffusion'] as const;

export interface TrainCommand {
  readonly out: string;
  readonly model: (typeof MODELS)[number];
  readonly minutes: number;
  readonly steps?: number;
  readonly seed: number;
  readonly schema?: string;
  readonly columns?: readonly string[];
  readonly protect: number;
  readonly resume?: boolean;
  readonly json?: boolean;
}

export interface CompressCommand {
  readonly out?: string;
  readonly includeModel?: boolean;
}

export interface DecompressCommand {
  readonly out?: string;
  readonly model?: string;
}

export interface EvaluateCommand {
  readonly train?: string;
  readonly seed: number;
  readonly json?: boolean;
}

export interface ReportCommand {
  readonly train?: string;
  readonly out?: string;
  readonly seed: number;
}

export interface ExplainCommand {
  readonly row: readonly number[];
  readonly cells: number;
  readonly json?: boolean;
}

export interface SampleCommand {
  readonly rows: number;
  readonly seed: number;
  readonly given?: readonly string[];
  readonly like?: string;
}

function integer(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError('It is not an integer.');
}

function count(text: string): number {
  const value = integer(text);
  if (value >= 1) return value;
  throw new InvalidArgumentError('It is less than 1.');
}

const counts = (text: string, earlier: readonly number[] = []) => [...earlier, count(text)];

function positive(text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('It is not a number above 0.');
}

const names = (text: string) => text.split(',').map((name) => name.trim());
