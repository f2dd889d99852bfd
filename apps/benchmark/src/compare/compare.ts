import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Dataset } from '@dgm/core';
import {
  discoverFamilies,
  selectCandidates,
  type BrokenFamily,
  type Candidate,
  type Families,
} from '../families';
import { describeError } from '../format';
import { loadDataset } from '../run/datasets';
import { OutputFolder } from '../run/output-folder';
import { inShard } from '../shard';
import { parseCompareArguments, type CompareArguments } from './arguments';
import { writeDataFiles } from './data-files';
import { failedEntrants } from './entrant';
import { help } from './help';
import { measure, type Task } from './measure';
import { findEarlier, openComparison, withMeasurements } from './open-comparison';
import type { DataFiles } from './protocol';
import { findTorch, type Torch } from './python';
import { rowsOf } from './rows';
import type { Comparison, Measurement } from './schema';
import { sweepOf } from './sweep';
import { comparisonTable, describeRow } from './table';
import { writeComparison } from './write-comparison';

const QUICK_EPOCHS = 2;

/**
 * `dgm-bench compare`: times and trains the models that the command line names, and the same models in PyTorch. What is
 * done is on disk before the next begins.
 * @returns the exit status of the program
 */
export async function compare(
  argv: readonly string[],
  { discover = discoverFamilies, find = findTorch }: Sources = {},
): Promise<number> {
  const asked = parseCompareArguments(argv);
  if (asked.help) {
    console.log(help);
    return 0;
  }
  const { candidates, broken } = await discover();
  const output = await OutputFolder.open(asked.out);
  const opened = await findEarlier(asked, argv, output);
  const { given } = opened;
  const chosen = selectCandidates(candidates, given.models);
  const torch = await find();
  if ('missing' in torch) console.error(`PyTorch is missing: ${torch.missing}\nTo get it: ${torch.remedy}`);
  const dataset = await loadDataset(given.dataset, { folder: given.dataFolder, quick: given.quick });
  let comparison = await openComparison(opened, dataset, torch);
  const add = async (more: Partial<Comparison>) => {
    comparison = { ...comparison, ...more };
    await writeComparison(output, comparison);
  };
  const addMeasurements = (measurements: readonly Measurement[]) =>
    add(withMeasurements(comparison, measurements));
  const folder = await mkdtemp(path.join(tmpdir(), 'dgm-compare-'));
  try {
    const data = await writeDataFiles(dataset, folder);
    const tasks = tasksOf(given, ableOf(chosen, dataset), { data, torch });
    const todo = tasks.filter((task) => !isDone(task, comparison));
    for (const [index, task] of todo.entries()) {
      console.log(`${index + 1} of ${todo.length}: ${nameOf(task)}`);
      const measurements = await measure(task);
      await addMeasurements(measurements);
      for (const row of rowsOf(measurements)) console.log(`  ${describeRow(row)}`);
    }
    for (const family of given.models.includes('all') ? broken : []) {
      if (comparison.rows.every(({ model }) => model !== family.package)) {
        await addMeasurements(failureOf(family, given));
      }
    }
    if (given.sweep && tasks.length > 0 && (given.shard?.index ?? 1) === 1) {
      for await (const rows of sweepOf(tasks[0]!, comparison.sweep ?? [])) {
        await add({ sweep: [...(comparison.sweep ?? []), ...rows] });
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  await writeComparison(output, comparison);
  console.log(`\n${comparisonTable(comparison)}\n\nReport: ${output.file('compare.html')}`);
  return comparison.rows.every(({ error }) => error === undefined) ? 0 : 1;
}

/** Where the models and PyTorch come from, unless a test says otherwise. */
export interface Sources {
  readonly discover?: () => Promise<Families>;
  readonly find?: () => Promise<Torch>;
}

/** Models that cannot learn the data are passed over. */
function ableOf(candidates: readonly Candidate[], dataset: Dataset): readonly Candidate[] {
  return candidates.filter(({ entry }) => {
    const isAble = entry.accepts?.(dataset) ?? true;
    if (!isAble) console.log(`${entry.name} is passed over: it cannot learn ${dataset.name}.`);
    return isAble;
  });
}

function tasksOf(
  given: CompareArguments,
  candidates: readonly Candidate[],
  { data, torch }: { readonly data: DataFiles; readonly torch: Torch },
): readonly Task[] {
  const { engines, threads, seconds, maxSeconds, seeds, quick, batches = [undefined], shard } = given;
  const training = maxSeconds > 0 && { maxSeconds, ...(quick ? { epochs: QUICK_EPOCHS } : {}) };
  return inShard(candidates, shard).flatMap(({ entry }) =>
    batches.map((batch) => ({
      model: entry.name,
      ...(batch === undefined ? {} : { batch }),
      data,
      torch,
      engines,
      threads,
      seconds,
      seeds,
      quick,
      ...(training && { training }),
    })),
  );
}

const nameOf = ({ model, batch }: Task) => (batch === undefined ? model : `${model}, batch ${batch}`);

function isDone({ model, batch }: Task, { rows }: Comparison): boolean {
  return rows.some((row) => row.model === model && (batch === undefined || row.batch === batch));
}

/** A package that does not load has a row like a model that does not work. */
function failureOf({ package: model, error }: BrokenFamily, { engines }: CompareArguments) {
  return failedEntrants(engines, `could not be loaded: ${describeError(error)}`).map((entrant) =>
    entrant.measurement({ model, batch: null, width: null }),
  );
}
