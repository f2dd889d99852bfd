import { adam, evaluate, fit, Key, setup } from '@dgm/core';
import { glyphs } from '@dgm/data';
import { familyName } from '@dgm/family-name';

await setup();
const key = Key.of(0);
const data = glyphs(); // 8x8 images of integers 0..16
const model = familyName({ shape: data.train.shape, values: data.levels!, key: key.fold('model') });
await fit(model, data, { key, optimizer: adam({ learningRate: 0.1 }), batchSize: 64, epochs: 5 });
const { kind, nats } = await evaluate(model, data.test, { key });
console.log(kind, nats < 64 * Math.log(17)); // better than a uniform distribution
model.dispose();
