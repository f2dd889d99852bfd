/**
 * Whether memory grows over 10,000 compiled steps: prints what the process holds after each thousand.
 *
 *   npx tsx bench/memory.ts [steps] [device]
 */
import { setup } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { compiled } from '../src/index';
import type { Device } from '../src/index';
import { held } from '../test/support/memory';
import { smallStep } from '../test/support/small-step';

const [steps = '10000', device = 'cpu'] = process.argv.slice(2);
const EVERY = Number(steps) / 10;

await setup({ backend: 'cpu' });
const small = await smallStep(compiled({ device: device as Device }));
console.log('steps | MiB of JavaScript | MiB of the process | tensors');
for (let taken = 0; taken <= Number(steps); taken += EVERY) {
  const { javascript, process: all } = await held();
  console.log([taken, javascript.toFixed(2), all.toFixed(1), tf.memory().numTensors].join(' | '));
  for (let step = 0; step < EVERY; step += small.step.queueLength) {
    await small.take(small.step.queueLength);
    await small.step.drain();
  }
}
small.dispose();
