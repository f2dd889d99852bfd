import { expect, it } from 'vitest';
import { sizedData } from './sized-data';

const rows = (shape: number[], size: number) => ({
  count: 2,
  shape,
  values: new Float32Array(2 * size),
  labels: Int32Array.of(0, 4),
});

it.each([
  ['flat images', [64], 17, [[64], [256], [784]]],
  [
    'images of colours',
    [32, 32, 3],
    256,
    [
      [8, 8, 3],
      [16, 16, 3],
      [28, 28, 3],
    ],
  ],
  ['tables', [7], undefined, [[8], [32], [128], [512]]],
])('makes up %s of several sizes', (_, shape, levels, shapes) => {
  const size = shape.reduce((product, each) => product * each, 1);
  const made = sizedData({ train: rows(shape, size), ...(levels !== undefined && { levels }) });
  expect(made.map(({ train }) => train.shape)).toEqual(shapes);
  for (const { train, levels: own } of made) {
    expect(own).toBe(levels);
    expect(new Set(train.labels)).toEqual(new Set([0, 1, 2, 3, 4]));
    expect(new Set(train.values).size).toBeGreaterThan(Math.min(levels ?? 1000, 1000) - 1);
  }
});
