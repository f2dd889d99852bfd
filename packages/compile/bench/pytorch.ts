/**
 * The training step of the VAE of DGM §4.3 beside PyTorch's, both in turn in one run, each with one thread and with two:
 * milliseconds, the share of the matrix products, nodes, and how long it takes to get ready. What each pass is worth is
 * in `bench/passes.ts`. Needs Python with PyTorch; run from the root of the repository on a machine that does nothing else:
 *
 *   npx tsx --tsconfig tsconfig.json packages/compile/bench/pytorch.ts [--seconds 30]
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { setup } from '@dgm/core';
import { Contestant } from '../../../apps/benchmark/src/compare/contestant';
import { findTorch } from '../../../apps/benchmark/src/compare/python';
import { alternate, median } from '../../../apps/benchmark/src/compare/windows';
import type { TakeSteps } from '../../../apps/benchmark/src/compare/windows';
import { peerDriver } from '../../../apps/benchmark/src/places';
import { compiled } from '../src/index';
import { anatomy } from './anatomy';
import { DIMS, LEVELS, vaeStep } from './vae-step';
import type { VaeSize } from './vae-step';

const { values: options } = parseArgs({ options: { seconds: { type: 'string', default: '30' } } });
const THREADS = [1, 2] as const;
const SIZES: readonly VaeSize[] = [
  { batch: 64, width: 256 },
  { batch: 256, width: 1024 },
];

await setup({ backend: 'cpu' });
const torch = await findTorch();
if ('missing' in torch) throw new Error(`No PyTorch: ${torch.missing}. ${torch.remedy}`);
const folder = await mkdtemp(path.join(tmpdir(), 'dgm-vae-'));
const counts = { train: 1024, validation: 0, test: 0 };
for (const [part, count] of Object.entries(counts)) {
  const values = Uint8Array.from({ length: count * DIMS }, (_, index) => (7 * index) % LEVELS);
  await writeFile(path.join(folder, `${part}.bin`), values);
}
const data = { folder, name: 'noise', shape: [DIMS], levels: LEVELS, dtype: 'uint8', ...counts } as const;

/** PyTorch with some threads for its products and for its other operators. */
async function peer(blas: number, operators: number, { batch, width }: VaeSize, python: string) {
  const env = {
    PYTHONDONTWRITEBYTECODE: '1',
    OPENBLAS_NUM_THREADS: String(blas),
    MKL_NUM_THREADS: String(blas),
    OMP_NUM_THREADS: String(operators),
    ...(blas > 1 ? { OMP_WAIT_POLICY: 'passive' } : {}),
  };
  const contestant = new Contestant({ command: python, args: [peerDriver], env });
  await contestant.ask('build', {
    model: 'vae',
    batch,
    width,
    threads: operators,
    seed: 0,
    quick: false,
    data,
    training: {
      optimizer: 'adamax',
      learningRate: 1e-3,
      batchSize: batch,
      epochs: 1,
      patience: null,
      clipNorm: null,
      emaDecay: null,
    },
  });
  const take: TakeSteps = async (n) => (await contestant.ask('steps', { n })).ms;
  return {
    name: `PyTorch, BLAS on ${blas}, operators on ${operators}`,
    take,
    close: () => contestant.close(),
  };
}

/** Our compiled step on some threads. */
async function ours(threads: number, size: VaeSize) {
  const { program, feed } = vaeStep(size);
  const step = await compiled({ threads }).prepare(program);
  let taken = 0;
  const take: TakeSteps = async (n) => {
    const started = performance.now();
    for (let i = 0; i < n; i++) await step.run(feed(++taken));
    const ms = performance.now() - started;
    await step.drain();
    return ms;
  };
  return {
    name: `compiled, ${threads} thread${threads === 1 ? '' : 's'}`,
    take,
    close: async () => step.dispose(),
  };
}

console.log(`${cpus()[0]?.model}, ${cpus().length} cores; PyTorch ${torch.version}; Node ${process.version}`);
try {
  for (const size of SIZES) {
    console.log(`\nbatch ${size.batch}, width ${size.width}`);
    for (const threads of THREADS) console.log(await anatomy(vaeStep(size), threads));
    const own = await Promise.all(THREADS.map((threads) => ours(threads, size)));
    const pairs = THREADS.flatMap((blas) => THREADS.map((operators) => [blas, operators] as const));
    const peers = await Promise.all(pairs.map((pair) => peer(...pair, size, torch.python)));
    const all = [...own, ...peers];
    const timings = await alternate(
      all.map(({ take }) => take),
      { seconds: Number(options.seconds) },
    );
    await Promise.all(all.map(({ close }) => close()));
    const rows = timings.map(({ windows }, index) => ({
      name: all[index]!.name,
      median: median(windows),
      best: Math.min(...windows),
    }));
    const least = (key: 'median' | 'best', of: typeof rows) => Math.min(...of.map((row) => row[key]));
    const ratio = (key: 'median' | 'best') =>
      (least(key, rows.slice(own.length)) / least(key, rows.slice(0, own.length))).toFixed(2);
    console.table(
      rows.map(({ name, ...ms }) => ({
        name,
        'ms (median)': ms.median.toFixed(2),
        'ms (best)': ms.best.toFixed(2),
      })),
    );
    console.log(
      `PyTorch's fastest over ours: ${ratio('median')} by medians, ${ratio('best')} by best windows`,
    );
  }
} finally {
  await rm(folder, { recursive: true });
}
