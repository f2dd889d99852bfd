// Diffusion of 8x8 digits given their class, with guidance and in-painting. DGM_ENGINE=compiled trains it in ONNX Runtime.
import { auto } from '@dgm/compile';
import { adamW, classContext, eager, evaluate, fit, Key } from '@dgm/core';
import { loadModel, modelBytes, oneHot, setup } from '@dgm/core';
import { glyphs } from '@dgm/data';
import * as diffusion from '@dgm/diffusion';
import * as tf from '@tensorflow/tfjs-core';

await setup();
const engine = process.env['DGM_ENGINE'] === 'compiled' ? auto() : eager();
const key = Key.of(0);
const data = glyphs({ train: 600, validation: 100, test: 100 }); // integers 0..16
const [shape, levels, contextSize] = [[64], 17, 10];
const batch = classContext({ classes: 10, dropout: 0.1 }); // a tenth without their class, for guidance

const model = diffusion.gaussianDiffusion({
  ...{ shape, levels, contextSize, schedule: diffusion.learnedSchedule() },
  network: diffusion.mlpDenoiser({
    ...{ shape, outputs: levels, contextSize, features: 64, key: key.fold('network') },
    entries: diffusion.fourierEntries({ frequencies: [4] }),
  }),
});
const optimizer = adamW({ learningRate: 3e-3 });
await fit(model, data, { key, batch, engine, optimizer, batchSize: 50, epochs: 6, ema: { decay: 0.95 } });
const options = { key, batch, engine };
const { kind, nats } = await evaluate(model, data.test, options);

const file = await modelBytes(model);
const loaded = await loadModel<typeof model>(file, { packages: [diffusion] });
const again = await evaluate(loaded.model, data.test, options);

const context = tf.tidy(() => oneHot(tf.fill([16], 7), { depth: 10 }));
const sampler = diffusion.ddim({ steps: 10 });
const sevens = loaded.model.sample(key, 16, { context, guidance: 2, sampler });
// The upper halves of those sevens with other lower halves.
const known = Array.from({ length: 64 }, (_, entry) => entry < 32);
const others = loaded.model.sample(key.fold('other'), 16, {
  context,
  given: { values: sevens, known },
  sampler,
});
const [before, after] = [sevens, others].map((x) => x.dataSync());
const areKept = after!.every((value, index) => !known[index % 64] || value === before![index]);

console.log(`${kind}: ${nats.toFixed(2)} nats per digit, ${again.nats.toFixed(2)} from the file`);
console.log(others.shape, areKept);
tf.dispose([context, sevens, others]);
model.dispose();
loaded.model.dispose();
