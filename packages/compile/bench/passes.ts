/**
 * What each pass is worth: nodes and milliseconds of the VAE step of DGM §4.3 (batch 64), passes added one by one, all
 * variants in alternation in one run. Processor time is what a busy machine does not disturb. Run from the root of the
 * repository:
 *
 *   npx tsx --tsconfig tsconfig.json packages/compile/bench/passes.ts [--threads 1] [--rounds 200]
 */
import { parseArgs } from 'node:util';
import { setup, sizeOf } from '@dgm/core';
import * as ort from 'onnxruntime-node';
import { recordStep } from '../src/engine/step-variant';
import { topologicalOrder } from '../src/graph/graph';
import type { Graph } from '../src/graph/graph';
import { dropUnusedInputs } from '../src/graph/substitute';
import { writeModel } from '../src/onnx/write-model';
import { passes, processorPasses, simplify } from '../src/passes/simplify';
import { splitUpdates } from '../src/update/split-updates';
import { vaeStep } from './vae-step';

const { values: options } = parseArgs({
  options: { threads: { type: 'string', default: '1' }, rounds: { type: 'string', default: '200' } },
});

await setup({ backend: 'cpu' });
const { program, feed: feedAt } = vaeStep({ batch: 64, width: 256 });
const feed = feedAt(1);
const { graph: captured, state, draws } = recordStep(program, feed);

const values = new Map<string, Float32Array>([
  ['batch/0', feed.batch.dataSync() as Float32Array],
  ['rate/elbo', Float32Array.of(1e-3)],
  ['step', Float32Array.of(1)],
  ...[...draws].map(([name, draw]) => [name, draw.refill(feed.key)] as const),
  ...[...state].map(([name, variable]) => [name, variable.dataSync() as Float32Array] as const),
]);

interface Variant {
  readonly name: string;
  readonly nodes: number;
  readonly run: () => Promise<unknown>;
  readonly times: number[];
  readonly processorTimes: number[];
}

async function variant(name: string, whole: Graph): Promise<Variant> {
  const graph = dropUnusedInputs(whole);
  const session = await ort.InferenceSession.create(writeModel(graph), {
    logSeverityLevel: 3,
    intraOpNumThreads: Number(options.threads),
    interOpNumThreads: 1,
  });
  const feeds = Object.fromEntries(
    [...graph.inputs].map(([input, { shape }]) => [
      input,
      new ort.Tensor('float32', values.get(input) ?? new Float32Array(sizeOf(shape)), shape),
    ]),
  );
  const nodes = topologicalOrder(graph.outputs.values()).length;
  return { name, nodes, run: () => session.run(feeds), times: [], processorTimes: [] };
}

const withoutOptimizer = (graph: Graph) => splitUpdates(graph, new Set(state.keys())).graph;
const variants = [await variant('as captured', captured)];
for (let count = 1; count <= passes.length; count++) {
  const chosen = passes.slice(0, count);
  variants.push(await variant(`+ ${chosen.at(-1)!.name}`, simplify(captured, chosen)));
}
// What follows works on a graph without its optimizer, whose own time is left out.
let rest = dropUnusedInputs(withoutOptimizer(simplify(captured)));
variants.push(await variant('+ optimizer fused on the host', rest));
for (const { name, apply } of processorPasses) {
  rest = apply(rest);
  variants.push(await variant(`+ ${name}`, rest));
}

for (let round = 0; round < Number(options.rounds); round++) {
  for (const each of variants) {
    const [from, used] = [performance.now(), process.cpuUsage()];
    await each.run();
    const { user, system } = process.cpuUsage(used);
    if (round < 5) continue;
    each.times.push(performance.now() - from);
    each.processorTimes.push((user + system) / 1000);
  }
}

const median = (times: readonly number[]): string =>
  [...times].sort((a, b) => a - b)[times.length >> 1]!.toFixed(2);

console.table(
  variants.map(({ name, nodes, times, processorTimes }) => ({
    pass: name,
    nodes,
    'processor ms (median)': median(processorTimes),
    'ms (median)': median(times),
    'ms (least)': Math.min(...times).toFixed(2),
  })),
);
