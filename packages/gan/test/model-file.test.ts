import { Key, mlp } from '@dgm/core';
import { checkModelFile } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { it } from 'vitest';
import { conditionalGan, cycleGan } from '../src/index';

it('a conditional GAN is read back from a file to the bit', async () => {
  const model = conditionalGan({
    ...{ latent: 2, contextSize: 1 },
    generator: mlp([3, 8, 3], { key: Key.of(0) }),
    critic: mlp([4, 8, 1], { key: Key.of(1), activation: 'softplus' }),
  });
  const context = tf.tensor2d([[0.5], [-1]]);
  await checkModelFile(model, (each) => ({ sample: each.sample(Key.of(1), 2, { context }) }));
  context.dispose();
  model.dispose();
});

it('a CycleGAN is read back from a file to the bit', async () => {
  const [generator, inverse] = [0, 1].map((seed) => mlp([2, 4, 2], { key: Key.of(seed) }));
  const [critic, sourceCritic] = [2, 3].map((seed) => mlp([2, 4, 1], { key: Key.of(seed) }));
  const networks = { generator: generator!, inverse: inverse!, critic: critic!, sourceCritic: sourceCritic! };
  const model = cycleGan({ contextSize: 2, ...networks });
  const context = tf.tensor2d([[0.5, -1]]);
  await checkModelFile(model, (each) => ({
    sample: each.sample(Key.of(1), 1, { context }),
    source: each.sourceOf(context),
  }));
  context.dispose();
  model.dispose();
});
