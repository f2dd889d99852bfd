/**
 * A training step of the any-order network on the diamonds, compiled and in PyTorch, in alternation, one thread each. Ours makes its
 * batch anew each time; PyTorch has one that is ready. Prints JSON: the medians in milliseconds and their ratio. Measure on an idle machine:
 *
 *   npx tsx --tsconfig ../../tsconfig.json bench/step.ts diamonds.csv.gz [--rounds 20] [--python /usr/bin/python3]
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compiled } from '@dgm/compile';
import { adamW, fit, Key, setup } from '@dgm/core';
import { inferSchema, readCells, readTextTable } from '@dgm/data';
import type { Tensor } from '@tensorflow/tfjs-core';
import { AnyOrderNetwork, maskRows, splitRows, TableCodec } from '../src/index';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '20' },
    python: { type: 'string', default: '/usr/bin/python3' },
  },
});
const BATCH = 256;
const STEPS = 20;
await setup({ backend: 'cpu' });
const table = await readTextTable(positionals[0]!);
const schema = inferSchema(table);
const rows = table.subset(splitRows(table.count).train);
const cells = readCells(rows, schema);
const codec = TableCodec.of(schema, cells, { maxBins: 200, minCount: 8, maxLevels: 512, protect: 1 });
const size = { hidden: 256, blocks: 3, features: 16, components: 4 };
const network = new AnyOrderNetwork(codec, { ...size, key: Key.of(0) });
const examples = codec.examples(codec.values(cells).map((column) => column.subarray(0, STEPS * BATCH)));
const batch = maskRows(network.layout);

interface Values {
  readonly shape: readonly number[];
  readonly integer: boolean;
  readonly values: readonly number[];
}
const valuesOf = (tensor: Tensor): Values => ({
  shape: tensor.shape,
  integer: tensor.dtype === 'int32',
  values: [...tensor.dataSync()],
});

/** What PyTorch needs to take the same step. */
function task(): object {
  const first = Int32Array.from({ length: BATCH }, (_, row) => row);
  const made = batch(examples, first, { key: Key.of(1) } as Parameters<typeof batch>[2]);
  const parts = Object.entries(made).map(([name, part]) => {
    const tensors = Object.entries(part as Record<string, Tensor>);
    return [name, Object.fromEntries(tensors.map(([key, tensor]) => [key, valuesOf(tensor)]))];
  });
  const constants = [...network.parameters()].filter(([, variable]) => !variable.trainable);
  return {
    ...size,
    vectors: network.layout.vectors,
    batch: Object.fromEntries(parts) as object,
    constants: Object.fromEntries(constants.map(([path, variable]) => [path, valuesOf(variable)])),
  };
}

const peer = spawn(options.python, [fileURLToPath(new URL('step.py', import.meta.url))], {
  stdio: ['pipe', 'pipe', 'inherit'],
  env: { ...process.env, OMP_NUM_THREADS: '1' },
});
const answers = createInterface({ input: peer.stdout })[Symbol.asyncIterator]();
async function ask(line: string): Promise<Readonly<Record<string, number>>> {
  peer.stdin.write(`${line}\n`);
  return JSON.parse((await answers.next()).value as string) as Record<string, number>;
}

const { parameters } = await ask(JSON.stringify(task()));
const [ours, theirs]: [number[], number[]] = [[], []];
let started = performance.now();
await fit(
  network,
  { train: examples },
  {
    optimizer: adamW({ learningRate: 2e-3, beta2: 0.99, weightDecay: 0.01 }),
    batch,
    batchSize: BATCH,
    clipNorm: 2,
    ema: { decay: 0.998 },
    key: Key.of(2),
    engine: compiled({ threads: 1 }),
    epochs: Number(options.rounds) + 2,
    callbacks: [
      {
        async onEpoch() {
          ours.push((performance.now() - started) / STEPS);
          theirs.push((await ask(String(STEPS)))['ms']!);
          started = performance.now();
        },
      },
    ],
  },
);
peer.kill();
// The first rounds compile and warm up.
const median = (times: readonly number[]) => times.slice(2).sort((a, b) => a - b)[(times.length - 2) >> 1]!;
const [own, other] = [median(ours), median(theirs)];
const ownParameters = [...network.parameters()].reduce(
  (sum, [, { trainable, size: n }]) => sum + (trainable ? n : 0),
  0,
);
console.log(
  JSON.stringify({ parameters: [ownParameters, parameters], ours: own, pytorch: other, ratio: own / other }),
);
