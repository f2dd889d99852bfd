// An autoregressive model of 8x8 digits given their class: exact likelihoods, and a sample of each class.
// DGM_ENGINE=compiled trains it in ONNX Runtime.
import * as arm from '@dgm/arm';
import { auto } from '@dgm/compile';
import { adam, categoricalHead, classContext, eager, evaluate, fit, Key } from '@dgm/core';
import { loadModel, modelBytes, oneHot, setup } from '@dgm/core';
import { glyphs } from '@dgm/data';
import * as tf from '@tensorflow/tfjs-core';

await setup();
const engine = process.env['DGM_ENGINE'] === 'compiled' ? auto() : eager();
const key = Key.of(0);
const data = glyphs({ train: 600, validation: 100, test: 100 });
const batch = classContext({ classes: 10 });

const likelihood = categoricalHead({ shape: [], levels: 17 });
const model = arm.made({ shape: [64], contextSize: 10, hidden: [64], likelihood, key });
const optimizer = adam({ learningRate: 3e-3 });
await fit(model, data, { key, batch, engine, optimizer, batchSize: 50, epochs: 6 });
const { kind, nats } = await evaluate(model, data.test, { key, batch, engine });

const file = await modelBytes(model);
const loaded = await loadModel<typeof model>(file, { packages: [arm] });
const again = await evaluate(loaded.model, data.test, { key, batch, engine });
const context = tf.tidy(() => oneHot(tf.range(0, 10), { depth: 10 }));
const oneOfEach = loaded.model.sample(key, 10, { context });

console.log(`${kind}: ${nats.toFixed(2)} nats per digit, ${again.nats.toFixed(2)} from the file`);
console.log(oneOfEach.shape);
tf.dispose([context, oneOfEach]);
model.dispose();
loaded.model.dispose();
