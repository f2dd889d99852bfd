import { categoricalHead, Key } from '@dgm/core';
import { convArm } from '@dgm/arm';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test, vi } from 'vitest';
import { compiledSampler, eagerSampler, type Sampler } from './sampler';

const makeModel = () =>
  convArm({ shape: [4], likelihood: categoricalHead({ shape: [], levels: 3 }), key: Key.of(0), hidden: 4 });

/** What a sampler draws. */
async function drawn(sampler: Sampler): Promise<number[]> {
  const x = await sampler.draw(Key.of(1));
  const values = [...x.dataSync()];
  x.dispose();
  sampler.dispose();
  return values;
}

test('a compiled sampler of a model that samples in a loop draws what an eager one draws', async () => {
  const model = makeModel();
  const compiled = await compiledSampler({ model }, 5, { device: 'cpu' });
  expect(await drawn(compiled)).toEqual(await drawn(eagerSampler({ model }, 5)));
  model.dispose();
});

test('samplers draw as the experiment says, where it says how', async () => {
  const model = makeModel();
  const sample = (key: Key, n: number) => tf.add(10, key.normal([n, 4]));
  const expected = [...tf.tidy(() => sample(Key.of(1), 5).dataSync())];
  const compiled = await compiledSampler({ model, sample }, 5, { device: 'cpu' });
  expect(await drawn(eagerSampler({ model, sample }, 5))).toEqual(expected);
  expect(await drawn(compiled)).toEqual(expected);
  model.dispose();
});

test('one line says why samples are drawn op by op', async () => {
  const warn = vi.spyOn(console, 'warn').mockReturnValue();
  const model = makeModel();
  const sample = (key: Key, n: number) => tf.tensor(key.normal([n]).arraySync() as number[]);
  const sampler = await compiledSampler({ model, sample }, 5, { device: 'cpu' });
  expect(warn.mock.calls).toEqual([[expect.stringMatching(/^Sampling runs eagerly\. [^\n]+$/)]]);
  const expected = tf.tidy(() => [...sample(Key.of(1), 5).dataSync()]);
  expect(await drawn(sampler)).toEqual(expected);
  warn.mockRestore();
  model.dispose();
});
