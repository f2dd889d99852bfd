import { adam, evaluate, fit, Key, setup } from '@dgm/core';
import { planeDataset, twoMoons } from '@dgm/data';
import { neuralSplineFlow } from '@dgm/flows';
import * as tf from '@tensorflow/tfjs-core';

await setup();
const key = Key.of(0);
const moons = twoMoons({ noise: 0.1 });
const data = planeDataset(moons, { key, train: 1000, validation: 200, test: 500 });
const model = neuralSplineFlow({ dims: 2, key, layers: 4, hidden: [32, 32] });
await fit(model, data, { key, optimizer: adam({ learningRate: 5e-3 }), batchSize: 100, epochs: 15 });

// The likelihood is exact, so it can be held against the entropy of the moons: the rest is KL(moons || model).
const { kind, nats } = await evaluate(model, data.test, { key });
const truth = moons.logDensity(data.test.values).reduce((sum, value) => sum - value, 0) / data.test.count;
console.log(kind, nats - truth < 0.2);

// Both ways through the flow: the latents of data, and data again.
const x = model.sample(key, 5);
const error = tf.tidy(() => {
  const z = model.encode(x);
  return tf.max(tf.abs(tf.sub(model.decode(z), x))).dataSync()[0]!;
});
console.log(x.shape, error < 1e-4);

x.dispose();
model.dispose();
