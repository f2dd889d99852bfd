import { expect, test } from 'vitest';
import { latentGrid } from './latent-grid';

test('holds each point of the Cartesian grid once', () => {
  const grid = latentGrid({ pointsPerAxis: 3 });
  expect(grid.arraySync()).toEqual(
    [-1, 0, 1].flatMap((first) => [-1, 0, 1].map((second) => [first, second])),
  );
  grid.dispose();
});

test('has any range and dimension', () => {
  const line = latentGrid({ pointsPerAxis: 3, dimensions: 1, range: [-10, 10] });
  expect(line.arraySync()).toEqual([[-10], [0], [10]]);
  const cube = latentGrid({ pointsPerAxis: 2, dimensions: 3, range: [0, 1] });
  expect((cube.arraySync() as number[][]).map((point) => point.join('')).join(' ')).toBe(
    '000 001 010 011 100 101 110 111',
  );
  line.dispose();
  cube.dispose();
});

test('refuses a single point per axis, and points that coincide', () => {
  expect(() => latentGrid({ pointsPerAxis: 1 })).toThrow(
    'expected pointsPerAxis to be an integer of at least 2, got 1',
  );
  expect(() => latentGrid({ pointsPerAxis: 4, dimensions: 0 })).toThrow('dimensions');
  expect(() => latentGrid({ pointsPerAxis: 4, range: [1, 1] })).toThrow(
    'expected range[1] to be a number above 1, got 1',
  );
  expect(() => latentGrid({ pointsPerAxis: 4, range: [NaN, 1] })).toThrow('range[0]');
});
