// p(x | class) of two moons: a RealNVP with the class as its context. DGM_ENGINE=compiled trains it in ONNX Runtime.
import { auto } from '@dgm/compile';
import { adam, classContext, eager, evaluate, fit, Key } from '@dgm/core';
import { loadModel, modelBytes, oneHot, setup } from '@dgm/core';
import { planeDataset, twoMoons } from '@dgm/data';
import * as flows from '@dgm/flows';
import * as tf from '@tensorflow/tfjs-core';

await setup();
const engine = process.env['DGM_ENGINE'] === 'compiled' ? auto() : eager();
const key = Key.of(0);
const data = planeDataset(twoMoons(), { key });
const batch = classContext({ classes: 2 });

const model = flows.realNvp({ dims: 2, contextSize: 2, couplings: 4, hidden: [32], key });
const optimizer = adam({ learningRate: 5e-3 });
await fit(model, data, { key, batch, engine, optimizer, batchSize: 100, epochs: 10 });
const { kind, nats } = await evaluate(model, data.test, { key, batch, engine });

const file = await modelBytes(model);
const loaded = await loadModel<typeof model>(file, { packages: [flows] });
const again = await evaluate(loaded.model, data.test, { key, batch, engine });
const context = tf.tidy(() => oneHot(tf.fill([500], 1), { depth: 2 }));
const lowerMoon = loaded.model.sample(key, 500, { context });
const [x, y] = tf.tidy(() => tf.mean(lowerMoon, 0).dataSync());

console.log(`${kind}: ${nats.toFixed(2)} nats per point, ${again.nats.toFixed(2)} from the file`);
console.log(`the draws of the lower moon lie there: ${Math.hypot(x! - 1, y! + 0.14) < 0.25}`);
tf.dispose([context, lowerMoon]);
model.dispose();
loaded.model.dispose();
