import { adamW, evaluate, fit, Key, setup } from '@dgm/core';
import { planeDataset, twoMoons } from '@dgm/data';
import { ddim, gaussianDiffusion, mlpDenoiser } from '@dgm/diffusion';
import type { NoiseSchedule } from '@dgm/diffusion';
import * as tf from '@tensorflow/tfjs-core';

// A schedule says how much noise there is at a time: gamma(t) = -ln SNR, and its slope.
const [start, end] = [-8, 5];
const schedule: NoiseSchedule = {
  gamma: (t) => tf.tidy(() => tf.add(start, tf.mul(end - start, tf.square(t)))),
  slope: (t) => tf.mul(2 * (end - start), t),
};

await setup();
const key = Key.of(0);
const data = planeDataset(twoMoons({ noise: 0.1 }), { key, train: 500, test: 100 });
const network = mlpDenoiser({ shape: [2], features: 32, blocks: 1, key });
const model = gaussianDiffusion({ shape: [2], network, schedule });
await fit(model, { train: data.train }, { key, optimizer: adamW(), batchSize: 100, epochs: 3 });
const { kind } = await evaluate(model, data.test, { key });
const draws = model.sample(key, 5, { sampler: ddim({ steps: 10 }) });
console.log(kind, draws.shape);
draws.dispose();
model.dispose();
