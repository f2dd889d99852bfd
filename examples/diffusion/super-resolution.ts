// Super-resolution by conditioning: 8x8 digits given means of 2x2 pixels. DGM_ENGINE=compiled trains it in ONNX Runtime.
import { auto } from '@dgm/compile';
import { adamW, eager, fit, gatherExamples, Key, setup } from '@dgm/core';
import type { ConditionedBatch, MakeBatch } from '@dgm/core';
import { glyphs } from '@dgm/data';
import { flowMatching, mlpDenoiser } from '@dgm/diffusion';
import * as tf from '@tensorflow/tfjs-core';

await setup();
const engine = process.env['DGM_ENGINE'] === 'compiled' ? auto() : eager();
const key = Key.of(0);
const data = glyphs({ train: 600, validation: 100, test: 100 }); // integers 0..16
const [shape, levels, contextSize] = [[64], 17, 16];

/** The small images of large ones, between 0 and 1: `[n, 64]` to `[n, 16]`. */
const shrink = (x: tf.Tensor): tf.Tensor =>
  tf.tidy(() => {
    const means = tf.avgPool(tf.reshape(x, [-1, 8, 8, 1]) as tf.Tensor4D, 2, 2, 'valid');
    return tf.div(tf.reshape(means, [-1, contextSize]), levels - 1);
  });
// The condition is a function of the example, so any images will do for training.
const batch: MakeBatch<ConditionedBatch> = (examples, rows) => {
  const x = gatherExamples(examples, rows);
  return { x, context: shrink(x) };
};

const model = flowMatching({
  ...{ shape, levels, contextSize, dequantization: 'beta' },
  network: mlpDenoiser({ shape, contextSize, features: 128, blocks: 2, key: key.fold('network') }),
});
const optimizer = adamW({ learningRate: 3e-3 });
await fit(model, data, { key, batch, engine, optimizer, batchSize: 50, epochs: 40, ema: { decay: 0.95 } });

// Large images for the small ones of 16 digits that it has not seen.
const unseen = gatherExamples(
  data.test,
  Int32Array.from({ length: 16 }, (_, row) => row),
);
const context = shrink(unseen);
const large = model.sample(key, 16, { context });
/** How far the small images of the draws are from some small images, on average, in levels. */
const distance = (to: tf.Tensor): number =>
  tf.tidy(() => tf.mul(levels - 1, tf.mean(tf.abs(tf.sub(shrink(large), to)))).dataSync()[0]!);
const others = tf.reverse(context, 0);
const [own, other] = [distance(context), distance(others)];
console.log(large.shape, own < 0.5 * other);
tf.dispose([unseen, context, large, others]);
model.dispose();
