import { adam, Key, ModelStep, setup } from '@dgm/core';
import { planeDataset, toTensor, twoMoons } from '@dgm/data';
import { realNvp } from '@dgm/flows';
import * as tf from '@tensorflow/tfjs-core';

await setup();
const key = Key.of(0);
const points = toTensor(planeDataset(twoMoons(), { key, train: 512 }).train);
const model = realNvp({ dims: 2, hidden: [32], key });
model.initialize(points);

const step = new ModelStep(model, { optimizer: adam({ learningRate: 1e-2 }) });
const [objective] = model.objectives();
const losses: number[] = [];
for (let index = 1; index <= 60; index++) {
  const loss = tf.tidy(() => {
    const batch = tf.gather(points, tf.tensor1d(key.fold(index).permutation(512).slice(0, 64), 'int32'));
    const terms = step.run({
      batch,
      key: key.fold(index),
      step: tf.scalar(index),
      learningRates: { [objective!.name]: tf.scalar(1e-2) },
    });
    return terms[`${objective!.name}/total`]!;
  });
  losses.push((await loss.data())[0]!);
  loss.dispose();
}
console.log(losses.at(-1)! < losses[0]! - 0.5);
step.dispose();
model.dispose();
points.dispose();
