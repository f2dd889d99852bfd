/**
 * At which size of its largest product a step gets faster with a second thread. Times every network on one thread and on
 * two, in alternation, and prints the medians of turns and the shortest steps (what other programs disturb least);
 * `threadsFor` takes its limit from here.
 *
 *   npx tsx --tsconfig tsconfig.json packages/compile/bench/threads.ts
 */
import { adamax, Conv1d, Key, mlp, ModelStep, Sequential, setup } from '@dgm/core';
import type { Layer } from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { captureStep } from '../src/engine/step-variant';
import { largestProduct } from '../src/runtime/threads';
import { compiled } from '../src/index';
import { Denoiser } from '../test/support/network-model';

const ROUNDS = 15;
const MILLISECONDS_PER_TURN = 60;
const THREADS = [1, 2] as const;
const key = Key.of(0);

const dense = (width: number, batch: number) => ({
  name: `dense ${width}, batch ${batch}`,
  network: () => mlp([width, width, width, width], { key, activation: 'leakyRelu' }),
  event: [width],
  batch,
});
const convolution = (channels: number, batch: number) => ({
  name: `Conv1d ${channels}, batch ${batch}`,
  network: (): Layer =>
    new Sequential(
      [0, 1].map((index) => {
        const options = { inputs: channels, outputs: channels, kernelSize: 7, padding: 'causal' } as const;
        return new Conv1d({ ...options, key: key.fold(index) });
      }),
    ),
  event: [64, channels],
  batch,
});

await setup({ backend: 'cpu' });
console.log(
  'network | largest product, million multiply-adds | ms on 1 thread | on 2 | ratio | shortest on 1 | on 2 | ratio',
);
for (const { name, network, event, batch } of [
  ...[64, 128, 256, 384, 512, 1024].map((width) => dense(width, 64)),
  ...[64, 256, 1024].map((width) => dense(width, 256)),
  ...[16, 32, 64, 128].map((channels) => convolution(channels, 16)),
]) {
  const model = new Denoiser({ network: network(), eventShape: event });
  const program = new ModelStep<Tensor>(model, { optimizer: adamax() });
  const feed = (step: number) => ({
    batch: x,
    key: key.fold(step),
    learningRates: { denoise: 1e-4 },
    step,
  });
  const x = key.normal([batch, ...event]);
  const steps = await Promise.all(THREADS.map((threads) => compiled({ threads }).prepare(program)));
  const times: number[][] = THREADS.map(() => []);
  const least = THREADS.map(() => Infinity);
  for (const step of steps) await step.run(feed(1));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, step] of steps.entries()) {
      const started = performance.now();
      let taken = 0;
      while (performance.now() - started < MILLISECONDS_PER_TURN) {
        const from = performance.now();
        await step.run(feed(++taken));
        least[index] = Math.min(least[index]!, performance.now() - from);
      }
      times[index]!.push((performance.now() - started) / taken);
      await step.drain();
    }
  }
  const [one, two] = times.map(median) as [number, number];
  const product = largestProduct(captureStep(program, feed(1)).graph) / 1e6;
  const [bestOfOne, bestOfTwo] = least as [number, number];
  const numbers = [one, two, one / two, bestOfOne, bestOfTwo, bestOfOne / bestOfTwo];
  console.log([name, product.toFixed(1), ...numbers.map((number) => number.toFixed(2))].join(' | '));
  for (const step of steps) step.dispose();
  program.dispose();
  model.dispose();
  x.dispose();
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}
