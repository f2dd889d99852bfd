// A VAE of 8x8 digits given their class. DGM_ENGINE=compiled trains it in ONNX Runtime.
import { auto } from '@dgm/compile';
import { adam, categoricalHead, classContext, eager, evaluate, fit, Key } from '@dgm/core';
import { loadModel, mlp, modelBytes, normalHead, oneHot, setup } from '@dgm/core';
import { glyphs } from '@dgm/data';
import * as vae from '@dgm/vae';
import * as tf from '@tensorflow/tfjs-core';

await setup();
const engine = process.env['DGM_ENGINE'] === 'compiled' ? auto() : eager();
const key = Key.of(0);
const data = glyphs({ train: 600, validation: 100, test: 100 });
const batch = classContext({ classes: 10 });

const model = vae.conditionalVae({
  contextSize: 10,
  encoder: mlp([64 + 10, 64, 2 * 8], { key: key.fold('encoder') }),
  decoder: mlp([8 + 10, 64, 64 * 17], { key: key.fold('decoder') }),
  posterior: normalHead({ shape: [8] }),
  likelihood: categoricalHead({ shape: [64], levels: 17 }),
});
const optimizer = adam({ learningRate: 3e-3 });
await fit(model, data, { key, batch, engine, optimizer, batchSize: 50, epochs: 6 });
const options = { key, batch, engine, importanceSamples: 50 };
const { kind, nats } = await evaluate(model, data.test, options);

const file = await modelBytes(model);
const loaded = await loadModel<typeof model>(file, { packages: [vae] });
const again = await evaluate(loaded.model, data.test, options);
const context = tf.tidy(() => oneHot(tf.fill([16], 7), { depth: 10 }));
const sevens = loaded.model.sample(key, 16, { context });

console.log(`${kind}: ${nats.toFixed(2)} nats per digit, ${again.nats.toFixed(2)} from the file`);
console.log(sevens.shape);
tf.dispose([context, sevens]);
model.dispose();
loaded.model.dispose();
