// A VAE of 8x8 digits given their class. DGM_ENGINE=compiled trains it in ONNX Runtime.
import { auto } from '@dgm/compile';
import { adam, categoricalHead, classContext, eager, evaluate, fit, Key, mlp } from '@dgm/core';
import { normalHead, oneHot, saveWeights, setup } from '@dgm/core';
import { glyphs } from '@dgm/data';
import { conditionalVae } from '@dgm/vae';
import * as tf from '@tensorflow/tfjs-core';

await setup();
const engine = process.env['DGM_ENGINE'] === 'compiled' ? auto() : eager();
const key = Key.of(0);
const data = glyphs({ train: 600, validation: 100, test: 100 });
const batch = classContext({ classes: 10 });

const model = conditionalVae({
  contextSize: 10,
  encoder: mlp([64 + 10, 64, 2 * 8], { key: key.fold('encoder') }),
  decoder: mlp([8 + 10, 64, 64 * 17], { key: key.fold('decoder') }),
  posterior: normalHead({ shape: [8] }),
  likelihood: categoricalHead({ shape: [64], levels: 17 }),
});
const optimizer = adam({ learningRate: 3e-3 });
await fit(model, data, { key, batch, engine, optimizer, batchSize: 50, epochs: 6 });
const bound = await evaluate(model, data.test, { key, batch, engine });
const estimate = await evaluate(model, data.test, { key, batch, engine, importanceSamples: 50 });

const context = tf.tidy(() => oneHot(tf.fill([16], 7), { depth: 10 }));
const sevens = model.sample(key, 16, { context });
const weights = await saveWeights(model);

console.log(bound.kind, estimate.kind, estimate.nats < bound.nats, bound.bitsPerDim < 2.6);
console.log(sevens.shape, weights.length > 300_000);
tf.dispose([context, sevens]);
model.dispose();
