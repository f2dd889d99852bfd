import {
  adam,
  categoricalHead,
  classContext,
  evaluate,
  fit,
  Key,
  mlp,
  normalHead,
  oneHot,
  setup,
} from '@dgm/core';
import { glyphs } from '@dgm/data';
import { conditionalVae } from '@dgm/vae';
import * as tf from '@tensorflow/tfjs-core';

await setup();
const key = Key.of(0);
const model = conditionalVae({
  contextSize: 10, // the class, one-hot, beside x and beside z
  encoder: mlp([64 + 10, 64, 2 * 8], { key: key.fold('encoder') }),
  decoder: mlp([8 + 10, 64, 64 * 17], { key: key.fold('decoder') }),
  posterior: normalHead({ shape: [8] }),
  likelihood: categoricalHead({ shape: [64], levels: 17 }),
});
const training = { key, optimizer: adam({ learningRate: 3e-3 }), batchSize: 64, epochs: 4 };
const data = glyphs();
const batch = classContext({ classes: 10 });
await fit(model, data, { ...training, batch });
const { kind } = await evaluate(model, data.test, { key, batch });

const context = oneHot(tf.fill([16], 7), { depth: 10 });
const sevens = model.sample(key, 16, { context });
console.log(kind, sevens.shape);
tf.dispose([context, sevens]);
model.dispose();
