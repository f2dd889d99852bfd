/**
 * What the training step of the VAE of DGM §4.3 is made of, in two sizes, with one thread and with two: the share of the matrix
 * products, nodes, and how long it takes to get ready. Run from the root of the repository on an idle machine:
 *
 *   npx tsx --tsconfig tsconfig.json packages/compile/bench/anatomy.ts
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { setup } from '@dgm/core';
import type { StepFeed, StepProgram } from '@dgm/core';
import * as ort from 'onnxruntime-node';
import { feedsOf } from '../src/engine/step-feeds';
import { captureStep } from '../src/engine/step-variant';
import { multiplyAdds } from '../src/runtime/threads';
import { topologicalOrder } from '../src/graph/graph';
import { dropUnusedInputs } from '../src/graph/substitute';
import { writeModel } from '../src/onnx/write-model';
import { tune } from '../src/passes/simplify';
import { splitUpdates } from '../src/update/split-updates';
import { vaeStep } from './vae-step';
import type { VaeSize } from './vae-step';

const RUNS = 100;
const PRODUCTS = new Set([
  'Gemm',
  'FusedGemm',
  'MatMul',
  'FusedMatMul',
  'Conv',
  'FusedConv',
  'ConvTranspose',
]);

/** An event of the runtime's own profile; microseconds. */
interface ProfileEvent {
  readonly cat: string;
  readonly name: string;
  readonly dur: number;
  readonly args?: { readonly op_name?: string };
}

/** In one line: what a step is made of, where the runtime spends its time, and how long it takes to get ready. */
async function anatomy<B>(
  { program, feed }: { readonly program: StepProgram<B>; readonly feed: (step: number) => StepFeed<B> },
  threads: number,
): Promise<string> {
  const started = performance.now();
  const step = captureStep(program, feed(1));
  const split = splitUpdates(step.graph, new Set(step.state.keys()));
  const graph = tune(dropUnusedInputs(split.graph), 'cpu');
  const model = writeModel(graph);
  const captured = performance.now();
  const folder = await mkdtemp(path.join(tmpdir(), 'dgm-profile-'));
  const session = await ort.InferenceSession.create(model, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    enableProfiling: true,
    profileFilePrefix: path.join(folder, 'step'),
  });
  const ready = performance.now();
  const given = await feedsOf(step, feed(1));
  const feeds = Object.fromEntries(
    [...graph.inputs].map(([name, { shape }]) => {
      const data = given.get(name)?.data ?? step.state.get(name)!.dataSync();
      return [name, new ort.Tensor('float32', data as Float32Array, shape)];
    }),
  );
  for (let run = 0; run < RUNS; run++) await session.run(feeds);
  (session as { readonly endProfiling?: () => void }).endProfiling?.();
  await session.release();
  const [inProducts, elsewhere] = await readProfile(folder);
  await rm(folder, { recursive: true });
  const nodes = topologicalOrder(graph.outputs.values());
  const adds = nodes.reduce((total, node) => total + multiplyAdds(node), 0);
  const parameters = split.updates.reduce((total, { size }) => total + size, 0);
  return [
    `${threads} thread${threads === 1 ? '' : 's'}: ${nodes.length} nodes, ${parameters} parameters`,
    `${(adds / 1e6).toFixed(0)} million multiply-adds in ${inProducts.toFixed(2)} ms`,
    `${elsewhere.toFixed(2)} ms in other nodes`,
    `capture ${(captured - started).toFixed(0)} ms, session ${(ready - captured).toFixed(0)} ms`,
  ].join('; ');
}

/** The milliseconds that a run spends in products and in other nodes: of each node the least, which nothing disturbed. */
async function readProfile(folder: string): Promise<readonly [number, number]> {
  let files: string[] = [];
  // The runtime writes the file in its own time.
  while (files.length === 0) {
    await setTimeout(50);
    files = await readdir(folder);
  }
  const events = JSON.parse(await readFile(path.join(folder, files[0]!), 'utf8')) as ProfileEvent[];
  const least = new Map<string, ProfileEvent>();
  for (const event of events) {
    if (event.cat !== 'Node' || !event.name.endsWith('_kernel_time')) continue;
    const known = least.get(event.name);
    if (known === undefined || event.dur < known.dur) least.set(event.name, event);
  }
  const sum = (isProduct: boolean) =>
    [...least.values()]
      .filter(({ args }) => PRODUCTS.has(args?.op_name ?? '') === isProduct)
      .reduce((total, { dur }) => total + dur / 1000, 0);
  return [sum(true), sum(false)];
}

const SIZES: readonly VaeSize[] = [
  { batch: 64, width: 256 },
  { batch: 256, width: 1024 },
];

await setup({ backend: 'cpu' });
for (const size of SIZES) {
  console.log(`\nbatch ${size.batch}, width ${size.width}`);
  for (const threads of [1, 2]) console.log(await anatomy(vaeStep(size), threads));
}
