import {
  adam,
  classContext,
  evaluate,
  fit,
  Independent,
  Key,
  mlp,
  Permutation,
  setup,
  StudentT,
} from '@dgm/core';
import { ActNormFlow, affine, Coupling, flow, halfMask } from '@dgm/flows';
import * as tf from '@tensorflow/tfjs-core';

await setup();
const key = Key.of(0);

// Points of two classes, around (5, 5) and (9, 9).
const examples = (count: number, key: Key) => {
  const labels = Int32Array.from({ length: count }, (_, row) => row % 2);
  const noise = tf.tidy(() => key.normal([count, 2]).dataSync());
  return { count, shape: [2], labels, values: noise.map((value, i) => value + 5 + 4 * labels[i >> 1]!) };
};
const data = { train: examples(400, key.fold('train')), test: examples(200, key.fold('test')) };

// Your own networks, which get the context beside what they may see, and your own base.
const contextSize = 2;
const layers = [0, 1].flatMap((index) => [
  new Coupling({
    mask: halfMask(2),
    network: mlp([1 + contextSize, 16, 2], { key: key.fold(index), activation: 'tanh' }),
    transformer: affine(),
  }),
  Permutation.reverse(2),
]);
const model = flow({
  layers: [...layers, new ActNormFlow({ features: 2 })],
  base: new Independent(new StudentT(5, 0, 1, { shape: [2] }), 1),
  contextSize,
});

// The option `batch` makes { x, context } of rows and labels. Activation normalization starts from such a batch.
const batch = classContext({ classes: 2 });
tf.tidy(() =>
  model.initialize(
    batch(
      data.train,
      Int32Array.from({ length: 400 }, (_, row) => row),
      { key, training: false },
    ),
  ),
);
await fit(model, data, { key, batch, optimizer: adam({ learningRate: 1e-2 }), batchSize: 50, epochs: 30 });
const { kind, nats } = await evaluate(model, data.test, { key, batch });

// Draws of the second class.
const means = tf.tidy(() => {
  const context = tf.tile(tf.tensor2d([[0, 1]]), [500, 1]);
  return tf.mean(model.sample(key, 500, { context }), 0).dataSync();
});
console.log(
  kind,
  nats < 3.1,
  means.every((mean) => Math.abs(mean - 9) < 0.3),
);
model.dispose();
