/**
 * What a compiled training step of each model spends outside of the runtime and of the optimizer's pass over its state: draws, feeds,
 * copies and promises. Prints a line for each model and the largest share, which is the claim `speed.outside.worst`; measure on an idle
 * machine, in the folder of this application:
 *
 *   npx tsx --tsconfig ../../tsconfig.json scripts/outside.ts [--models all] [--seconds 1.5] [--data-dir FOLDER]
 */
import { parseArgs } from 'node:util';
import { compiled } from '@dgm/compile';
import type { OnnxRuntime } from '@dgm/compile';
import { Key, setup } from '@dgm/core';
import * as ort from 'onnxruntime-node';
import { Arena } from '../../../packages/compile/src/update/arena';
import { alternate } from '../src/compare/measure/windows';
import { readDataFiles } from '../src/compare/programs/data-files';
import type { DataFiles } from '../src/compare/programs/protocol';
import { StepLoop } from '../src/compare/programs/step-loop';
import { loadDataset } from '../src/datasets/datasets';
import { thresholded } from '../src/datasets/thresholded';
import { discoverFamilies, selectCandidates } from '../src/families';
import { median } from '../src/statistics/statistics';

const { values: options } = parseArgs({
  options: {
    models: { type: 'string', default: 'all' },
    seconds: { type: 'string', default: '1.5' },
    'data-dir': { type: 'string' },
    /** The digits as the claim has written them. */
    data: { type: 'string' },
  },
});

/** Milliseconds in the runtime, and in the optimizer's pass, since they were last reset. */
const spent = { runtime: 0, optimizer: 0 };

const bind = Reflect.get(Arena.prototype, 'bind') as Arena['bind'];
Arena.prototype.bind = function (this: Arena, ...operands) {
  const apply = bind.apply(this, operands);
  return (scalars) => {
    const from = performance.now();
    apply(scalars);
    spent.optimizer += performance.now() - from;
  };
};

/** ONNX Runtime with a clock in each of its sessions. */
const timedRuntime: OnnxRuntime = {
  ...ort,
  InferenceSession: {
    create: async (model: Uint8Array, sessionOptions: object) => {
      const session = await ort.InferenceSession.create(model, sessionOptions);
      return {
        run: async (...given: Parameters<typeof session.run>) => {
          const from = performance.now();
          // A run that leaves out the copies of its results ends in an error.
          try {
            return await session.run(...given);
          } finally {
            spent.runtime += performance.now() - from;
          }
        },
        release: () => session.release(),
      };
    },
  },
};

interface Shares {
  readonly step: number;
  readonly runtime: number;
  readonly optimizer: number;
}

/** The milliseconds of a step and of its parts, in each window. */
async function windowsOf(loop: StepLoop): Promise<readonly Shares[]> {
  const windows: Shares[] = [];
  const take = async (n: number): Promise<number> => {
    spent.runtime = spent.optimizer = 0;
    const from = performance.now();
    await loop.take(n);
    const step = performance.now() - from;
    windows.push({ step: step / n, runtime: spent.runtime / n, optimizer: spent.optimizer / n });
    return step;
  };
  const [timing] = await alternate([take], { seconds: Number(options.seconds), windowMs: 150, least: 5 });
  return windows.slice(-timing!.windows.length);
}

await setup({ backend: 'cpu' });
const digits =
  options.data === undefined
    ? await loadDataset('digits', { folder: options['data-dir'], quick: false })
    : await readDataFiles(JSON.parse(options.data) as DataFiles);
/** A model learns the first of these that it accepts. */
const datasets = [digits, thresholded(digits, 'binarized-digits')];
const { candidates } = await discoverFamilies();
const shares: number[] = [];
for (const { entry } of selectCandidates(candidates, options.models.split(','), 'outside')) {
  const dataset = datasets.find((each) => entry.accepts?.(each) ?? true);
  if (dataset === undefined) continue;
  const key = Key.of(0).fold(entry.name);
  const { model, training, ...rest } = await entry.create({
    dataset,
    key: key.fold('weights'),
    quick: false,
  });
  const loop = await StepLoop.prepare(
    { model, training, ...rest },
    {
      dataset,
      batch: training.batchSize,
      engine: compiled({ threads: 1, runtime: timedRuntime }),
      key: key.fold('steps'),
    },
  );
  const windows = await windowsOf(loop);
  const outside = median(windows.map(({ step, runtime, optimizer }) => 1 - (runtime + optimizer) / step));
  const [step, runtime, optimizer] = (['step', 'runtime', 'optimizer'] as const).map((part) =>
    median(windows.map((window) => window[part])).toFixed(3),
  );
  console.log(
    `${entry.name}: ${(100 * outside).toFixed(1)} % of ${step} ms (runtime ${runtime}, optimizer ${optimizer})`,
  );
  shares.push(outside);
  loop.dispose();
  model.dispose();
}
console.log(`largest share: ${Math.max(...shares).toFixed(4)}`);
