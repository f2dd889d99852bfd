import { adamax, categoricalHead, conditional, evaluate, fit, normalHead, Key, mlp, setup } from '@dgm/core';
import { glyphs, toTensor } from '@dgm/data';
import { aggregatedPosterior, dataPseudoInputs, vampPrior } from '@dgm/priors';
import { vae } from '@dgm/vae';
import * as tf from '@tensorflow/tfjs-core';

await setup();
const key = Key.of(0);
const data = glyphs(); // 8x8 images of integers 0..16
const encoder = mlp([64, 64, 2 * 2], { key: key.fold('encoder'), activation: 'leakyRelu' });
const posterior = normalHead({ shape: [2] }); // q(z|x)
const sharedEncoder = conditional(encoder, posterior);
const prior = vampPrior({
  encoder: sharedEncoder, // borrowed: the model below owns its weights
  pseudoInputs: dataPseudoInputs(data.train, { count: 16 }),
  key: key.fold('prior'),
});
const model = vae({
  encoder,
  posterior,
  prior,
  decoder: mlp([2, 64, 64 * 17], { key: key.fold('decoder'), activation: 'leakyRelu' }),
  likelihood: categoricalHead({ shape: [64], levels: 17 }),
});
await fit(model, data, { key, optimizer: adamax({ learningRate: 2e-3 }), batchSize: 64, epochs: 4 });
const { kind, nats } = await evaluate(model, data.test, { key });
console.log(kind, nats < 64 * Math.log(17)); // what independent uniform pixels would take

// The prior against the aggregated posterior, which no prior can beat.
const x = toTensor(data.test);
const [crossEntropy, entropy] = tf.tidy(() => {
  const q = aggregatedPosterior(sharedEncoder, x);
  const z = q.sample(key.fold('z'), [2000]);
  return [model.prior(), q].map((p) => -tf.mean(p.logProb(z)).dataSync()[0]!);
});
console.log(crossEntropy! > entropy!);

const images = prior.pseudoInputs(); // [16, 64], to look at
console.log(images.shape);
tf.dispose([x, images]);
model.dispose(); // frees the prior and the encoder too
