import { countParameters, Key } from '@dgm/core';
import type { Dataset, LikelihoodModel } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { recipes } from './arm';

function datasetOf(shape: readonly number[], levels: number): Dataset {
  const size = shape.reduce((product, each) => product * each, 1);
  const generator = Key.of(0).generator();
  const values = Uint8Array.from({ length: 2 * size }, () => generator.below(levels));
  const examples = { count: 2, shape, values };
  return { name: 'made', train: examples, validation: examples, test: examples, levels, sha256: '' };
}

describe.each(recipes.map((entry) => [entry.name, entry] as const))('%s', (_, { accepts, create }) => {
  it.each([
    ['grey images that are flat', [16], 17],
    ['black and white', [4, 4, 1], 2],
    ['colour', [4, 4, 3], 256],
  ])('is made for %s', async (__, shape, levels) => {
    const dataset = datasetOf(shape, levels);
    expect(accepts!(dataset)).toBe(true);
    const { model } = await create({ dataset, key: Key.of(0), quick: true });
    const nats = tf.tidy(() => {
      const x = tf.tensor(Float32Array.from(dataset.train.values), [2, ...shape]);
      return [...(model as LikelihoodModel).logProb(x).dataSync()].map((value) => -value);
    });
    // Not far from a uniform distribution at the start.
    const uniform = dataset.train.values.length * 0.5 * Math.log(levels);
    for (const each of nats) expect(each / uniform).toBeGreaterThan(0.8);
    for (const each of nats) expect(each / uniform).toBeLessThan(1.6);
    model.dispose();
  });

  it('leaves alone what has no values to count, and what is too large', () => {
    const { name, train, validation, test, sha256 } = datasetOf([16], 17);
    expect(accepts!({ name, train, validation, test, sha256 })).toBe(false);
    expect(accepts!(datasetOf([40, 40], 2))).toBe(false);
  });
});

it.each([
  [2, 784 * 500 + 500 + 500 * 784 + 784],
  [17, 17 * 784 * 500 + 500 + 500 * 17 * 784 + 17 * 784],
])(
  'arm-made of 784 variables of %d values has the bits themselves or a feature for each value',
  async (levels, parameters) => {
    const { create } = recipes.find(({ name }) => name === 'arm-made')!;
    const { model } = await create({ dataset: datasetOf([784], levels), key: Key.of(0), quick: false });
    expect(countParameters(model)).toBe(parameters);
    model.dispose();
  },
);
