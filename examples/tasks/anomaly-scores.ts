// How unusual is a row of a table? A flow gives each row its density; rows with broken columns are found by it.
import { adam, auroc, evaluate, fit, Key, setup } from '@dgm/core';
import { tableDataset } from '@dgm/data';
import { neuralSplineFlow } from '@dgm/flows';
import * as tf from '@tensorflow/tfjs-core';

await setup();
const key = Key.of(0);

// Three columns: a quantity, its square with noise, and a price that depends on both.
const rows = (count: number, key: Key) => {
  const noise = tf.tidy(() => key.normal([count, 3]).dataSync());
  const values = Float32Array.from({ length: 3 * count }, (_, index) => {
    const [a, b, c] = noise.subarray(3 * Math.floor(index / 3));
    const square = a! ** 2 + 0.1 * b!;
    return [a!, square, 20 + 3 * a! - square + 0.1 * c!][index % 3]!;
  });
  return { count, shape: [3], values };
};
const { train, validation, test } = tableDataset(rows(1500, key.fold('table')));

const model = neuralSplineFlow({ dims: 3, layers: 4, hidden: [32], key: key.fold('model') });
const optimizer = adam({ learningRate: 5e-3 });
await fit(model, { train, validation }, { key, optimizer, batchSize: 100, epochs: 8 });
const { kind, nats } = await evaluate(model, test, { key });

// In a broken row, the third column belongs to another row. Each column alone looks as usual.
const broken = test.values.map((value, index) =>
  index % 3 === 2 ? test.values[(index + 3) % test.values.length]! : value,
);
const scores = (values: ArrayLike<number>) =>
  tf.tidy(() => tf.neg(model.logProb(tf.tensor2d(Float32Array.from(values), [test.count, 3]))).dataSync());
console.log(kind, nats < 2, auroc(scores(broken), scores(test.values)) > 0.9);
model.dispose();
