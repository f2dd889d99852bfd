import { adamW, fit, maximumMeanDiscrepancy } from '@dgm/core';
import { planeDataset, toTensor, twoMoons } from '@dgm/data';
import { ddim, gaussianDiffusion, mlpDenoiser } from '@dgm/diffusion';
import * as tf from '@tensorflow/tfjs-core';
import type { MakeProgram } from '../demo';
import { read } from '../plane';

const RANGE = [-3, 3] as const;

export const diffusion: MakeProgram = (_, key) => {
  const data = planeDataset(twoMoons({ noise: 0.1 }), { key, train: 1000, test: 500 });
  const network = mlpDenoiser({ shape: [2], features: 64, blocks: 2, key: key.fold('network') });
  const model = gaussianDiffusion({ shape: [2], network, objective: 'noise' });
  const test = toTensor(data.test);
  const draw = (steps: number) => model.sample(key, 500, { sampler: ddim({ steps }) });
  return {
    models: { diffusion: model },
    train: (watch) =>
      fit(
        model,
        { train: data.train },
        {
          key,
          optimizer: adamW({ learningRate: 3e-3 }),
          ema: { decay: 0.98 },
          batchSize: 100,
          epochs: 30,
          ...watch,
        },
      ),
    async figure() {
      const samples = draw(20);
      const squared = await maximumMeanDiscrepancy(samples, test);
      samples.dispose();
      return squared;
    },
    async show({ numbers: { steps, time } }) {
      // The forward process at signal a: x_t = sqrt(a) x + sqrt(1 - a) noise.
      const signal = 1 - time! / 100;
      const noisy = tf.tidy(() =>
        tf.add(
          tf.mul(Math.sqrt(signal), test),
          tf.mul(Math.sqrt(1 - signal), key.fold('noise').normal(test.shape)),
        ),
      );
      return [
        {
          kind: 'plane',
          caption: 'data with noise: the way there',
          range: RANGE,
          layers: [{ points: await read(noisy), style: 'data' }],
        },
        {
          kind: 'plane',
          caption: `draws in ${steps} steps: the way back`,
          range: RANGE,
          layers: [{ points: await read(draw(steps!)), style: 'model' }],
        },
      ];
    },
    dispose() {
      model.dispose();
      test.dispose();
    },
  };
};
