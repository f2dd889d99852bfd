import { expect, test } from 'vitest';
import { threadCurves } from './thread-curves';

const step = (engine: string, model: string, threads: number, median: number | null) => ({
  ...{ engine, model, threads, batch: 64 },
  msPerStep: median === null ? null : { median, min: median, windows: 3 },
});

test('a curve holds the geometric mean of the models that were measured with every number of threads', () => {
  const curves = threadCurves([
    ...[step('compiled', 'vae', 1, 8), step('compiled', 'vae', 2, 4), step('compiled', 'vae', 4, 1)],
    ...[step('compiled', 'made', 4, 2), step('compiled', 'made', 2, 2), step('compiled', 'made', 1, 2)],
    ...[step('compiled', 'glow', 1, 5), step('compiled', 'glow', 2, 3), step('compiled', 'glow', 4, null)],
  ]);
  expect(curves).toMatchObject([{ name: 'compiled, 2 models', x: { name: 'threads' } }]);
  const points = [
    [1, 1],
    [2, Math.SQRT1_2],
    [4, Math.sqrt(1 / 8)],
  ];
  curves[0]!.points.forEach(([threads, share], index) => {
    expect(threads).toBe(points[index]![0]);
    expect(share).toBeCloseTo(points[index]![1]!, 12);
  });
});

test('a program has no curve with one number of threads, or without a time on one thread', () => {
  expect(threadCurves([step('eager', 'vae', 1, 8)])).toEqual([]);
  expect(threadCurves([step('pytorch', 'vae', 2, 8), step('pytorch', 'vae', 4, 4)])).toEqual([]);
  expect(threadCurves([step('jax', 'vae', 1, 8), step('jax', 'made', 2, 4)])).toEqual([]);
});
