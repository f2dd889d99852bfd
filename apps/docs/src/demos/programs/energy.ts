import { adam, fit, langevin, mlp, planeKl, runSamplingLoop } from '@dgm/core';
import { planeDataset, twoMoons } from '@dgm/data';
import { energyModel } from '@dgm/ebm';
import * as tf from '@tensorflow/tfjs-core';
import type { MakeProgram } from '../demo';
import { densityOver, read } from '../plane';

const RANGE = [-2, 3] as const;

export const energy: MakeProgram = (_, key) => {
  const moons = twoMoons({ noise: 0.15 });
  const data = planeDataset(moons, { key, train: 1000, test: 500 });
  const model = energyModel({
    network: mlp([2, 64, 64, 1], { key: key.fold('network'), activation: 'swish' }),
    shape: [2],
    range: RANGE,
    key: key.fold('chains'),
    bufferSize: 1000,
    steps: 20,
    stepSize: 0.02,
    temperature: 1,
  });
  const logDensity = (x: tf.Tensor) => tf.tidy(() => tf.neg(model.energy(x)));
  const start = tf.tidy(() => tf.add(0.5, tf.mul(1.2, key.fold('start').normal([300, 2]))));
  return {
    models: { energy: model },
    train: (watch) =>
      fit(
        model,
        { train: data.train },
        {
          key,
          optimizer: adam({ learningRate: 3e-3, beta1: 0 }),
          batchSize: 100,
          epochs: 12,
          clipNorm: 5,
          ...watch,
        },
      ),
    async figure() {
      const truth = (x: tf.Tensor) => tf.tensor1d(Float32Array.from(moons.logDensity(x.dataSync())));
      return (await planeKl(truth, logDensity, { range: RANGE, cells: 60 })).kl;
    },
    async show({ numbers: { langevin: steps, temperature } }) {
      const count = Math.round(steps!);
      const chain = langevin({
        logProb: logDensity,
        initial: start,
        steps: count,
        stepSize: 0.01,
        temperature: temperature! / 100,
      });
      const particles = runSamplingLoop(chain, key.fold('particles'));
      return [
        {
          kind: 'plane',
          caption: 'the density of the energy, up to its normalizer, and data',
          range: RANGE,
          density: await densityOver(RANGE, logDensity),
          layers: [{ points: data.test.values as Float32Array, style: 'data' }],
        },
        {
          kind: 'plane',
          caption: `particles after ${count} Langevin steps`,
          range: RANGE,
          density: await densityOver(RANGE, logDensity),
          layers: [{ points: await read(particles), style: 'model' }],
        },
      ];
    },
    dispose() {
      model.dispose();
      start.dispose();
    },
  };
};
