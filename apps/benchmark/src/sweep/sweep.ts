import type { ArgumentError } from '@dgm/core';
import { DgmError, Key, type Dataset } from '@dgm/core';
import { progressBar } from '@dgm/core/node';
import { defined } from '../command-line/command-line';
import { abortOnSignals, INTERRUPTED, StoppedError } from '../command-line/interruption';
import { inShard } from '../command-line/shard';
import { checkDatasetName, loadDataset } from '../datasets/datasets';
import { checkEngineName, startEngine, type StartedEngine } from '../engine/engine';
import {
  discoverFamilies,
  learnersOf,
  selectCandidates,
  unlearnable,
  type Candidate,
  type Families,
} from '../families';
import { decimal, describeError } from '../report/format';
import { sweepTable } from '../report/sweep-text';
import { describeMachine } from '../results/machine';
import { OutputFolder } from '../results/output-folder';
import { summarizeDataset } from '../results/schema';
import type { Chosen, Sweep, Trial } from '../results/sweep';
import { sweepSchema } from '../results/validate';
import { rankSettings } from '../statistics/ranking';
import {
  argumentsOfSweep,
  parseSweepArguments,
  sweepCommand,
  sweepCommandOf,
  type SweepArguments,
} from './arguments';
import { inspectRecipe } from './hyperparameters';
import { formatSettings, gridOf, randomSettings } from './search-space';
import { canBeChosen, forgetTraining, testTrial, trainTrial, weightsFile, type TrialTask } from './trial';
import { SWEEP_FILE, writeSweep } from './write-sweep';

/**
 * `dgm-bench sweep`: trains models with several values of their hyperparameters, and measures the best ones.
 * @param discover - where the models come from
 * @returns the exit status of the program
 */
export async function sweep(
  argv: readonly string[],
  discover: () => Promise<Families> = discoverFamilies,
): Promise<number> {
  const asked = parseSweepArguments(argv);
  if (asked.help) {
    console.log(sweepCommand.help);
    return 0;
  }
  const output = await OutputFolder.open(asked.out, sweepCommand.where);
  const stop = abortOnSignals(() => console.log('\nStopping after this step; once more to stop at once.'));
  try {
    const earlier = asked.resume ? await output.readJson(SWEEP_FILE, sweepSchema) : undefined;
    if (asked.resume && !earlier) console.log(`Nothing to go on with in ${asked.out}: starting anew.`);
    const given = earlier ? argumentsOfSweep(earlier.command, argv) : asked;
    const prepared = await prepareSweep(given, await discover());
    if (!earlier) await output.checkFree(SWEEP_FILE, { ...given, where: sweepCommand.where });
    if (earlier) requireData(earlier, prepared.dataset);
    const opened = earlier ?? (await start(output, prepared));
    const trained = await trainAll(opened, prepared, output, stop.signal);
    const weightsOf = ({ number }: Trial) => output.read(weightsFile(number));
    return await finishSweep(trained, output, () => prepared, weightsOf);
  } catch (error) {
    if (!(error instanceof StoppedError)) throw error;
    console.log(`Stopped. To go on: npm run bench -- sweep --resume --out ${asked.out}`);
    return INTERRUPTED;
  } finally {
    stop.release();
    await output.close();
  }
}

/** What a sweep was asked for, with everything it names at hand. */
export interface PreparedSweep {
  readonly given: SweepArguments;
  readonly dataset: Dataset;
  readonly engine: StartedEngine;
  /** Those of all parts. */
  readonly tasks: readonly TrialTask[];
}

/**
 * Makes ready what the command line asks for, and says what is wrong with it before anything is trained or removed.
 * @throws ArgumentError for names that do not exist, and for hyperparameters that a model does not have
 */
export async function prepareSweep(given: SweepArguments, families: Families): Promise<PreparedSweep> {
  const { where } = sweepCommand;
  checkEngineName(given.engine);
  checkDatasetName(given.dataset);
  const candidates = selectCandidates(families.candidates, given.models, where);
  const settings =
    given.random === undefined
      ? gridOf(given.space)
      : randomSettings(given.space, given.random, sweepCommand);
  const engine = await startEngine(given.engine, given.device);
  console.log(engine.description);
  const dataset = await loadDataset(given.dataset, {
    folder: given.dataFolder,
    header: given.header,
    quick: given.quick,
  });
  const learners = learnersOf(candidates, dataset, given.models, where);
  if (learners.length === 0) throw unlearnable('any model', dataset, where);
  requireValidation(dataset);
  for (const candidate of learners) await requireHyperparameters(candidate, given, dataset);
  const tasks = learners
    .flatMap((candidate) =>
      settings.flatMap((each) => given.seeds.map((seed) => ({ candidate, settings: each, seed }))),
    )
    .map((task, index) => ({ ...task, number: index + 1 }));
  return { given, dataset, engine, tasks };
}

function requireValidation({ validation, name }: Dataset): void {
  if (validation.count > 0) return;
  throw sweepCommand.error('--dataset', {
    expected: 'to have validation rows, by which hyperparameters are chosen',
    actual: `${name}, which has none`,
  });
}

