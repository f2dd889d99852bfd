import { ArgumentError, type Dataset } from '@dgm/core';
import { runCommand, type RunArguments } from './arguments';
import {
  isGroup,
  learnersOf,
  selectCandidates,
  unlearnable,
  type Candidate,
  type Families,
} from '../families';
import { describeError } from '../report/format';
import { describeMachine } from '../results/machine';
import { summarizeDataset, type Failure, type Results } from '../results/schema';
import { inShard } from '../command-line/shard';
import { checkDatasetName, loadDataset } from '../datasets/datasets';
import { checkEngineName, startEngine, type StartedEngine } from '../engine/engine';
import type { OutputFolder } from '../results/output-folder';
import { makePlan, PLAN_FILE, resumePlan, savedPlanSchema, type RunPlan, type SavedPlan } from './plan';
import { resultsSchema } from '../results/validate';

/** A plan with everything it names at hand, and what of it has been done. */
export interface Job {
  readonly plan: RunPlan;
  readonly dataset: Dataset;
  readonly engine: StartedEngine;
  /** The names of all models of the plan, in order. */
  readonly models: readonly string[];
  /** Those that are still to be trained. */
  readonly candidates: readonly Candidate[];
  /** What this plan has given so far. */
  readonly results: Results;
}

/**
 * Makes ready what the command line asks for, and says what is wrong with it before anything is trained or removed.
 * @throws ArgumentError for names that do not exist, and for options that contradict the run to go on with
 */
export async function openJob(given: RunArguments, output: OutputFolder, families: Families): Promise<Job> {
  const saved = given.resume ? await output.readJson(PLAN_FILE, savedPlanSchema) : undefined;
  if (given.resume && !saved) console.log(`Nothing to go on with in ${given.out}: starting anew.`);
  const plan = saved ? resumePlan(saved.plan, given) : makePlan(given);
  checkEngineName(plan.engine);
  checkDatasetName(plan.dataset);
  const { candidates, failures } = findCandidates(families, plan.models);
  const engine = await startEngine(plan.engine, plan.device);
  console.log(engine.description);
  const dataset = await loadDataset(plan.dataset, {
    folder: plan.dataFolder,
    header: plan.header,
    quick: plan.quick,
  });
  const learners = learnersOf(candidates, dataset, plan.models, runCommand.where);
  if (learners.length === 0 && failures.length === 0) {
    throw unlearnable('any model', dataset, runCommand.where);
  }
  const able = inShard(learners, plan.shard);
  checkSameData(saved, dataset);
  if (!saved) await output.checkFree('results.json', { ...given, where: runCommand.where });
  if (!saved) await start(output, { plan, sha256: dataset.sha256 });
  const runs = (saved && (await output.readJson('results.json', resultsSchema))?.runs) ?? [];
  return {
    plan,
    dataset,
    engine,
    models: able.map(({ entry }) => entry.name),
    candidates: able.filter(({ entry }) => !runs.some(({ model }) => model === entry.name)),
    results: {
      schema: 1,
      machine: describeMachine(),
      dataset: summarizeDataset(dataset),
      runs,
      ...(failures.length > 0 ? { failures } : {}),
    },
  };
}

/** Empties the folder for a new run, and writes down what the run is. */
async function start(output: OutputFolder, saved: SavedPlan): Promise<void> {
  await output.clear();
  await output.write(PLAN_FILE, `${JSON.stringify(saved, null, 2)}\n`);
}

/** The models of that name, and those that would have been of a package that does not load. */
function findCandidates(
  { candidates, broken }: Families,
  models: readonly string[],
): { readonly candidates: readonly Candidate[]; readonly failures: readonly Failure[] } {
  const failures = broken.map(({ package: name, error }) => ({
    model: name,
    package: name,
    error: describeError(error),
  }));
  for (const { package: name, error } of failures) console.error(`${name} could not be loaded: ${error}`);
  const wantsAll = models.some(isGroup);
  return {
    candidates: selectCandidates(candidates, models, runCommand.where),
    failures: wantsAll ? failures : [],
  };
}

function checkSameData(saved: SavedPlan | undefined, { name, sha256 }: Dataset): void {
  if (saved === undefined || saved.sha256 === sha256) return;
  throw new ArgumentError({
    where: 'dgm-bench run --resume',
    argument: '--dataset',
    expected: `to be the ${name} with SHA-256 ${saved.sha256}, as in the run to go on with`,
    actual: sha256,
    remedy: 'give the same data, or start another run without --resume',
  });
}
