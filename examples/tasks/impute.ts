// Missing entries: draws of what they could be, given the others. Here the lower half of an image is missing.
import { adamW, fit, Key, setup } from '@dgm/core';
import { binarize, glyphs, subset, toTensor } from '@dgm/data';
import { maskedDiffusion, maskedEntries, mlpDenoiser } from '@dgm/diffusion';
import * as tf from '@tensorflow/tfjs-core';

await setup();
const key = Key.of(0);
const grey = glyphs();
const ink = (part: 'train' | 'test') => binarize(grey[part], { key: key.fold(part), levels: 17 });
const [train, test] = [ink('train'), ink('test')];

const [shape, levels] = [[64], 2];
const network = mlpDenoiser({
  shape,
  outputs: levels,
  entries: maskedEntries({ levels }),
  features: 128,
  key,
});
const model = maskedDiffusion({ shape, levels, network });
const optimizer = adamW({ learningRate: 3e-3 });
await fit(model, { train }, { key, optimizer, batchSize: 50, epochs: 12 });

// Several completions of each image say how sure they are: their mean is the probability of ink.
const images = toTensor(subset(test, [0, 1, 2, 3, 4, 5, 6, 7]));
const known = Array.from({ length: 64 }, (_, pixel) => pixel < 32);
const draws = Array.from({ length: 4 }, (_, draw) =>
  model.sample(key.fold(draw), 8, { steps: 8, given: { values: images, known } }),
);
const [kept, right] = tf.tidy(() => {
  const mean = tf.div(tf.addN(draws), draws.length);
  const difference = tf.abs(tf.sub(tf.round(mean), images));
  const wrong = (from: number) => tf.sum(tf.slice(difference, [0, from], [8, 32])).dataSync()[0]!;
  return [wrong(0) === 0, 1 - wrong(32) / (8 * 32)];
});
console.log(draws[0]!.shape, kept, right! > 0.75);
tf.dispose([images, ...draws]);
model.dispose();
