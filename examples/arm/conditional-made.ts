// An autoregressive model of 8x8 digits given their class: exact likelihoods, and a sample of each class.
// DGM_ENGINE=compiled trains it in ONNX Runtime.
import { made } from '@dgm/arm';
import { auto } from '@dgm/compile';
import { adam, categoricalHead, classContext, eager, evaluate, fit, Key } from '@dgm/core';
import { oneHot, saveWeights, setup } from '@dgm/core';
import { glyphs } from '@dgm/data';
import * as tf from '@tensorflow/tfjs-core';

await setup();
const engine = process.env['DGM_ENGINE'] === 'compiled' ? auto() : eager();
const key = Key.of(0);
const data = glyphs({ train: 600, validation: 100, test: 100 });
const batch = classContext({ classes: 10 });

const likelihood = categoricalHead({ shape: [], levels: 17 });
const model = made({ shape: [64], contextSize: 10, hidden: [64], likelihood, key });
const optimizer = adam({ learningRate: 3e-3 });
await fit(model, data, { key, batch, engine, optimizer, batchSize: 50, epochs: 6 });
const { kind, measure, bitsPerDim } = await evaluate(model, data.test, { key, batch, engine });

const context = tf.tidy(() => oneHot(tf.range(0, 10), { depth: 10 }));
const oneOfEach = model.sample(key, 10, { context });
const weights = await saveWeights(model);

console.log(kind, measure, bitsPerDim < 3, oneOfEach.shape, weights.length > 300_000);
tf.dispose([context, oneOfEach]);
model.dispose();
