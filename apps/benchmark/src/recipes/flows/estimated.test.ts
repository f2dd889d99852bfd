import { evaluate, fit, Key } from '@dgm/core';
import { glyphs, planeDataset, subset, twoMoons } from '@dgm/data';
import '@dgm/testing';
import { describe, expect, test } from 'vitest';
import { estimatedFlows } from './estimated';

const key = Key.of(0);

describe.each(estimatedFlows)('$name', ({ accepts, create }) => {
  const dataset = planeDataset(twoMoons(), { key, train: 200, validation: 100, test: 10 });

  test('is for vectors of real numbers', () => {
    expect(accepts!(dataset)).toBe(true);
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

describe.each(estimatedFlows.filter(({ name }) => name !== 'dense-flow'))(
  '$name of integers',
  ({ accepts, create }) => {
    const { train, validation, ...rest } = glyphs();
    const rows = (count: number) => Array.from({ length: count }, (_, row) => row);
    const dataset = { ...rest, train: subset(train, rows(128)), validation: subset(validation, rows(10)) };

    test('is for vectors that are not long', () => {
      expect(accepts!(dataset)).toBe(true);
      expect(accepts!({ ...dataset, train: { ...dataset.train, shape: [784] } })).toBe(false);
      expect(accepts!({ ...dataset, train: { ...dataset.train, shape: [8, 8, 1] } })).toBe(false);
    });

    // Roots of a series take long where several suites share a core.
    test('learns glyphs, validated by an estimate', { timeout: 120_000 }, async () => {
      const { model, training } = await create({ dataset, key, quick: true });
      const { curve } = await fit(model, dataset, { ...training, key, epochs: 5 });
      expect(curve.at(-1)!.validation!).toBeLessThan(curve[0]!.validation!);
      // The estimate is one of what is reported.
      const { nats } = await evaluate(model, dataset.validation, { key, numSamples: 4 });
      expect(Math.abs(nats - curve.at(-1)!.validation!)).toBeLessThan(5);
      model.dispose();
    });
  },
);
