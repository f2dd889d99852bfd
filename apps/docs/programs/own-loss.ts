import { adam, fit, Key, mlp, setup } from '@dgm/core';
import { planeDataset, twoMoons } from '@dgm/data';
import { gan, r1 } from '@dgm/gan';
import type { AdversarialLoss } from '@dgm/gan';
import * as tf from '@tensorflow/tfjs-core';

// Scores of real examples are drawn to 1 and those of fakes to 0, by squares.
const squares: AdversarialLoss = {
  name: 'squares',
  critic: (real, fake) =>
    tf.tidy(() => tf.add<tf.Scalar>(tf.mean(tf.square(tf.sub(real, 1))), tf.mean(tf.square(fake)))),
  generator: (fake) => tf.tidy(() => tf.mean<tf.Scalar>(tf.square(tf.sub(fake, 1)))),
};

await setup();
const key = Key.of(0);
const { train } = planeDataset(twoMoons({ noise: 0.1 }), { key, train: 500 });
const model = gan({
  latent: 2,
  generator: mlp([2, 32, 2], { key: key.fold('generator') }),
  critic: mlp([2, 32, 1], { key: key.fold('critic') }),
  loss: squares,
  penalties: [r1({ gamma: 0.5 })],
});
const { curve } = await fit(model, { train }, { key, optimizer: adam(), batchSize: 100, epochs: 2 });
console.log(Object.keys(curve[0]!.terms));
model.dispose();
