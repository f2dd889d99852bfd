import { adam, fit, Key, mlp, sampleQuality, setup } from '@dgm/core';
import { glyphs, toTensor } from '@dgm/data';
import { gan } from '@dgm/gan';
import * as tf from '@tensorflow/tfjs-core';

await setup();
const key = Key.of(0);
const data = glyphs(); // 8x8 images of integers 0..16
const activation = { name: 'leakyRelu', slope: 0.2 } as const;
const model = gan({
  latent: 16,
  generator: mlp([16, 128, 64], { key: key.fold('g'), activation, outputActivation: 'tanh' }),
  critic: mlp([64, 128, 1], { key: key.fold('c'), activation }),
  levels: data.levels!,
});
const { curve } = await fit(model, data, {
  key,
  optimizer: adam({ learningRate: 1e-3, beta1: 0, beta2: 0.99 }), // or one for each: { critic: adam(...), generator: ... }
  ema: { generator: { decay: 0.99 } }, // the average of the generator's weights draws far better
  batchSize: 64,
  epochs: 10,
});
console.log(Object.keys(curve[0]!.terms));

// Losses say nothing about a GAN; held-out examples do, and training examples in place of samples are the ceiling.
const [examples, train] = [toTensor(data.test), toTensor(data.train)];
const samples = model.sample(key, 450); // [450, 64], integers 0..16
const { precision, coverage, ceiling } = await sampleQuality(examples, samples, { train });
console.log(samples.shape, precision > 0.5, coverage < ceiling!.coverage);

tf.dispose([examples, train, samples]);
model.dispose();
