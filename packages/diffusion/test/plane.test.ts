import { compiled, compileSampler } from '@dgm/compile';
import { adam, exactTrace, fit, Key, planeKl, rungeKutta } from '@dgm/core';
import { planeDataset, gaussianMixture } from '@dgm/data';
import { expect, it } from 'vitest';
import * as tf from '@tensorflow/tfjs-core';
import { flowMatching, gaussianDiffusion, mlpDenoiser, probabilityFlow } from '../src/index';

const key = Key.of(0);
const network = () => mlpDenoiser({ shape: [2], features: 32, blocks: 1, key });
const [solver, trace] = [rungeKutta({ steps: 10 }), exactTrace()];

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
  const truth = gaussianMixture();
  const { train } = planeDataset(truth, { key, train: 1000 });
  const { model, density } = make();
  const optimizer = adam({ learningRate: 5e-3 });
  await fit(model, { train }, { key, engine: compiled(), optimizer, batchSize: 100, epochs: 20 });
  const logTruth = (x: tf.Tensor) => tf.tensor1d(Float32Array.from(truth.logDensity(x.dataSync())));
  const logModel = async (x: tf.Tensor) => {
    const sampler = await compileSampler(density.elboLoop!(x));
    const nats = await sampler.sample(key);
    sampler.dispose();
    return nats;
  };
  const grid = { range: [-5, 5], cells: 40 } as const;
  const { kl, massQ } = await planeKl(logTruth, logModel, grid);
  // That of the noise, with which an untrained flow begins.
  const logNoise = (x: tf.Tensor) => tf.mul(-0.5, tf.sum(tf.square(x), 1));
  const untrained = await planeKl(logTruth, logNoise, grid);
  expect(Math.abs(massQ - 1)).toBeLessThan(0.01);
  expect(kl).toBeLessThan(untrained.kl / 2);
  density.dispose();
});
