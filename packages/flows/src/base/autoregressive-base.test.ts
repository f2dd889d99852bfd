import { Key, normalHead } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import '@dgm/testing';
import { expect, test } from 'vitest';
import { autoregressiveBase } from '../index';

const DEVIATION = 1e-3;

/** Of the elements (x, y, z) z has the mean 3, y that of z + 1, and x what is given. */
test.each([
  ['one after another', [2, 1, 0], ([, y]: Tensor[]) => tf.mul(10, y!)],
  ['two at once', [1, 1, 0], ([, , z]: Tensor[]) => tf.mul(10, z!)],
] as const)('groups are drawn given those before them, %s', (_, groups, meanOfX) => {
  const means = (rows: Tensor): Tensor[] => {
    const elements = tf.split(rows, 3, 1);
    return [meanOfX(elements), tf.add(elements[2]!, 1), tf.fill([rows.shape[0]!, 1], 3)];
  };
  const logVariance = (mean: Tensor) => tf.fill(mean.shape, 2 * Math.log(DEVIATION));
  const network = {
    apply: (rows: Tensor) =>
      tf.concat(
        means(rows).flatMap((mean) => [mean, logVariance(mean)]),
        1,
      ),
    parameters: () => new Map(),
    dispose: () => undefined,
  };
  const base = autoregressiveBase({ groups, head: normalHead({ shape: [1] }), network });
  const draws = base.given().sample(Key.of(0), [4, 5]);
  expect(draws.shape).toEqual([4, 5, 3]);
  const rows = tf.reshape(draws, [20, 3]);
  const noise = [...tf.div(tf.sub(rows, tf.concat(means(rows), 1)), DEVIATION).dataSync()];
  expect(new Set(noise).size).toBeGreaterThan(50);
  expect(Math.max(...noise.map(Math.abs))).toBeLessThan(5);
  const variance = noise.reduce((sum, value) => sum + value ** 2, 0) / noise.length;
  expect(variance).toBeGreaterThan(0.5);
  expect(variance).toBeLessThan(2);
});
