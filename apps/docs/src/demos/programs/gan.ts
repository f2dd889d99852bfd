import { adam, fit, mlp, modeCounts } from '@dgm/core';
import { gaussianMixture, planeDataset } from '@dgm/data';
import { gan as makeGan, r1, r2 } from '@dgm/gan';
import * as tf from '@tensorflow/tfjs-core';
import type { MakeProgram } from '../demo';
import { read } from '../plane';

const RANGE = [-3, 3] as const;
const MODES = Array.from({ length: 8 }, (_, mode) => {
  const angle = (mode * Math.PI) / 4;
  return [2 * Math.cos(angle), 2 * Math.sin(angle)] as const;
});
const STD = 0.1;

export const gan: MakeProgram = ({ numbers: { gamma, rate } }, key) => {
  const data = planeDataset(gaussianMixture({ means: MODES, std: STD }), { key, train: 2000, test: 500 });
  const activation = { name: 'leakyRelu', slope: 0.2 } as const;
  const model = makeGan({
    latent: 4,
    generator: mlp([4, 64, 64, 2], { key: key.fold('generator'), activation }),
    critic: mlp([2, 64, 64, 1], { key: key.fold('critic'), activation }),
    penalties: gamma === 0 ? [] : [r1({ gamma: gamma! }), r2({ gamma: gamma! })],
  });
  const counts = async () => {
    const [samples, modes] = [model.sample(key, 800), tf.tensor2d(MODES.map((mode) => [...mode]))];
    const result = await modeCounts(samples, modes, { radius: 4 * STD });
    tf.dispose([samples, modes]);
    return result;
  };
  return {
    models: { gan: model },
    train: (watch) =>
      fit(
        model,
        { train: data.train },
        {
          key,
          optimizer: adam({ learningRate: rate! / 10_000, beta1: 0, beta2: 0.99 }),
          ema: { generator: { decay: 0.99 } },
          batchSize: 100,
          epochs: 40,
          ...watch,
        },
      ),
    // A mode with fewer than ten of the 800 samples is not covered.
    figure: async () => (await counts()).counts.filter((count) => count >= 10).length,
    show: async () => [
      {
        kind: 'plane',
        caption: 'data and draws of the generator',
        range: RANGE,
        layers: [
          { points: data.test.values as Float32Array, style: 'data' },
          { points: await read(model.sample(key, 500)), style: 'model' },
        ],
      },
      {
        kind: 'bars',
        caption: 'draws at each mode, relative to an eighth',
        bars: (await counts()).counts.map((count, mode) => ({
          label: `mode ${mode + 1}`,
          value: Math.min(1, count / 100),
        })),
      },
    ],
    dispose: () => model.dispose(),
  };
};
