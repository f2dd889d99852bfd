import { Key, Normal, setup } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';

await setup({ backend: 'cpu' });
const normal = new Normal(0, 1, { shape: [4] });
const x = normal.sample(Key.of(0));
const left = (run: () => void): number => {
  const before = tf.memory().numTensors;
  run();
  return tf.memory().numTensors - before;
};

// Bad: the log-density is nobody's after its sum is read, and so is the sum.
console.log(left(() => void tf.sum(normal.logProb(x)).dataSync()));

// Good: a tidy frees all that is made in it.
console.log(left(() => void tf.tidy(() => tf.sum(normal.logProb(x)).dataSync())));

x.dispose(); // what a function returns is the caller's, and this was one
