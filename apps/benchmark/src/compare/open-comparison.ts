import { loadavg } from 'node:os';
import { describeRuntime } from '@dgm/compile';
import { ArgumentError, type Dataset } from '@dgm/core';
import { describeMachine, sameMachine } from '../results/machine';
import { summarizeDataset } from '../results/schema';
import type { OutputFolder } from '../results/output-folder';
import { compareCommand, resumeArguments, type CompareArguments } from './arguments';
import { describePeers, type Peer } from './programs/peers';
import { rowsOf } from '../statistics/rows';
import type { Comparison, ComparisonMachine, Measurement } from '../results/comparison';
import { comparisonSchema } from '../results/validate';

/** The file of a comparison, in its folder. */
export const COMPARISON_FILE = 'compare.json';

/** What was asked for, and what of it an earlier command has done. */
export interface Opened {
  readonly given: CompareArguments;
  readonly earlier?: Comparison;
}

/**
 * With `--resume`, the comparison in the folder and what it was asked for; a new one where there is none.
 * @throws ArgumentError if the command line asks for another one
 */
export async function findEarlier(
  given: CompareArguments,
  argv: readonly string[],
  output: OutputFolder,
): Promise<Opened> {
  const earlier = given.resume ? await output.readJson(COMPARISON_FILE, comparisonSchema) : undefined;
  if (earlier !== undefined) return { given: resumeArguments(earlier.command, argv), earlier };
  if (given.resume) console.log(`Nothing to go on with in ${given.out}: starting anew.`);
  return { given };
}

/**
 * The comparison to add rows to. What another machine has measured stays under that machine's name.
 * @throws ArgumentError if the earlier one is of other data
 */
export async function openComparison(
  { given, earlier }: Opened,
  dataset: Dataset,
  peers: readonly Peer[],
): Promise<Comparison> {
  const machine = await describeSides(peers);
  if (earlier === undefined) {
    return {
      schema: 1,
      machine,
      command: compareCommand(given),
      dataset: summarizeDataset(dataset),
      rows: [],
      measurements: [],
    };
  }
  requireSameData(earlier.dataset.sha256, dataset.sha256);
  const machines = earlier.machines ?? [{ machine: earlier.machine, models: modelsOf(earlier) }];
  return sameMachine(machines.at(-1)!.machine, machine)
    ? earlier
    : { ...earlier, machines: [...machines, { machine, models: [] }] };
}

/** A comparison with more measurements, which the machine at hand has made. */
export function withMeasurements(comparison: Comparison, measurements: readonly Measurement[]): Comparison {
  const rows = rowsOf(measurements);
  const { machines } = comparison;
  const last = machines?.at(-1);
  return {
    ...comparison,
    rows: [...comparison.rows, ...rows],
    measurements: [...comparison.measurements, ...measurements],
    ...(last && {
      machines: [...machines!.slice(0, -1), { ...last, models: [...last.models, ...modelsOf({ rows })] }],
    }),
  };
}

const modelsOf = ({ rows }: Pick<Comparison, 'rows'>) => [...new Set(rows.map(({ model }) => model))];

async function describeSides(peers: readonly Peer[]): Promise<ComparisonMachine> {
  const { version } = await describeRuntime({ devices: ['cpu'] });
  const described = describePeers(peers);
  const torch = described.find(({ library }) => library === 'PyTorch');
  return {
    ...describeMachine(),
    load: Number(loadavg()[0]!.toFixed(2)),
    onnxruntime: version ?? null,
    pytorch: torch?.version ?? null,
    python: torch?.language ?? null,
    peers: described,
  };
}

function requireSameData(expected: string, actual: string): void {
  if (expected === actual) return;
  throw new ArgumentError({
    where: 'dgm-bench compare --resume',
    argument: 'the data',
    expected: `to be those of the comparison to go on with, ${expected}`,
    actual,
    remedy: 'start another comparison without --resume, or in another --out',
  });
}
