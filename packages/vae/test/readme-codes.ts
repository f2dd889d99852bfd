import { adam, categoricalHead, classContext, fit, hideLabels, Key, mlp, normalHead, setup } from '@dgm/core';
import { glyphs, toTensor } from '@dgm/data';
import { autoencoder, latentExamples, latentNorm, semiSupervisedVae, vqVae } from '@dgm/vae';
import * as tf from '@tensorflow/tfjs-core';

await setup();
const key = Key.of(0);
const data = glyphs();
const likelihood = categoricalHead({ shape: [64], levels: 17 });
const training = { key, optimizer: adam({ learningRate: 3e-3 }), batchSize: 64, epochs: 2 };

// Most labels are hidden: M2 learns a classifier from the rest, and densities from all.
const m2 = semiSupervisedVae({
  classes: 10,
  classifier: mlp([64, 64, 10], { key: key.fold('classifier') }),
  encoder: mlp([64 + 10, 64, 2 * 8], { key: key.fold('m2 encoder') }),
  decoder: mlp([8 + 10, 64, 64 * 17], { key: key.fold('m2 decoder') }),
  posterior: normalHead({ shape: [8] }),
  likelihood,
});
const few = hideLabels(data.train, { labelled: 100, key });
const batch = classContext({ classes: 10, unknown: 'zeros' });
await fit(m2, { train: few }, { ...training, batch });
const logits = tf.tidy(() => m2.classify(toTensor(data.test)));

// Four codes of a book of 32 for each image, which are examples for a second model.
const vq = vqVae({
  encoder: mlp([64, 64, 4 * 8], { key: key.fold('vq encoder') }),
  decoder: mlp([4 * 8, 64, 64 * 17], { key: key.fold('vq decoder') }),
  likelihood,
  codebook: { positions: 4, codes: 32, dims: 8 },
  key,
});
await fit(vq, data, training);
const codes = await latentExamples(vq, data.train);

// No posterior and no bound: a vector for each image, and a penalty on its norm.
const plain = autoencoder({
  encoder: mlp([64, 64, 8], { key: key.fold('encoder') }),
  decoder: mlp([8, 64, 64 * 17], { key: key.fold('decoder') }),
  likelihood,
  latents: 8,
  penalty: latentNorm(),
});
await fit(plain, data, training);
console.log(logits.shape[1], codes.shape, plain.likelihoodKind);
logits.dispose();
[m2, vq, plain].forEach((model) => model.dispose());
