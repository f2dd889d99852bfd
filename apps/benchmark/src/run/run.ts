import type { Callback } from '@dgm/core';
import { progressBar } from '@dgm/core/node';
import { parseRunArguments, runCommand, type RunArguments } from './arguments';
import { discoverFamilies, type Families } from '../families';
import { describeError } from '../report/format';
import { baselines } from '../datasets/baselines';
import type { Results, Run } from '../results/schema';
import { textTable } from '../report/results-text';
import { head } from '../datasets/datasets';
import { abortOnSignals, INTERRUPTED, StoppedError } from '../command-line/interruption';
import { openJob, type Job } from './job';
import { OutputFolder } from '../results/output-folder';
import { countForPicture, drawGrid } from './pictures';
import { trainModel } from './train-model';
import { DATA_GRID, writeReport } from './write-report';

/**
 * `dgm-bench run`: trains the models that the command line names, one after the other, and reports on them.
 * @param discover - where the models come from
 * @returns the exit status of the program
 */
export async function run(
  argv: readonly string[],
  discover: () => Promise<Families> = discoverFamilies,
): Promise<number> {
  const given = parseRunArguments(argv);
  if (given.help) {
    console.log(runCommand.help);
    return 0;
  }
  const output = await OutputFolder.open(given.out, runCommand.where);
  try {
    return await runIn(output, given, await discover());
  } finally {
    await output.close();
  }
}

async function runIn(output: OutputFolder, given: RunArguments, families: Families): Promise<number> {
  const job = await openJob(given, output, families);
  const stop = abortOnSignals(() => console.log('\nStopping after this step; once more to stop at once.'));
  try {
    const results = await trainAll(job, output, stop.signal);
    await report(job, results, output);
    return results.failures === undefined ? 0 : 1;
  } catch (error) {
    if (!(error instanceof StoppedError)) throw error;
    console.log(`Stopped. To go on: npm run bench -- --resume --out ${given.out}`);
    return INTERRUPTED;
  } finally {
    stop.release();
  }
}

/** Trains one model after the other. What a run gave is on disk before the next one starts. */
async function trainAll(job: Job, output: OutputFolder, signal: AbortSignal): Promise<Results> {
  let { results } = job;
  for (const candidate of job.candidates) {
    const { entry, package: origin } = candidate;
    if (signal.aborted) throw new StoppedError();
    console.log(`\n${entry.name} (${origin}, ${entry.source})`);
    try {
      const finished = await trainModel(candidate, { ...job, output, signal, callbacks: callbacks(job) });
      results = { ...results, runs: inOrder([...results.runs, finished], job.models) };
    } catch (error) {
      if (error instanceof StoppedError) throw error;
      const failure = { model: entry.name, package: origin, error: describeError(error) };
      console.error(`${entry.name} failed: ${failure.error}`);
      results = { ...results, failures: [...(results.failures ?? []), failure] };
    }
    await output.writeResults(results);
  }
  return results;
}

/** The runs in the order of the plan: one that failed may have been made up for later. */
function inOrder(runs: readonly Run[], models: readonly string[]): readonly Run[] {
  return [...runs].sort((a, b) => models.indexOf(a.model) - models.indexOf(b.model));
}

/** What is shown while a model trains. */
function callbacks({ plan: { maxSeconds } }: Job): readonly Callback[] {
  const measuring: Callback = {
    onEnd({ stoppedBy }) {
      if (stoppedBy !== 'aborted') console.log('measuring what it has learned ...');
    },
  };
  return [progressBar(maxSeconds === undefined ? {} : { maxSeconds }), measuring];
}

/** Writes the report and prints the table. */
async function report({ dataset }: Job, results: Results, output: OutputFolder): Promise<void> {
  const { test } = dataset;
  const reference = baselines(dataset);
  if (test.count > 0)
    await output.write(DATA_GRID, drawGrid(head(test, countForPicture(test.shape)), dataset));
  await output.writeResults(results);
  const page = await writeReport(output, results, reference);
  console.log(`\n${textTable(results, reference)}\n\nReport: ${page}`);
}
