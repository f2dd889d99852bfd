import {
  adamax,
  bernoulliHead,
  evaluate,
  fit,
  Key,
  linearAnnealing,
  mlp,
  normalHead,
  setup,
} from '@dgm/core';
import { analyzeLatents, elboObjective, ppcaMaximumLikelihood, vae } from '@dgm/vae';

await setup();
const key = Key.of(0);
// 400 vectors of 12 bits: the first bit of each is a fair coin, and the others follow it nine times out of ten.
const coins = key.generator();
const values = Float32Array.from({ length: 400 * 12 }, () => 0);
for (let start = 0; start < values.length; start += 12) {
  const first = coins.uniform() < 0.5 ? 1 : 0;
  for (let bit = 0; bit < 12; bit++) values[start + bit] = coins.uniform() < 0.1 ? 1 - first : first;
}
const train = { count: 400, shape: [12], values };
const model = vae({
  encoder: mlp([12, 32, 2 * 2], { key: key.fold('encoder') }),
  decoder: mlp([2, 32, 12], { key: key.fold('decoder') }),
  posterior: normalHead({ shape: [2] }),
  likelihood: bernoulliHead({ shape: [12] }),
  // The regularizer rises over 200 steps, and each latent variable holds a tenth of a nat for free.
  objective: elboObjective({
    weight: linearAnnealing({ steps: 200 }),
    freeBits: { nats: 0.1, groups: 'single' },
  }),
});
await fit(model, { train }, { key, optimizer: adamax({ learningRate: 1e-2 }), batchSize: 50, epochs: 60 });

const { mutualInformation, activeUnits, warning } = await analyzeLatents(model, train, { key });
console.log(mutualInformation > 0.5, activeUnits > 0, warning === undefined); // ln 2 = 0.69 nats tell the coin

// The linear model, whose likelihood and posterior are exact.
const linear = ppcaMaximumLikelihood(train, { latent: 1 });
console.log((await evaluate(linear, train, { key })).kind);
linear.dispose();
model.dispose();
