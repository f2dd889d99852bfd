import { compiled, compileSampler } from '@dgm/compile';
import { adam, exactTrace, fit, Key, planeKl, rungeKutta } from '@dgm/core';
import { planeDataset, twoMoons } from '@dgm/data';
import { expect, it } from 'vitest';
import * as tf from '@tensorflow/tfjs-core';
import { flowMatching, gaussianDiffusion, mlpDenoiser, probabilityFlow } from '../src/index';

const key = Key.of(0);
const network = () => mlpDenoiser({ shape: [2], features: 32, blocks: 2, key });
const [solver, trace] = [rungeKutta({ steps: 20 }), exactTrace()];

it.each([
  [
    'flowMatching',
    () => {
      const model = flowMatching({ shape: [2], network: network(), solver, trace });
      return { model, density: model };
    },
  ],
  [
    'probabilityFlow',
    () => {
      const model = gaussianDiffusion({ shape: [2], network: network() });
      return { model, density: probabilityFlow({ diffusion: model, solver, trace }) };
    },
  ],
])('a trained %s of points has a mass of 1 in the plane, and is near their density', async (_, make) => {
  const truth = twoMoons();
  const { train } = planeDataset(truth, { key, train: 2000 });
  const { model, density } = make();
  const optimizer = adam({ learningRate: 5e-3 });
  await fit(model, { train }, { key, engine: compiled(), optimizer, batchSize: 200, epochs: 30 });
  const { kl, massQ } = await planeKl(
    (x) => tf.tensor1d(Float32Array.from(truth.logDensity(x.dataSync()))),
    async (x) => {
      const sampler = await compileSampler(density.elboLoop!(x));
      const nats = await sampler.sample(key);
      sampler.dispose();
      return nats;
    },
    { range: [-5, 5], cells: 50 },
  );
  console.log(_, kl, massQ);
  expect(Math.abs(massQ - 1)).toBeLessThan(0.02);
  expect(kl).toBeLessThan(0.5);
  density.dispose();
});
