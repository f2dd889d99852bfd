import { adamax, categoricalHead, evaluate, fit, normalHead, Key, mlp, setup } from '@dgm/core';
import { glyphs, toTensor } from '@dgm/data';
import { vae } from '@dgm/vae';
import * as tf from '@tensorflow/tfjs-core';

await setup();
const key = Key.of(0);
const data = glyphs(); // 8x8 images of integers 0..16
const model = vae({
  encoder: mlp([64, 64, 2 * 8], { key: key.fold('encoder'), activation: 'leakyRelu' }),
  decoder: mlp([8, 64, 64 * 17], { key: key.fold('decoder'), activation: 'leakyRelu' }),
  posterior: normalHead({ shape: [8] }), // q(z|x): a mean and a log-variance for each latent variable
  likelihood: categoricalHead({ shape: [64], levels: 17 }), // p(x|z): 17 logits for each pixel
});
await fit(model, data, { key, optimizer: adamax({ learningRate: 2e-3 }), batchSize: 64, epochs: 4 });

// Two numbers for one model: the bound, and a tighter estimate of what it bounds.
const bound = await evaluate(model, data.test, { key });
const tighter = await evaluate(model, data.test, { key, importanceSamples: 20 });
console.log(bound.kind, tighter.kind, tighter.nats < bound.nats);

// The latent space. `encode` and `decode` give distributions that borrow tensors: use them inside a tidy.
const x = toTensor(data.test);
const z = tf.tidy(() => model.encode(x).mean()); // [450, 8]
const halfway = tf.tidy(() => {
  const pair = tf.slice(z, 0, 2);
  return model.decode(tf.mean(pair, 0, true)).mode(); // [1, 64], between the first two images
});
const again = model.reconstruct(x, key); // through the latent space and back, [450, 64]
const drawn = model.sample(key, 16); // [16, 64]
console.log(z.shape, halfway.shape, again.shape, drawn.shape);

tf.dispose([x, z, halfway, again, drawn]);
model.dispose();
