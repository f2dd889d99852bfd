import { adam, categoricalHead, evaluate, fit, Key, mlp, setup } from '@dgm/core';
import { glyphs } from '@dgm/data';
import { topDownVae } from '@dgm/vae';
import * as tf from '@tensorflow/tfjs-core';

await setup();
const key = Key.of(0);
const data = glyphs();
const net = (name: string, ...sizes: number[]) => mlp(sizes, { key: key.fold(name), activation: 'swish' });
const model = topDownVae({
  levels: [
    // z1: q(z1|z2, x) is p(z1|z2), moved by what r1 = f1(x) says.
    {
      latent: 8,
      bottomUp: net('f1', 64, 64, 64),
      evidence: net('delta1', 64, 2 * 8),
      prior: net('p1', 4, 64, 2 * 8),
    },
    // z2: q(z2|x) out of r2 = f2(r1).
    { latent: 4, bottomUp: net('f2', 64, 64), evidence: net('delta2', 64, 2 * 4) },
  ],
  decoder: net('x', 8, 64, 64 * 17),
  likelihood: categoricalHead({ shape: [64], levels: 17 }),
});
await fit(model, data, { key, optimizer: adam({ learningRate: 2e-3 }), batchSize: 64, epochs: 3 });

const bound = await evaluate(model, data.test, { key });
const tighter = await evaluate(model, data.test, { key, importanceSamples: 20 });
console.log(bound.kind, tighter.nats < bound.nats);

const alike = model.sampleVariations(key, 16, { shared: 1 }); // 16 images of one z2, [16, 64]
const drawn = model.sample(key, 16);
console.log(alike.shape, drawn.shape);
tf.dispose([alike, drawn]);
model.dispose();
