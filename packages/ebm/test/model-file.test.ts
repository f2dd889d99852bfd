import { Key, mlp } from '@dgm/core';
import { checkModelFile } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { it } from 'vitest';
import { jointEnergyModel } from '../src/index';

it('a joint energy-based model is read back from a file to the bit', async () => {
  const key = Key.of(0);
  const network = mlp([2, 8, 3], { key, activation: 'swish' });
  const options = { shape: [2], range: [-1, 1] as const, bufferSize: 8, steps: 2 };
  const model = jointEnergyModel({ ...options, network, classes: 3, key });
  const x = tf.tensor2d([[0.2, -0.4]]);
  await checkModelFile(model, (each) => ({ energy: each.energy(x), sample: each.sample(Key.of(1), 2) }));
  x.dispose();
  model.dispose();
});
