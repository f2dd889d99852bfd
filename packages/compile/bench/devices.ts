/**
 * A step of the VAE of DGM §4.3, and of one four times as wide, on every device that works here: milliseconds, batches and
 * terms included. A GPU in software takes minutes.
 *
 *   npx tsx --tsconfig ../../tsconfig.json bench/devices.ts [seconds for each]
 */
import { adamax, categoricalHead, normalHead, Key, mlp, ModelStep, setup } from '@dgm/core';
import { vae } from '@dgm/vae';
import type { Tensor } from '@tensorflow/tfjs-core';
import { compiled, describeRuntime } from '../src/index';

const seconds = Number(process.argv[2] ?? 5);
const ROUNDS = 10;
const [pixels, values, latent] = [64, 17, 16];
const key = Key.of(0);

await setup({ backend: 'cpu' });
const { devices, description } = await describeRuntime();
console.log(description);
const working = devices.filter(({ works }) => works).map(({ device }) => device);

console.log(`\nwidth, batch | ${working.map((device) => `ms on ${device}: median (best)`).join(' | ')}`);
for (const [width, batch] of [
  [256, 64],
  [1024, 256],
] as const) {
  const activation = 'leakyRelu';
  const likelihood = categoricalHead({ shape: [pixels], levels: values });
  const model = vae({
    encoder: mlp([pixels, width, width, 2 * latent], { key: key.fold('encoder'), activation }),
    decoder: mlp([latent, width, width, likelihood.numParameters], { key: key.fold('decoder'), activation }),
    posterior: normalHead({ shape: [latent] }),
    likelihood,
  });
  const program = new ModelStep<Tensor>(model, { optimizer: adamax({ learningRate: 1e-3 }) });
  const x = key.uniform([batch, pixels]);
  const steps = await Promise.all(working.map((device) => compiled({ device }).prepare(program)));
  const times: number[][] = working.map(() => []);
  const [{ objective }] = program.players as [(typeof program.players)[number]];
  const take = async (step: (typeof steps)[number], index: number) => {
    await step.run({
      batch: x,
      key: key.fold(index),
      learningRates: { [objective.name]: 1e-3 },
      step: index,
    });
    if (index % step.queueLength === 0) await step.drain();
  };
  for (const step of steps) await take(step, step.queueLength);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, step] of steps.entries()) {
      const started = performance.now();
      let taken = 0;
      // Whole queues, so that the reading of terms is in the time.
      while (taken % step.queueLength !== 0 || performance.now() - started < (1000 * seconds) / ROUNDS)
        await take(step, ++taken);
      times[index]!.push((performance.now() - started) / taken);
    }
  }
  const cells = times.map(
    (all) => `${all.sort((a, b) => a - b)[all.length >> 1]!.toFixed(2)} (${all[0]!.toFixed(2)})`,
  );
  console.log([`${width}, ${batch}`, ...cells].join(' | '));
  for (const step of steps) step.dispose();
  program.dispose();
  model.dispose();
  x.dispose();
}
