import { adam, categoricalHead, evaluate, fit } from '@dgm/core';
import { made } from '@dgm/arm';
import { glyphs } from '@dgm/data';
import * as tf from '@tensorflow/tfjs-core';
import type { MakeProgram } from '../demo';
import { read } from '../plane';

const DRAWS = 8;

export const arm: MakeProgram = (_, key) => {
  const data = glyphs();
  const likelihood = categoricalHead({ shape: [], levels: 17 });
  const model = made({ shape: [64], likelihood, hidden: [128], key });
  return {
    models: { arm: model },
    train: (watch) =>
      fit(model, data, { key, optimizer: adam({ learningRate: 5e-3 }), batchSize: 64, epochs: 8, ...watch }),
    figure: async () => (await evaluate(model, data.test, { key })).nats,
    async show({ numbers: { temperature, drawn, seed }, pixels = EMPTY }) {
      // A pixel that was painted is known; the others are drawn one after the other, each given those before it.
      const known = pixels.map((value) => value >= 0);
      const values = tf.tensor2d(
        Array.from({ length: DRAWS }, () => pixels.map((value) => Math.max(value, 0))),
      );
      const draws = await read(
        model.sample(key.fold(seed!), DRAWS, { given: { values, known }, temperature: temperature! }),
      );
      values.dispose();
      return [
        {
          ...IMAGE,
          caption: 'paint ink here; the model completes it',
          columns: 1,
          values: pixels.map((value) => Math.max(value, 0)),
          editable: true,
        },
        {
          ...IMAGE,
          caption: 'drawn row by row, from the left',
          columns: 4,
          values: draws.map((value, index) => (index % 64 < drawn! || known[index % 64] ? value : 0)),
        },
      ];
    },
    dispose: () => model.dispose(),
  };
};

const EMPTY: readonly number[] = Array<number>(64).fill(-1);
const IMAGE = { kind: 'images', plane: [8, 8], range: [0, 16] } as const;
