import { adam, categoricalHead, evaluate, fit, Key, setup } from '@dgm/core';
import { glyphs, subset, toTensor } from '@dgm/data';
import { waveNet } from '@dgm/arm';
import * as tf from '@tensorflow/tfjs-core';

await setup();
const key = Key.of(0);
const data = glyphs(); // 8x8 images of integers 0..16
const model = waveNet({
  shape: [64],
  likelihood: categoricalHead({ shape: [], levels: 17 }), // of one variable, given those before it
  hidden: 16,
  key: key.fold('model'),
});
await fit(model, data, { key, optimizer: adam({ learningRate: 3e-3 }), batchSize: 64, epochs: 1 });

const { kind, nats } = await evaluate(model, data.test, { key });
console.log(kind, nats < 64 * Math.log(17)); // better than a uniform distribution

// 4 images, one variable after the other; and 4 of which the upper half is given.
const drawn = model.sample(key, 4);
const examples = toTensor(subset(data.test, [0, 1, 2, 3]));
const known = Array.from({ length: 64 }, (_, pixel) => pixel < 32);
const completed = model.sample(key, 4, { given: { values: examples, known }, temperature: 0.8 });

// However it is computed, a draw is the same.
const passes = model.sample(key, 4, { method: 'predictive' });
const same = tf.tidy(() => tf.all(tf.equal(drawn, passes)).dataSync()[0] === 1);
console.log(drawn.shape, completed.shape, same);

tf.dispose([drawn, examples, completed, passes]);
model.dispose();
