import { evaluate, fit, Key } from '@dgm/core';
import { glyphs, subset } from '@dgm/data';
import '@dgm/testing';
import { describe, expect, test } from 'vitest';
import { imageFlows } from './images';

const key = Key.of(0);

describe.each(imageFlows)('$name', ({ accepts, create }) => {
  const { train, validation, ...rest } = glyphs();
  const rows = (count: number) => Array.from({ length: count }, (_, row) => row);
  const dataset = { ...rest, train: subset(train, rows(128)), validation: subset(validation, rows(64)) };
  const withShape = (shape: readonly number[]) => ({ ...dataset, train: { ...dataset.train, shape } });

  test('is for images of integers that can be halved, flat or not', () => {
    for (const shape of [[64], [8, 8, 1], [28, 28, 1], [32, 32, 3]])
      expect(accepts!(withShape(shape))).toBe(true);
    for (const shape of [[60], [49], [7, 7, 1]]) expect(accepts!(withShape(shape))).toBe(false);
    const { name, sha256, test: held } = dataset;
    expect(accepts!({ name, sha256, train: dataset.train, validation: dataset.validation, test: held })).toBe(
      false,
    );
  });

  test('learns glyphs', async () => {
    const { model, training } = await create({ dataset, key, quick: true });
    const nats = async (): Promise<number> => (await evaluate(model, dataset.validation, { key })).nats;
    const before = await nats();
    await fit(model, dataset, { ...training, key, epochs: 8 });
    expect(await nats()).toBeLessThan(before - 1);
    model.dispose();
  });

  test('takes images as they are', async () => {
    const { model } = await create({ dataset: withShape([8, 8, 1]), key, quick: true });
    expect(model.sample(key, 2).shape).toEqual([2, 8, 8, 1]);
    model.dispose();
  });
});
