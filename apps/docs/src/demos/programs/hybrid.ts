import { adam, auroc, categoricalHead, classContext, fit } from '@dgm/core';
import { made } from '@dgm/arm';
import { glyphs, subset, toTensor } from '@dgm/data';
import { generativeClassifier } from '@dgm/hybrid';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { MakeProgram } from '../demo';
import { read } from '../plane';

export const hybrid: MakeProgram = (_, key) => {
  const data = glyphs({ test: 100 });
  const likelihood = categoricalHead({ shape: [], levels: 17 });
  const model = generativeClassifier({
    classes: 10,
    conditional: made({ shape: [64], likelihood, hidden: [96], contextSize: 10, key }),
  });
  const test = toTensor(data.test);
  const noise = tf.tidy(() => tf.floor(tf.mul(17, key.fold('noise').uniform([100, 64]))));
  const nats = async (x: Tensor) => (await read(tf.tidy(() => model.logProb(x)))).map((value) => -value);
  return {
    models: { hybrid: model },
    train: (watch) =>
      fit(model, data, {
        key,
        batch: classContext({ classes: 10 }),
        optimizer: adam({ learningRate: 5e-3 }),
        batchSize: 50,
        epochs: 8,
        ...watch,
      }),
    figure: async () => auroc(await nats(noise), await nats(test)),
    async show({ numbers, pixels }) {
      const row = Math.round(numbers['image']!);
      const image = pixels ?? [...subset(data.test, [row]).values];
      const [random, which] = [
        await read(tf.tidy(() => tf.slice(noise, [row, 0], [1, 64]))),
        await read(tf.tidy(() => key.fold('which').uniform([64]))),
      ];
      const values = image.map((value, index) =>
        which[index]! < numbers['noise']! / 100 ? random[index]! : Math.max(value, 0),
      );
      const x = tf.tensor2d([values]);
      const probabilities = await read(tf.tidy(() => tf.softmax(model.classify(x))));
      const [own, seen] = [(await nats(x))[0]!, await nats(test)];
      x.dispose();
      const less = seen.filter((value) => value >= own).length;
      return [
        {
          kind: 'images',
          caption: 'what the model sees; paint in it',
          plane: [8, 8],
          range: [0, 16],
          columns: 1,
          values,
          editable: true,
        },
        {
          kind: 'bars',
          caption: 'p(y | x)',
          bars: [...probabilities].map((value, label) => ({ label: String(label), value })),
        },
        {
          kind: 'bars',
          caption: `−ln p(x) = ${own.toFixed(1)} nats`,
          bars: [{ label: 'test images at least as surprising', value: less / seen.length }],
        },
      ];
    },
    dispose() {
      model.dispose();
      tf.dispose([test, noise]);
    },
  };
};
