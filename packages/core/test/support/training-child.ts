// A process that trains and may be killed at any time: `training-child.ts <folder> <file for the final weights>`.
import '@tensorflow/tfjs-backend-cpu';
import { writeFileSync } from 'node:fs';
import { fit, saveWeights } from '@dgm/core';
import { fileStore } from '@dgm/core/node';
import * as tf from '@tensorflow/tfjs-core';
import { interruptible } from './interruptible';

const [folder, output] = process.argv.slice(2) as [string, string];
await tf.setBackend('cpu');
const { model, data, options } = interruptible();
process.stdout.write('ready\n');
const controller = new AbortController();
process.once('SIGINT', () => controller.abort());
const { stoppedBy, curve } = await fit(model, data, {
  ...options,
  signal: controller.signal,
  checkpoint: { store: fileStore(folder), everySteps: 1 },
  callbacks: [{ onStep: ({ step }) => void process.stdout.write(`step ${step}\n`) }],
});
writeFileSync(output, await saveWeights(model, { metadata: { curve: JSON.stringify(curve) } }));
process.stdout.write(`stopped by ${stoppedBy}\n`);
