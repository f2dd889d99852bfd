/**
 * Whether memory grows over 10,000 steps. Run from the root of the repository:
 *
 *   NODE_OPTIONS=--expose-gc npx tsx --tsconfig tsconfig.json packages/compile/bench/memory.ts [--steps 10000]
 *
 * Without --expose-gc the heap's column shows garbage that V8 has not looked at yet.
 */
import { parseArgs } from 'node:util';
import { setup } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { compiled } from '../src/index';
import { largeFeeds } from '../test/support/large-feeds';

const { values: options } = parseArgs({ options: { steps: { type: 'string', default: '10000' } } });
const steps = Number(options.steps);
const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);

await setup({ backend: 'cpu' });
const training = await largeFeeds(compiled());
console.log(`each step is fed ${mebibytes(training.bytesPerStep)} MiB`);
const rows: Record<string, string | number>[] = [];
for (let tenth = 1; tenth <= 10; tenth++) {
  await training.take(steps / 10);
  (globalThis as { gc?: () => void }).gc?.();
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  rows.push({
    step: (tenth * steps) / 10,
    'resident MiB': mebibytes(rss),
    'heap MiB': mebibytes(heapUsed),
    'array buffers MiB': mebibytes(arrayBuffers),
    tensors: tf.memory().numTensors,
  });
}
console.table(rows);
training.dispose();
