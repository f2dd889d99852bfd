import { Key } from '@dgm/core';
import { checkModelFile } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { it } from 'vitest';
import { realNvp } from '../src/index';

it('a conditional flow is read back from a file to the bit', async () => {
  const model = realNvp({ dims: 4, couplings: 2, hidden: [8], contextSize: 2, key: Key.of(0) });
  const [x, context] = [tf.tensor2d([[0, 1, -2, 1]]), tf.tensor2d([[0.5, -1]])];
  await checkModelFile(model, (each) => ({
    logProb: each.logProb({ x, context }),
    sample: each.sample(Key.of(1), 1, { context }),
  }));
  tf.dispose([x, context]);
  model.dispose();
});
