/**
 * A convolution with both of its gradients in each of its forms, and in PyTorch where there is a Python that has it, in
 * alternation. Processor time is what a busy machine disturbs least. Run from the root of the repository:
 *
 *   npx tsx --tsconfig tsconfig.json packages/compile/bench/convolutions.ts [--rounds 20] [--threads 1] [--only 7x1] \
 *     [--python /usr/bin/python3]
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Key, setup, sizeOf } from '@dgm/core';
import * as ort from 'onnxruntime-node';
import { createNode, topologicalOrder } from '../src/graph/graph';
import type { Graph } from '../src/graph/graph';
import { rewrite } from '../src/graph/rewrite';
import { dropUnusedInputs } from '../src/graph/substitute';
import { writeModel } from '../src/onnx/write-model';
import { removeAliases } from '../src/passes/remove-aliases';
import { shareCommon } from '../src/passes/share-common';
import { simplify } from '../src/passes/simplify';
import { convolutionRole } from '../src/passes/spectral/convolution-task';
import { isSpectral } from '../src/passes/spectral/cost';
import { spectralConvolutions } from '../src/passes/spectral/spectral-convolutions';
import { capturedLayer, layers, nameOf } from './convolution-layers';
import type { ConvolutionLayer } from './convolution-layers';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    threads: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    python: { type: 'string', default: '/usr/bin/python3' },
  },
});
await setup({ backend: 'cpu' });

interface Variant {
  readonly name: string;
  /** Milliseconds that passed, and that processors worked. */
  readonly run: () => Promise<readonly [number, number]>;
  readonly times: (readonly [number, number])[];
}

async function variant(name: string, graph: Graph): Promise<Variant> {
  const used = dropUnusedInputs(graph);
  const session = await ort.InferenceSession.create(writeModel(used), {
    logSeverityLevel: 3,
    intraOpNumThreads: Number(options.threads),
    interOpNumThreads: 1,
  });
  const feeds = Object.fromEntries(
    [...used.inputs].map(([input, { shape }]) => {
      const values = Key.of(1)
        .normal([sizeOf(shape)])
        .dataSync() as Float32Array;
      return [input, new ort.Tensor('float32', values, shape)];
    }),
  );
  const run = async (): Promise<[number, number]> => {
    const [from, used] = [performance.now(), process.cpuUsage()];
    await session.run(feeds);
    const { user, system } = process.cpuUsage(used);
    return [performance.now() - from, (user + system) / 1000];
  };
  return { name, run, times: [] };
}

async function variantsOf(the: ConvolutionLayer): Promise<Variant[]> {
  const graph = capturedLayer(the);
  const inForm = (form: string): Graph =>
    rewrite(simplify(graph), (node) =>
      node.kernel === 'Conv2D' || node.kernel === 'Conv2DBackpropFilter'
        ? createNode(node.kernel, node.inputs, { ...node.attributes, form }, node.outputs).outputs
        : undefined,
    );
  const spectral = [spectralConvolutions(() => true), removeAliases, shareCommon()].reduce(
    rewrite,
    simplify(graph),
  );
  const variants = [
    await variant("the runtime's operator", inForm('convolution')),
    await variant('best of the direct forms', simplify(graph)),
    await variant('spectral', spectral),
  ];
  if (peer !== undefined) variants.push({ name: 'PyTorch', run: () => peer.run(the), times: [] });
  return variants;
}

interface Peer {
  /** Milliseconds that passed, and that processors worked. */
  readonly run: (the: ConvolutionLayer) => Promise<readonly [number, number]>;
  readonly stop: () => void;
}

/** Asks a Python process for one pass after the other. */
function startPeer(): Peer | undefined {
  if (options.python === '') return undefined;
  const child = spawn(options.python, [fileURLToPath(new URL('convolutions.py', import.meta.url))], {
    env: { ...process.env, OMP_NUM_THREADS: options.threads, OPENBLAS_NUM_THREADS: options.threads },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    run: async (the) => {
      child.stdin.write(`${JSON.stringify(the)}\n`);
      const { value } = (await answers.next()) as { readonly value?: string };
      if (value === undefined) throw new Error(`${options.python} has no torch; --python '' leaves it out.`);
      return JSON.parse(value) as [number, number];
    },
    stop: () => child.stdin.end(),
  };
}

const peer = startPeer();
for (const the of layers.filter((each) => nameOf(each).includes(options.only))) {
  const variants = await variantsOf(the);
  for (let round = 0; round < Number(options.rounds) + 2; round++) {
    for (const each of variants) {
      const time = await each.run();
      if (round > 1) each.times.push(time);
    }
  }
  console.log(`${nameOf(the)}: the engine chooses ${choice(the)}`);
  const least = (times: Variant['times'], which: 0 | 1) => Math.min(...times.map((time) => time[which]));
  console.table(
    variants.map(({ name, times }) => ({
      form: name,
      'least ms': least(times, 0).toFixed(2),
      'least processor ms': least(times, 1).toFixed(2),
    })),
  );
}
peer?.stop();

function choice(the: ConvolutionLayer): string {
  const roles = topologicalOrder(capturedLayer(the).outputs.values()).map(convolutionRole);
  return roles.some((role) => role !== undefined && isSpectral(role.task)) ? 'spectral' : 'otherwise';
}
