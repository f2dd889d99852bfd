/**
 * A training step of convolutions with and without group normalization, compiled and in PyTorch, in alternation. Prints
 * processor milliseconds and their ratio; measure on an idle machine. Run from the root of the repository:
 *
 *   npx tsx --tsconfig tsconfig.json packages/compile/bench/group-norm.ts [--rounds 30] [--threads 1] [--python /usr/bin/python3]
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ActivationLayer, Conv2d, GroupNorm, Key, Sequential, setup, valueAndGradients } from '@dgm/core';
import type { StepProgram } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { compiled } from '../src/index';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '30' },
    threads: { type: 'string', default: '1' },
    python: { type: 'string', default: '/usr/bin/python3' },
  },
});
const network = { layers: 3, channels: 32, groups: 8, side: 16, batch: 32 };
await setup();

/** A step of gradient descent on the mean square of the network's output. */
function program(norm: boolean): StepProgram<Tensor> {
  const { layers, channels, groups } = network;
  const net = new Sequential(
    Array.from({ length: layers }, (_, index) => [
      new Conv2d({
        inputs: index === 0 ? 1 : channels,
        outputs: channels,
        kernelSize: 3,
        padding: 'same',
        key: Key.of(index),
      }),
      ...(norm ? [new GroupNorm({ channels, groups })] : []),
      new ActivationLayer('swish'),
    ]).flat(),
  );
  const state = net.parameters();
  return {
    state,
    run: ({ batch }) =>
      tf.tidy(() => {
        const loss = (): { total: Scalar } => ({ total: tf.mean<Scalar>(tf.square(net.apply(batch))) });
        const { terms, gradients } = valueAndGradients(loss, state);
        for (const [path, gradient] of gradients) {
          const weight = state.get(path)!;
          weight.assign(tf.sub(weight, tf.mul(1e-3, gradient)));
        }
        return terms;
      }),
  };
}

const script = fileURLToPath(new URL('group-norm.py', import.meta.url));
const peer = spawn(options.python, [script], {
  stdio: ['pipe', 'pipe', 'inherit'],
  env: { ...process.env, OMP_NUM_THREADS: options.threads, OPENBLAS_NUM_THREADS: options.threads },
});
const answers = createInterface({ input: peer.stdout })[Symbol.asyncIterator]();

/** Processor milliseconds of one step of PyTorch. */
async function peerStep(norm: boolean): Promise<number> {
  peer.stdin.write(`${JSON.stringify({ ...network, norm })}\n`);
  const { value } = await answers.next();
  return (JSON.parse(value as string) as [number, number])[1];
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

// The four steps alternate, as what normalization adds is a small difference between them.
const batch = Key.of(9).normal([network.batch, network.side, network.side, 1]);
const nets = await Promise.all(
  [false, true].map(async (norm) => {
    const step = await compiled({ threads: Number(options.threads) }).prepare(program(norm));
    return { norm, step, own: new Array<number>(), peer: new Array<number>() };
  }),
);
for (let round = 1; round <= Number(options.rounds) + 5; round++) {
  for (const { norm, step, own, peer: other } of nets) {
    const used = process.cpuUsage();
    await step.run({ batch, key: Key.of(round), learningRates: {}, step: round });
    await step.drain();
    const { user, system } = process.cpuUsage(used);
    const ofPeer = await peerStep(norm);
    if (round <= 5) continue; // the first steps capture and warm up
    own.push((user + system) / 1000);
    other.push(ofPeer);
  }
}
for (const { norm, step, ...times } of nets) {
  const [own, other] = [median(times.own), median(times.peer)];
  const name = norm ? 'with group normalization' : 'without';
  console.log(
    `${name}: compiled ${own.toFixed(2)} ms, PyTorch ${other.toFixed(2)} ms, ratio ${(own / other).toFixed(2)}`,
  );
  step.dispose();
}
peer.stdin.end();
