import { evaluate, fit, Key, setup, sgd } from '@dgm/core';
import { binarize, dataset, glyphs, toTensor } from '@dgm/data';
import { annealedImportanceSampling, bernoulliUnits, rbm } from '@dgm/ebm';

await setup();
const key = Key.of(0);
const { train, validation, test, levels } = glyphs(); // 8x8 images of integers 0..16
const bits = (examples: typeof train, part: string) =>
  binarize(examples, { key: key.fold(part), levels: levels! });
const data = dataset({
  name: 'ink',
  train: bits(train, 'train'),
  validation: bits(validation, 'validation'),
  test: bits(test, 'test'),
  levels: 2,
});

const model = rbm({
  visible: bernoulliUnits({ shape: [64] }),
  hidden: 12,
  key: key.fold('model'),
  examples: toTensor(data.train), // the visible biases start at their means
  steps: 5,
  chains: 100, // persistent contrastive divergence
});
const optimizer = sgd({ learningRate: 0.05, momentum: 0.5 });
await fit(model, data, { key, optimizer, batchSize: 50, epochs: 10 });

const { kind, nats } = await evaluate(model, data.test, { key }); // with ln Z by a sum over 2^12 states
console.log(kind, nats < 64 * Math.LN2);

// Larger machines need an estimate of ln Z. It comes with an interval.
const estimate = await annealedImportanceSampling(model.annealedPath(), { key, temperatures: 100 });
const { logPartition } = await model.partition(key);
console.log(estimate.kind, Math.abs(estimate.logPartition - logPartition) < 0.1);

console.log(model.sample(key, 4).shape);
model.dispose();
