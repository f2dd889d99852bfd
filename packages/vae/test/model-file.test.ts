import { categoricalHead, Key, mlp, normalHead } from '@dgm/core';
import { checkModelFile } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { it } from 'vitest';
import { conditionalVae } from '../src/index';

it('a conditional VAE is read back from a file to the bit', async () => {
  const likelihood = categoricalHead({ shape: [4], levels: 3 });
  const model = conditionalVae({
    contextSize: 2,
    encoder: mlp([6, 8, 4], { key: Key.of(0) }),
    decoder: mlp([4, 8, likelihood.numParameters], { key: Key.of(1) }),
    posterior: normalHead({ shape: [2] }),
    likelihood,
  });
  const [x, context] = [tf.tensor2d([[0, 1, 2, 1]]), tf.tensor2d([[1, 0]])];
  await checkModelFile(model, (each) => ({
    elbo: each.elbo({ x, context }, Key.of(2)),
    sample: each.sample(Key.of(1), 1, { context }),
  }));
  tf.dispose([x, context]);
  model.dispose();
});
