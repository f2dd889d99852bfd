import { evaluate, fit, sgd } from '@dgm/core';
import { binarize, dataset, glyphs, subset, toTensor } from '@dgm/data';
import type { Examples } from '@dgm/data';
import { bernoulliUnits, rbm as makeRbm } from '@dgm/ebm';
import type { MakeProgram } from '../demo';
import { read } from '../plane';

export const rbm: MakeProgram = ({ numbers: { hidden } }, key) => {
  const grey = glyphs();
  const ink = (part: Examples, name: string) => binarize(part, { key: key.fold(name), levels: grey.levels! });
  const data = dataset({
    name: 'ink',
    train: ink(grey.train, 'train'),
    validation: ink(grey.validation, 'validation'),
    test: ink(grey.test, 'test'),
    levels: 2,
  });
  const examples = toTensor(data.train);
  const model = makeRbm({
    visible: bernoulliUnits({ shape: [64] }),
    hidden: hidden!,
    key: key.fold('model'),
    examples,
    steps: 5,
    chains: 100,
  });
  const some = toTensor(
    subset(
      data.test,
      Array.from({ length: 16 }, (_, index) => index),
    ),
  );
  return {
    models: { rbm: model },
    train: (watch) =>
      fit(model, data, {
        key,
        optimizer: sgd({ learningRate: 0.05, momentum: 0.5 }),
        batchSize: 50,
        epochs: 15,
        ...watch,
      }),
    figure: async () => (await evaluate(model, data.test, { key })).nats,
    async show({ numbers: { gibbs } }) {
      const weights = await model.parameters().get('weights')!.data();
      const filters = Float32Array.from({ length: 64 * hidden! }, (_, index) => {
        const [unit, pixel] = [Math.floor(index / 64), index % 64];
        return weights[pixel * hidden! + unit]!;
      });
      const largest = filters.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0);
      const steps = Math.round(gibbs!);
      const states = steps === 0 ? some.clone() : model.gibbs(some, { key, steps });
      return [
        {
          ...IMAGE,
          caption: 'filters: the weights of each hidden unit',
          range: [-largest, largest],
          values: filters,
        },
        {
          ...IMAGE,
          caption: `test images after ${steps} steps of Gibbs sampling`,
          range: [0, 1],
          values: await read(states),
        },
      ];
    },
    dispose() {
      model.dispose();
      // A file of the model holds what its biases started from.
      some.dispose();
      examples.dispose();
    },
  };
};

const IMAGE = { kind: 'images', plane: [8, 8], columns: 4 } as const;
