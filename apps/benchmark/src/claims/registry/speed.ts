import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { measure } from '../../compare/measure/measure';
import { writeDataFiles } from '../../compare/programs/data-files';
import { findPeers } from '../../compare/programs/peers';
import { findLibrary } from '../../compare/programs/python';
import { discoverFamilies } from '../../families';
import { meanRatio } from '../../report/comparison-text';
import type { ComparisonRow } from '../../results/comparison';
import { rowsOf } from '../../statistics/rows';
import type { Claim, ClaimContext, Measured } from '../claim';

/** Of alternating windows for each model. */
const SECONDS = 10;

/**
 * How many times as fast as PyTorch's the compiled training steps of models are, each side with the threads that are fastest for
 * it: the geometric mean.
 */
async function stepRatio(models: readonly string[], context: ClaimContext): Promise<Measured> {
  const folder = await mkdtemp(path.join(tmpdir(), 'dgm-claims-'));
  try {
    const data = await writeDataFiles(await context.dataset('digits'), folder);
    const threads = [...new Set([1, availableParallelism()])];
    const peers = await findPeers(['pytorch'], findLibrary);
    const programs = { engines: [{ engine: 'compiled', device: 'cpu' }], threads, peers };
    const rows: ComparisonRow[] = [];
    for (const model of models) {
      const task = { model, data, programs, seeds: context.seeds, quick: false, seconds: SECONDS };
      rows.push(
        ...rowsOf(await measure(task)).filter(({ setting }) => setting === 'fastest' || threads.length === 1),
      );
    }
    return { value: meanRatio(rows) ?? Number.NaN, standardError: null };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The models that learn the digits. Models of bits alone have no row in the comparison of the README. */
async function modelsOfDigits(context: ClaimContext): Promise<readonly string[]> {
  const digits = await context.dataset('digits');
  const { candidates } = await discoverFamilies();
  return candidates.filter(({ entry }) => entry.accepts?.(digits) ?? true).map(({ entry }) => entry.name);
}

const common = {
  unit: 'times as fast as PyTorch',
  seeds: [0],
  requires: { dataset: 'digits', pytorch: true },
} as const;

export const claims: readonly Claim[] = [
  {
    ...common,
    name: 'speed.steps.mean',
    what: "compiled training steps against PyTorch's: the geometric mean of all models on the digits",
    bound: { atLeast: 1.9 },
    minutes: 30,
    measure: async (context) => stepRatio(await modelsOfDigits(context), context),
  },
  {
    ...common,
    name: 'speed.steps.slowest',
    what: "compiled training steps against PyTorch's: the GRU, whose ratio is the lowest",
    bound: { atLeast: 1.2 },
    minutes: 1,
    measure: (context) => stepRatio(['arm-gru'], context),
  },
];
