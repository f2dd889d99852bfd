import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { describeRuntime } from '@dgm/compile';
import type { Dataset } from '@dgm/core';
import { discoverInstalled, selectCandidates, type Candidate, type Families } from '../families';
import { describeMachine } from '../results/machine';
import { stringifyResults } from '../results/json';
import { summarizeDataset } from '../results/schema';
import { renderComparison } from '../report/comparison-page';
import { loadDataset } from '../run/datasets';
import { OutputFolder } from '../run/output-folder';
import { compareCommand, parseCompareArguments, type CompareArguments } from './arguments';
import { writeDataFiles } from './data-files';
import { help } from './help';
import { measure, type Task } from './measure';
import type { DataFiles } from './protocol';
import { findTorch, type Torch } from './python';
import { rowsOf } from './rows';
import type { Comparison, ComparisonMachine } from './schema';
import { sweepOf } from './sweep';
import { comparisonTable } from './table';

const QUICK_EPOCHS = 2;

/**
 * `dgm-bench compare`: times and trains the models that the command line names, and the same models in PyTorch.
 * @returns the exit status of the program
 */
export async function compare(
  argv: readonly string[],
  { discover = discoverInstalled, find = findTorch }: Sources = {},
): Promise<number> {
  const given = parseCompareArguments(argv);
  if (given.help) {
    console.log(help);
    return 0;
  }
  const candidates = selectCandidates((await discover()).candidates, given.models);
  const output = await OutputFolder.open(given.out);
  const torch = await find();
  if ('missing' in torch) console.error(`PyTorch is missing: ${torch.missing}\nTo get it: ${torch.remedy}`);
  const dataset = await loadDataset(given.dataset, { folder: given.dataFolder, quick: given.quick });
  let comparison = await emptyComparison(given, dataset, torch);
  const folder = await mkdtemp(path.join(tmpdir(), 'dgm-compare-'));
  try {
    const data = await writeDataFiles(dataset, folder);
    for (const task of tasksOf(given, ableOf(candidates, dataset), { data, torch })) {
      console.log(
        `\n${task.model}, ${task.batch === undefined ? 'its own batch size' : `batch ${task.batch}`}`,
      );
      const measurements = await measure(task);
      comparison = {
        ...comparison,
        rows: [...comparison.rows, ...rowsOf(measurements)],
        measurements: [...comparison.measurements, ...measurements],
      };
      await write(output, comparison);
    }
    if (given.sweep) {
      const [first] = tasksOf(given, ableOf(candidates, dataset), { data, torch });
      for await (const rows of sweepOf(first!)) {
        comparison = { ...comparison, sweep: [...(comparison.sweep ?? []), ...rows] };
        await write(output, comparison);
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  console.log(`\n${comparisonTable(comparison)}\n\nReport: ${output.file('compare.html')}`);
  return comparison.rows.every(({ error }) => error === undefined) ? 0 : 1;
}

/** Where the models and PyTorch come from, unless a test says otherwise. */
export interface Sources {
  readonly discover?: () => Promise<Families>;
  readonly find?: () => Promise<Torch>;
}

async function emptyComparison(given: CompareArguments, dataset: Dataset, torch: Torch): Promise<Comparison> {
  const { version } = await describeRuntime({ devices: ['cpu'] });
  const isThere = 'version' in torch;
  const machine: ComparisonMachine = {
    ...describeMachine(),
    load: Number(loadavg()[0]!.toFixed(2)),
    onnxruntime: version ?? null,
    pytorch: isThere ? torch.version : null,
    python: isThere ? torch.language : null,
  };
  return {
    schema: 1,
    machine,
    command: compareCommand(given),
    dataset: summarizeDataset(dataset),
    rows: [],
    measurements: [],
  };
}

/** Models that cannot learn the data are passed over. */
function ableOf(candidates: readonly Candidate[], dataset: Dataset): readonly Candidate[] {
  return candidates.filter(({ entry }) => entry.accepts?.(dataset) ?? true);
}

function tasksOf(
  given: CompareArguments,
  candidates: readonly Candidate[],
  { data, torch }: { readonly data: DataFiles; readonly torch: Torch },
): readonly Task[] {
  const { engines, threads, device, seconds, maxSeconds, seed, quick, batches = [undefined] } = given;
  const training = { maxSeconds, ...(quick ? { epochs: QUICK_EPOCHS } : {}) };
  return candidates.flatMap(({ entry }) =>
    batches.map((batch) => ({
      model: entry.name,
      ...(batch === undefined ? {} : { batch }),
      data,
      torch,
      engines,
      threads,
      device,
      seconds,
      seed,
      quick,
      training,
    })),
  );
}

async function write(output: OutputFolder, comparison: Comparison): Promise<void> {
  await output.write('compare.json', stringifyResults(comparison));
  await output.write('compare.html', renderComparison(comparison));
}
