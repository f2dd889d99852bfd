import { readdir } from 'node:fs/promises';
import { ArgumentError } from '@dgm/core';
import { COMPARISON_FILE } from '../compare/open-comparison';
import { writeComparison } from '../compare/write-comparison';
import { comparisonTable } from '../report/comparison-text';
import type { Comparison } from '../results/comparison';
import { baselines, type Baseline } from '../datasets/baselines';
import type { Results } from '../results/schema';
import { textTable } from '../report/results-text';
import { loadDataset } from '../datasets/datasets';
import { OutputFolder } from '../results/output-folder';
import { PLAN_FILE, savedPlanSchema } from '../run/plan';
import { writeReport } from '../run/write-report';
import { defined } from '../command-line/command-line';
import type { Shard } from '../command-line/shard';
import { discoverFamilies } from '../families';
import type { Sweep } from '../results/sweep';
import { argumentsOfSweep } from '../sweep/arguments';
import { finishSweep, prepareSweep, requireData } from '../sweep/sweep';
import { weightsFile } from '../sweep/trial';
import { SWEEP_FILE } from '../sweep/write-sweep';
import { mergeCommand, parseMergeArguments, type MergeArguments } from './arguments';
import { mergeComparisons } from './merge-comparisons';
import { mergeResults } from './merge-results';
import { mergeSweeps } from './merge-sweeps';
import { missingParts, shardOf, type Part } from './parts';
import { comparisonSchema, resultsSchema, sweepSchema } from '../results/validate';

/**
 * `dgm-bench merge`: puts together what `--shard` has made on several machines.
 * @returns the exit status of the program
 */
export async function merge(argv: readonly string[]): Promise<number> {
  const given = parseMergeArguments(argv);
  if (given.help) {
    console.log(mergeCommand.help);
    return 0;
  }
  const folders = await Promise.all(given.folders.map((folder) => OutputFolder.existing(folder)));
  const output = await OutputFolder.open(given.out, mergeCommand.where);
  try {
    return await mergeInto(output, folders, given);
  } finally {
    await output.close();
  }
}

async function mergeInto(
  output: OutputFolder,
  folders: readonly OutputFolder[],
  given: MergeArguments,
): Promise<number> {
  const comparisons = await partsOf(folders, comparisonPart);
  const sweeps = await partsOf(folders, sweepPart);
  const results = await partsOf(folders, resultsPart);
  const found = [comparisons, sweeps, results].find(({ length }) => length > 0) ?? [];
  const missing = missingParts(found.map(({ shard }) => shard));
  const isWhole =
    comparisons.length > 0
      ? await writeWholeComparison(complete(comparisons, folders, COMPARISON_FILE), output)
      : sweeps.length > 0
        ? await writeWholeSweep(complete(sweeps, folders, SWEEP_FILE), output, given)
        : await writeWholeResults(complete(results, folders, 'results.json'), output, given);
  if (missing.length > 0) console.error(`Missing: ${missing.join(', ')}`);
  return isWhole && missing.length === 0 ? 0 : 1;
}

async function partsOf<Content>(
  folders: readonly OutputFolder[],
  read: (folder: OutputFolder) => Promise<Part<Content> | undefined>,
): Promise<readonly Part<Content>[]> {
  return (await Promise.all(folders.map(read))).filter((part) => part !== undefined);
}

async function comparisonPart(folder: OutputFolder): Promise<Part<Comparison> | undefined> {
  const content = await folder.readJson(COMPARISON_FILE, comparisonSchema);
  if (content === undefined) return undefined;
  return part(folder, content, shardOf(content.command));
}

async function sweepPart(folder: OutputFolder): Promise<Part<Sweep> | undefined> {
  const content = await folder.readJson(SWEEP_FILE, sweepSchema);
  return content === undefined ? undefined : part(folder, content, shardOf(content.command));
}

async function resultsPart(folder: OutputFolder): Promise<Part<Results> | undefined> {
  const content = await folder.readJson('results.json', resultsSchema);
  if (content === undefined) return undefined;
  return part(folder, content, (await folder.readJson(PLAN_FILE, savedPlanSchema))?.plan.shard);
}

function part<Content>(folder: OutputFolder, content: Content, shard: Shard | undefined): Part<Content> {
  return { folder: folder.path, content, ...(shard === undefined ? {} : { shard }) };
}

/** @throws ArgumentError if a folder holds nothing of this kind */
function complete<Content>(
  parts: readonly Part<Content>[],
  folders: readonly OutputFolder[],
  name: string,
): readonly Part<Content>[] {
  const without = folders.find(({ path }) => parts.every(({ folder }) => folder !== path));
  if (without === undefined) return parts;
  throw new ArgumentError({
    where: 'dgm-bench merge',
    argument: without.path,
    expected: `to hold ${name}`,
    actual: 'none',
    remedy: 'name the --out folders of the parts, all of one command',
  });
}

async function writeWholeComparison(
  parts: readonly Part<Comparison>[],
  output: OutputFolder,
): Promise<boolean> {
  const whole = mergeComparisons(parts);
  await writeComparison(output, whole);
  console.log(`${comparisonTable(whole)}\n\nReport: ${output.file('compare.html')}`);
  return whole.rows.every(({ error }) => error === undefined);
}

/** Settings are chosen, and measured on the test rows, where all parts have finished. */
async function writeWholeSweep(
  parts: readonly Part<Sweep>[],
  output: OutputFolder,
  { dataFolder }: MergeArguments,
): Promise<boolean> {
  const whole = mergeSweeps(parts);
  const prepare = async () => {
    const given = { ...argumentsOfSweep(whole.command), ...defined('dataFolder', dataFolder) };
    const prepared = await prepareSweep(given, await discoverFamilies());
    requireData(whole, prepared.dataset);
    return prepared;
  };
  const status = await finishSweep(whole, output, prepare, async ({ number }) => {
    const { folder } = parts.find(({ content }) => content.trials.some((trial) => trial.number === number))!;
    return (await OutputFolder.existing(folder)).read(weightsFile(number));
  });
  return status === 0 && whole.trials.length === whole.trialCount;
}

async function writeWholeResults(
  parts: readonly Part<Results>[],
  output: OutputFolder,
  { dataFolder }: MergeArguments,
): Promise<boolean> {
  const whole = mergeResults(parts);
  for (const { folder } of parts) await copyPictures(await OutputFolder.existing(folder), output);
  await output.writeResults(whole);
  const reference = await baselinesOf(whole, dataFolder);
  const page = await writeReport(output, whole, reference);
  console.log(`${textTable(whole, reference)}\n\nReport: ${page}`);
  return whole.failures === undefined;
}

async function copyPictures(from: OutputFolder, to: OutputFolder): Promise<void> {
  if (from.path === to.path) return;
  for (const name of (await readdir(from.path)).filter((file) => file.endsWith('.png'))) {
    await to.write(name, (await from.readPng(name))!);
  }
}

/** The baselines of the data that the parts were trained on; none where these are not on this machine. */
async function baselinesOf({ dataset }: Results, folder: string | undefined): Promise<readonly Baseline[]> {
  try {
    const found = await loadDataset(dataset.name, { folder, quick: false });
    return found.sha256 === dataset.sha256 ? baselines(found) : [];
  } catch {
    return [];
  }
}
