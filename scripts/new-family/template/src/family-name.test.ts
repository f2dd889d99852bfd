import { Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { FamilyName } from './family-name';

it('gives the entries of an example independent probabilities', () => {
  const model = new FamilyName({ shape: [2], values: 2, key: Key.of(0) });
  const events = tf.tensor2d([
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ]);
  const logProb = model.logProb(events);
  const [a, b, c, d] = logProb.dataSync();
  expect(a! + d!).toBeCloseTo(b! + c!, 5);
  tf.dispose([events, logProb]);
  model.dispose();
});
