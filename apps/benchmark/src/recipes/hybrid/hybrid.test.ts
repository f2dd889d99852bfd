import { eager, fit, Key } from '@dgm/core';
import { glyphs } from '@dgm/data';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { head } from '../../datasets/datasets';
import { loadPlane } from '../../datasets/planes';
import { recipes } from './index';

const images = glyphs({ train: 50, validation: 10, test: 12 });
const key = Key.of(0);

/** Without those that evaluate a model of images ten times for each of them. */
const cheap = recipes.filter(({ name }) => !['generative-classifier', 'diffusion-classifier'].includes(name));

describe.each(cheap.map((recipe) => [recipe.name, recipe] as const))('%s', (_, { accepts, create }) => {
  it('trains, and measures error, calibration and outliers without leaks', async () => {
    expect(accepts!(images)).toBe(true);
    const { model, training, measure } = await create({ dataset: images, key, quick: true });
    await fit(model, images, { ...training, key, epochs: 1 });
    const before = tf.memory().numTensors;
    const { metrics = {}, curves } = await measure!(images.test, { key, engine: eager() });
    expect(tf.memory().numTensors).toBe(before);
    expect(curves).toHaveLength(1);
    for (const name of ['error', 'error of 1-NN', 'AUROC, letters', 'AUROC of typicality, rotated']) {
      expect(metrics[name]!.value).toBeGreaterThanOrEqual(0);
    }
    for (const [name, { value }] of Object.entries(metrics)) {
      if (name.startsWith('AUROC')) expect(value).toBeLessThanOrEqual(1);
    }
    model.dispose();
  });

  it('takes no data without labels', () => {
    const { labels, ...train } = head(images.train, 10);
    expect(labels).toBeDefined();
    expect(accepts!({ ...images, train })).toBe(false);
    expect(accepts!(loadPlane('two-moons'))).toBe(false);
  });
});
