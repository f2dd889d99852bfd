import { gatedPixelCnn } from '@dgm/arm';
import { categoricalHead, conditional, Dense, normalHead, Key, mlp, modelHead, setup } from '@dgm/core';
import { glyphs, toTensor } from '@dgm/data';
import { sylvesterFlow } from '@dgm/flows';
import { HypersphericalUniform, vae, vonMisesFisher } from '@dgm/vae';
import * as tf from '@tensorflow/tfjs-core';

await setup();
const key = Key.of(0);
const x = tf.tidy(() => tf.slice(toTensor(glyphs().test), 0, 16));
const pixels = categoricalHead({ shape: [64], levels: 17 });

// A latent space that is a sphere in ten dimensions, with a KL in closed form.
const onTheSphere = vae({
  encoder: mlp([64, 64, 11], { key: key.fold('encoder') }), // a direction and a concentration
  decoder: mlp([10, 64, pixels.numParameters], { key: key.fold('decoder') }),
  posterior: vonMisesFisher({ shape: [10] }),
  prior: new HypersphericalUniform(10),
  likelihood: pixels,
});

// A flow as the posterior: the encoder puts out its context, from which its start and its layers follow.
const base = conditional(
  new Dense({ inputs: 32, outputs: 2 * 8, key: key.fold('base') }),
  normalHead({ shape: [8] }),
);
const flow = sylvesterFlow({ dims: 8, contextSize: 32, layers: 2, base, key: key.fold('flow') });
// An autoregressive model as the decoder: z becomes its context.
const picture = gatedPixelCnn({
  ...{ shape: [64], plane: [8, 8], hidden: 16, blocks: 1, contextSize: 24 },
  likelihood: categoricalHead({ shape: [], levels: 17 }),
  key: key.fold('pixels'),
});
const flexible = vae({
  encoder: mlp([64, 64, 32], { key: key.fold('flow encoder') }),
  decoder: mlp([8, 24], { key: key.fold('pixel decoder') }),
  posterior: modelHead(flow, { contextSize: 32 }),
  likelihood: modelHead(picture, { contextSize: 24 }),
});

for (const model of [onTheSphere, flexible]) {
  const bound = model.elbo(x, key);
  console.log(bound.shape, model.latentShape);
  bound.dispose();
  model.dispose(); // frees the flow and the autoregressive model too
}
x.dispose();
