import { eager, Key } from '@dgm/core';
import { glyphs } from '@dgm/data';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { recipes } from './diffusion';

const images = glyphs({ train: 30, validation: 10, test: 12 });
const key = Key.of(0);

it.each([
  ['vdm-mlp', ['ancestral', 'ddim', 'dpmSolver', 'heun'], [2, 4]],
  ['flow-matching', ['Euler', 'midpoint'], [2, 4]],
  ['mean-flow', ['a mean flow'], [1, 2]],
])('%s measures the coverage of each sampler by its steps, without leaks', async (recipe, names, numbers) => {
  const { create } = recipes.find(({ name }) => name === recipe)!;
  const { model, measure } = await create({ dataset: images, key, quick: true });
  const before = tf.memory().numTensors;
  const { curves } = await measure!(images.test, { key, engine: eager() });
  expect(tf.memory().numTensors).toBe(before);
  expect(curves!.map(({ name }) => name.replace('samples of ', ''))).toEqual(names);
  for (const { points } of curves!) {
    expect(points.map(([steps]) => steps)).toEqual(numbers);
    for (const [, coverage] of points) {
      expect(coverage).toBeGreaterThanOrEqual(0);
      expect(coverage).toBeLessThanOrEqual(1);
    }
  }
  model.dispose();
});
