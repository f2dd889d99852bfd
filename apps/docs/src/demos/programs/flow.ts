import { adam, evaluate, fit } from '@dgm/core';
import { planeDataset, twoMoons } from '@dgm/data';
import { neuralSplineFlow } from '@dgm/flows';
import type { MakeProgram } from '../demo';
import { densityOver, read } from '../plane';

const RANGE = [-2, 3] as const;

export const flow: MakeProgram = ({ numbers: { layers, rate, noise } }, key) => {
  const moons = twoMoons({ noise: noise! / 100 });
  const data = planeDataset(moons, { key, train: 1000, validation: 200, test: 500 });
  const model = neuralSplineFlow({ dims: 2, key, layers: layers!, hidden: [32, 32] });
  return {
    models: { flow: model },
    train: (watch) =>
      fit(model, data, {
        key,
        optimizer: adam({ learningRate: rate! / 1000 }),
        batchSize: 100,
        epochs: 15,
        ...watch,
      }),
    async figure() {
      const { nats } = await evaluate(model, data.test, { key });
      const logs = moons.logDensity(data.test.values);
      return nats + logs.reduce((sum, value) => sum + value, 0) / logs.length;
    },
    show: async () => [
      {
        kind: 'plane',
        caption: 'the density of the model, and data',
        range: RANGE,
        density: await densityOver(RANGE, (x) => model.logProb(x)),
        layers: [{ points: data.test.values as Float32Array, style: 'data' }],
      },
      {
        kind: 'plane',
        caption: 'draws of the model',
        range: RANGE,
        layers: [{ points: await read(model.sample(key, 500)), style: 'model' }],
      },
    ],
    dispose: () => model.dispose(),
  };
};