/** @throws ArgumentError if the model does not have one of the hyperparameters, or cannot be validated */
async function requireHyperparameters(
  { entry }: Candidate,
  { space, dataset: data }: SweepArguments,
  dataset: Dataset,
): Promise<void> {
  const { experiment, names } = await inspectRecipe(entry, { dataset, key: Key.of(0), quick: true });
  const isValidated = canBeChosen(experiment);
  experiment.model.dispose();
  const missing = [...space.keys()].find((name) => !names.includes(name));
  if (missing !== undefined) {
    throw sweepCommand.error(missing, {
      expected: `to be a hyperparameter of ${entry.name}: ${names.join(', ')}`,
      actual: 'one that it does not have',
      remedy: 'leave it out, or choose other models',
    });
  }
  if (isValidated) return;
  throw sweepCommand.error('--models', {
    expected: 'to be models that can be validated',
    actual: `${entry.name}, whose losses on ${data} do not say how good it is`,
  });
}

/** Empties the folder for a new sweep, and writes down what the sweep is. */
async function start(output: OutputFolder, prepared: PreparedSweep): Promise<Sweep> {
  const { given, dataset, tasks } = prepared;
  await output.clear();
  for (const { number } of tasks) await output.remove(weightsFile(number));
  const empty: Sweep = {
    schema: 1,
    machine: describeMachine(),
    command: sweepCommandOf(given),
    dataset: summarizeDataset(dataset),
    trialCount: tasks.length,
    trials: [],
  };
  await writeSweep(output, empty);
  return empty;
}

/** Trains what is still to be trained. What a trial gave is on disk before the next one starts. */
async function trainAll(
  opened: Sweep,
  { given, dataset, engine, tasks }: PreparedSweep,
  output: OutputFolder,
  signal: AbortSignal,
): Promise<Sweep> {
  let result = opened;
  const own = inShard(tasks, given.shard);
  const { quick, maxSeconds } = given;
  const callbacks = [progressBar(maxSeconds === undefined ? {} : { maxSeconds })];
  const context = { plan: given, quick, dataset, engine, output, signal, callbacks };
  for (const [index, task] of own.entries()) {
    const { number, candidate, settings, seed } = task;
    if (result.trials.some((trial) => trial.number === number)) continue;
    if (signal.aborted) throw new StoppedError();
    const name = `${candidate.entry.name}, ${formatSettings(settings)}, seed ${seed}`;
    console.log(`\n${index + 1} of ${own.length}: ${name}`);
    const trial: Trial = { number, model: candidate.entry.name, settings, seed };
    const trials = [...result.trials, await finishedTrial(trial, () => trainTrial(task, context))];
    result = { ...result, trials };
    await writeSweep(output, result);
    await forgetTraining(trial, context);
  }
  return result;
}

/** A trial and what it gave. Settings that cannot be trained with are a result like any other. */
async function finishedTrial(trial: Trial, train: () => ReturnType<typeof trainTrial>): Promise<Trial> {
  try {
    const result = await train();
    console.log(`${decimal(result.validation, 3)} on the validation rows`);
    return { ...trial, result };
  } catch (error) {
    if (!DgmError.is(error)) throw error;
    console.error(`failed: ${describeError(error)}`);
    return { ...trial, error: describeError(error) };
  }
}

/**
 * Chooses the settings of each model once all trials have finished, measures them on the test rows and writes the report.
 * @param prepare - called where there is something to measure
 * @param weightsOf - the weights that a trial has kept
 * @returns the exit status of the program
 */
export async function finishSweep(
  trained: Sweep,
  output: OutputFolder,
  prepare: () => PreparedSweep | Promise<PreparedSweep>,
  weightsOf: WeightsOf,
): Promise<number> {
  const isWhole = trained.trials.length === trained.trialCount;
  const chosen = trained.chosen ?? (isWhole ? await choose(trained, await prepare(), weightsOf) : undefined);
  const finished = { ...trained, ...defined('chosen', chosen) };
  await writeSweep(output, finished);
  console.log(`\n${sweepTable(finished)}\n\nReport: ${output.file('sweep.html')}`);
  return chosen === undefined || chosen.length === rankSettings(finished).size ? 0 : 1;
}

type WeightsOf = (trial: Trial) => Promise<Uint8Array | undefined>;

/** The best settings of each model, except where all have failed, with what they reach on the test rows. */
async function choose(
  trained: Sweep,
  { tasks, given, ...context }: PreparedSweep,
  weightsOf: WeightsOf,
): Promise<readonly Chosen[]> {
  const chosen: Chosen[] = [];
  for (const [model, [best]] of rankSettings(trained)) {
    if (best === undefined || best.validation === null) continue;
    const tests: Chosen['tests'][number][] = [];
    for (const trial of best.trials) {
      const weights = await weightsOf(trial);
      if (weights === undefined) throw missingWeights(trial);
      const task = tasks.find(({ number }) => number === trial.number)!;
      tests.push(await testTrial(task, weights, { ...context, quick: given.quick }));
    }
    chosen.push({ model, settings: best.settings, tests });
  }
  return chosen;
}

function missingWeights({ number }: Trial): ArgumentError {
  return sweepCommand.error(weightsFile(number), {
    expected: 'to be beside the results, where the trial has written it',
    actual: 'missing',
  });
}

/** @throws ArgumentError if the sweep is of other data */
export function requireData({ dataset: { name, sha256 } }: Sweep, dataset: Dataset): void {
  if (sha256 === dataset.sha256) return;
  throw sweepCommand.error('--dataset', {
    expected: `to be the ${name} with SHA-256 ${sha256}, as in the trials that have finished`,
    actual: dataset.sha256,
    remedy: 'give the same data',
  });
}
