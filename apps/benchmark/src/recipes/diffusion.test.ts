import { eager, Key } from '@dgm/core';
import { glyphs } from '@dgm/data';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { recipes } from './diffusion';

const images = glyphs({ train: 30, validation: 10, test: 12 });
const key = Key.of(0);

it('vdm-mlp measures the coverage of each sampler by its steps, without leaks', async () => {
  const { create } = recipes.find(({ name }) => name === 'vdm-mlp')!;
  const { model, measure } = await create({ dataset: images, key, quick: true });
  const before = tf.memory().numTensors;
  const { curves } = await measure!(images.test, { key, engine: eager() });
  expect(tf.memory().numTensors).toBe(before);
  expect(curves!.map(({ name }) => name.replace('samples of ', ''))).toEqual([
    ...['ancestral', 'ddim', 'dpmSolver', 'heun'],
  ]);
  for (const { points } of curves!) {
    expect(points.map(([steps]) => steps)).toEqual([2, 4]);
    for (const [, coverage] of points) {
      expect(coverage).toBeGreaterThanOrEqual(0);
      expect(coverage).toBeLessThanOrEqual(1);
    }
  }
  model.dispose();
});
