import { adamW, evaluate, fit, Key, setup } from '@dgm/core';
import { glyphs } from '@dgm/data';
import { ddim, fourierEntries, gaussianDiffusion, learnedSchedule, mlpDenoiser } from '@dgm/diffusion';

await setup();
const key = Key.of(0);
const data = glyphs(); // 8x8 images of integers 0..16
const [shape, levels] = [[64], 17];
const network = mlpDenoiser({
  ...{ shape, outputs: levels, features: 64, key },
  entries: fourierEntries({ frequencies: [4] }), // tells neighbouring levels apart
});
const model = gaussianDiffusion({ shape, levels, network, schedule: learnedSchedule() });
const optimizer = adamW({ learningRate: 3e-3 });
await fit(model, data, { key, optimizer, batchSize: 64, epochs: 3, ema: { decay: 0.9 } });

const { kind, measure, nats } = await evaluate(model, data.test, { key, standardError: 1 });
console.log(kind, measure, nats < 64 * Math.log(17)); // better than a uniform distribution

const drawn = model.sample(key, 4, { sampler: ddim({ steps: 10 }) });
console.log(drawn.shape);
drawn.dispose();
model.dispose();
