import { categoricalHead, Key } from '@dgm/core';
import { convArm } from '@dgm/arm';
import { expect, test } from 'vitest';
import { compiledSampler, eagerSampler } from './sampler';

test('a compiled sampler of a model that samples in a loop draws what an eager one draws', async () => {
  const key = Key.of(0);
  const model = convArm({
    shape: [4],
    likelihood: categoricalHead({ shape: [], levels: 3 }),
    key,
    hidden: 4,
  });
  const samplers = [eagerSampler(model, 5), await compiledSampler(model, 5, { device: 'cpu' })];
  const drawn = await Promise.all(
    samplers.map(async (sampler) => {
      const x = await sampler.draw(Key.of(1));
      const values = [...x.dataSync()];
      x.dispose();
      sampler.dispose();
      return values;
    }),
  );
  expect(drawn[1]).toEqual(drawn[0]);
  model.dispose();
});
