import { evaluate, fit, Key } from '@dgm/core';
import { planeDataset, twoMoons } from '@dgm/data';
import '@dgm/testing';
import { describe, expect, test } from 'vitest';
import { benchmarksOfReals } from './benchmark-of-reals';

const key = Key.of(0);

describe.each(benchmarksOfReals)('$name', ({ accepts, create }) => {
  const dataset = planeDataset(twoMoons(), { key, train: 200, validation: 100, test: 10 });

  test('is for vectors of real numbers', () => {
    expect(accepts!(dataset)).toBe(true);
    expect(accepts!({ ...dataset, levels: 17 })).toBe(false);
    expect(accepts!({ ...dataset, train: { ...dataset.train, shape: [2, 1] } })).toBe(false);
  });

  test('learns the moons', async () => {
    const { model, training } = await create({ dataset, key, quick: true });
    const nats = async (): Promise<number> => (await evaluate(model, dataset.validation, { key })).nats;
    const before = await nats();
    await fit(model, dataset, { ...training, key, epochs: 12 });
    expect(await nats()).toBeLessThan(before - 0.02);
    model.dispose();
  });
});
