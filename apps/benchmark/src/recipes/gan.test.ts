import { eager, fit, Key } from '@dgm/core';
import { glyphs } from '@dgm/data';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { head } from '../datasets/datasets';
import { loadPlane } from '../datasets/planes';
import { recipes } from './gan';

const images = glyphs();
const few = {
  ...images,
  train: head(images.train, 128),
  validation: head(images.validation, 16),
  test: head(images.test, 64),
};
const key = Key.of(0);

describe.each(recipes.map((recipe) => [recipe.name, recipe] as const))('%s', (_, { accepts, create }) => {
  it('trains on images, and measures its samples beside the training rows, without leaks', async () => {
    expect(accepts!(few)).toBe(true);
    const { model, training, measure } = await create({ dataset: few, key, quick: true, width: 8 });
    await fit(model, few, { ...training, key, epochs: 1, batchSize: 32 });
    const before = tf.memory().numTensors;
    const { metrics = {} } = await measure!(few.test, { key, engine: eager() });
    expect(tf.memory().numTensors).toBe(before);
    expect(Object.keys(metrics)).toContain('coverage of training rows');
    for (const { value } of Object.values(metrics)) expect(value).toEqual(expect.any(Number));
    // The training rows come from the same distribution as the test rows; an untrained model's samples do not.
    expect(metrics['coverage']!.value).toBeLessThan(metrics['coverage of training rows']!.value!);
    expect(metrics['MMD²']!.value).toBeGreaterThan(metrics['MMD² of training rows']!.value!);
    model.dispose();
  });

  it('draws real numbers for points of the plane', async () => {
    const dataset = loadPlane('two-moons');
    expect(accepts!(dataset)).toBe(true);
    const { model } = await create({ dataset, key, quick: true, width: 8 });
    expect(model.levels).toBeUndefined();
    expect(model.eventShape).toEqual([2]);
    model.dispose();
  });
});
