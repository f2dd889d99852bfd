import { rmSync } from 'node:fs';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Dataset } from '@dgm/core';
import {
  discoverFamilies,
  isGroup,
  selectCandidates,
  type BrokenFamily,
  type Candidate,
  type Families,
} from '../families';
import { describeError } from '../report/format';
import { loadDataset } from '../datasets/datasets';
import { OutputFolder } from '../results/output-folder';
import { INTERRUPTED } from '../command-line/interruption';
import { inShard } from '../command-line/shard';
import { compareCommandLine, parseCompareArguments, type CompareArguments } from './arguments';
import { writeDataFiles } from './programs/data-files';
import { failedCompetitors } from './programs/competitor';
import { measure, type Task } from './measure/measure';
import { COMPARISON_FILE, findEarlier, openComparison, withMeasurements } from './open-comparison';
import type { DataFiles } from './programs/protocol';
import { describePeers, findPeers, type Peer } from './programs/peers';
import { findLibrary, type Interpreter } from './programs/python';
import { rowsOf } from '../statistics/rows';
import { libraryOf, type Comparison, type Measurement, type PeerLibrary } from '../results/comparison';
import { sizedData } from './measure/sized-data';
import { sizesOf } from './measure/sizes';
import type { Recipe } from '../recipes/shared/recipe';
import { comparisonTable, describeRow } from '../report/comparison-text';
import { writeComparison } from './write-comparison';

const QUICK_EPOCHS = 2;

/**
 * `dgm-bench compare`: times and trains the models that the command line names, and the same models in other libraries.
 * What is done is on disk before the next begins.
 * @returns the exit status of the program
 */
export async function compare(
  argv: readonly string[],
  { discover = discoverFamilies, find = findLibrary }: Sources = {},
): Promise<number> {
  const asked = parseCompareArguments(argv);
  if (asked.help) {
    console.log(compareCommandLine.help);
    return 0;
  }
  const output = await OutputFolder.open(asked.out, compareCommandLine.where);
  try {
    return await compareIn(output, asked, argv, { discover, find });
  } finally {
    await output.close();
  }
}

async function compareIn(
  output: OutputFolder,
  asked: CompareArguments,
  argv: readonly string[],
  { discover, find }: Required<Sources>,
): Promise<number> {
  const { candidates, broken } = await discover();
  const opened = await findEarlier(asked, argv, output);
  const { given } = opened;
  const chosen = selectCandidates(candidates, given.models, compareCommandLine.where);
  const peers = await findPeers(given.peers, find);
  reportPeers(peers);
  const dataset = await loadDataset(given.dataset, { folder: given.dataFolder, quick: given.quick });
  if (opened.earlier === undefined) {
    await output.checkFree(COMPARISON_FILE, { ...asked, where: compareCommandLine.where });
  }
  let comparison = await openComparison(opened, dataset, peers);
  const add = async (more: Partial<Comparison>) => {
    comparison = { ...comparison, ...more };
    await writeComparison(output, comparison);
  };
  const addMeasurements = (measurements: readonly Measurement[]) =>
    add(withMeasurements(comparison, measurements));
  const folder = await mkdtemp(path.join(tmpdir(), 'dgm-compare-'));
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  const exit = () => process.exit(INTERRUPTED);
  process.once('exit', removeFolder).once('SIGINT', exit).once('SIGTERM', exit);
  try {
    const data = await writeDataFiles(dataset, folder);
    const tasks = tasksOf(given, ableOf(chosen, dataset), { data, peers });
    const todo = tasks.filter((task) => !isDone(task, comparison));
    for (const [index, task] of todo.entries()) {
      console.log(`${index + 1} of ${todo.length}: ${nameOf(task)}`);
      const measurements = await measure(task);
      await addMeasurements(measurements);
      for (const row of rowsOf(measurements)) console.log(`  ${describeRow(row)}`);
    }
    for (const family of given.models.some(isGroup) ? broken : []) {
      if (comparison.rows.every(({ model }) => model !== family.package)) {
        await addMeasurements(failureOf(family, given));
      }
    }
    if (given.sizes && tasks.length > 0 && (given.shard?.index ?? 1) === 1) {
      const { entry } = chosen.find(({ entry: { name } }) => name === tasks[0]!.model)!;
      const sized = await writeSizedData(entry, dataset, folder);
      for await (const rows of sizesOf(tasks[0]!, sized, comparison.sizes ?? [])) {
        await add({ sizes: [...(comparison.sizes ?? []), ...rows] });
      }
    }
  } finally {
    process.off('exit', removeFolder).off('SIGINT', exit).off('SIGTERM', exit);
    removeFolder();
  }
  await writeComparison(output, comparison);
  console.log(`\n${comparisonTable(comparison)}\n\nReport: ${output.file('compare.html')}`);
  return comparison.rows.every(({ error }) => error === undefined) ? 0 : 1;
}

/** Where the models and the libraries of the peers come from; tests give others. */
export interface Sources {
  readonly discover?: () => Promise<Families>;
  readonly find?: (library: PeerLibrary) => Promise<Interpreter>;
}

/** Says what is missing, and what is too old to stand for its library today. */
function reportPeers(peers: readonly Peer[]): void {
  const missing = new Map(
    peers.flatMap(({ name, interpreter }) =>
      'missing' in interpreter ? [[libraryOf(name), interpreter] as const] : [],
    ),
  );
  for (const [library, { missing: reason, remedy }] of missing) {
    console.error(`${library} is missing: ${reason}\nTo get it: ${remedy}`);
  }
  for (const { library, version, released, isOld } of describePeers(peers)) {
    if (isOld) console.error(`${library} ${version} of ${released} is more than a year old.`);
  }
}

/** Models that cannot learn the data are passed over. */
function ableOf(candidates: readonly Candidate[], dataset: Dataset): readonly Candidate[] {
  return candidates.filter(({ entry }) => {
    const isAble = entry.accepts?.(dataset) ?? true;
    if (!isAble) console.log(`${entry.name} is passed over: it cannot learn ${dataset.name}.`);
    return isAble;
  });
}

/** Made-up data of several numbers of variables, each in a folder of its own; none where the model cannot learn them. */
function writeSizedData(entry: Recipe, like: Dataset, folder: string): Promise<readonly DataFiles[]> {
  const able = sizedData(like).filter((data) => entry.accepts?.(data) ?? true);
  return Promise.all(
    able.map(async (data) => {
      const own = path.join(folder, data.name);
      await mkdir(own);
      return writeDataFiles(data, own);
    }),
  );
}

function tasksOf(
  given: CompareArguments,
  candidates: readonly Candidate[],
  { data, peers }: { readonly data: DataFiles; readonly peers: readonly Peer[] },
): readonly Task[] {
  const { engines, threads, seconds, maxSeconds, seeds, quick, batches = [undefined], shard } = given;
  const training = maxSeconds > 0 && { maxSeconds, ...(quick ? { epochs: QUICK_EPOCHS } : {}) };
  return inShard(candidates, shard).flatMap(({ entry }) =>
    batches.map((batch) => ({
      model: entry.name,
      ...(batch === undefined ? {} : { batch }),
      data,
      programs: { engines, threads, peers },
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
  return failedCompetitors(engines, `could not be loaded: ${describeError(error)}`).map((competitor) =>
    competitor.measurement({ model, batch: null, width: null }),
  );
}
