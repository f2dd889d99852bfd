// Images of a class: Glow on 8x8 digits with 17 grey levels, dequantized, so that its bound is one on a probability.
// DGM_ENGINE=compiled trains it in ONNX Runtime.
import { auto } from '@dgm/compile';
import { adam, classContext, eager, evaluate, fit, Key } from '@dgm/core';
import { loadModel, modelBytes, oneHot, setup } from '@dgm/core';
import { glyphs, reshape } from '@dgm/data';
import * as flows from '@dgm/flows';
import * as tf from '@tensorflow/tfjs-core';

await setup();
const engine = process.env['DGM_ENGINE'] === 'compiled' ? auto() : eager();
const key = Key.of(0);
const rows = glyphs({ train: 400, test: 100 });
const data = { train: reshape(rows.train, [8, 8, 1]), test: reshape(rows.test, [8, 8, 1]) };
const batch = classContext({ classes: 10 });

const preprocessing = flows.logitPreprocessing({ levels: 17 });
const flow = flows.glow({ shape: [8, 8, 1], contextSize: 10, steps: 1, hidden: 8, preprocessing, key });
const model = flows.dequantized({ flow, levels: 17 });
const optimizer = adam({ learningRate: 3e-3 });
await fit(model, data, { key, batch, engine, optimizer, batchSize: 50, epochs: 4 });
const { kind, measure, nats } = await evaluate(model, data.test, { key, batch, engine });

const file = await modelBytes(model);
const loaded = await loadModel<typeof model>(file, { packages: [flows] });
const again = await evaluate(loaded.model, data.test, { key, batch, engine });
const context = tf.tidy(() => oneHot(tf.fill([16], 7), { depth: 10 }));
const sevens = loaded.model.sample(key, 16, { context });

console.log(
  `${kind}: ${nats.toFixed(2)} nats per image (${measure}), ${again.nats.toFixed(2)} from the file`,
);
console.log(sevens.shape);
tf.dispose([context, sevens]);
model.dispose();
loaded.model.dispose();
