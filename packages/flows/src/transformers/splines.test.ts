import { Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import '@dgm/testing';
import { describe, expect, test } from 'vitest';
import { linearSpline, rationalQuadraticSpline } from '../index';
import type { Transformer } from '../index';

const transformers: Record<string, Transformer> = {
  'rational-quadratic': rationalQuadraticSpline({ bins: 6 }),
  'rational-quadratic, free ends': rationalQuadraticSpline({ bins: 6, freeEnds: true }),
  linear: linearSpline({ bins: 6 }),
};
const points = [-1e30, -1e4, -4, -3.999, -0.1, 0, 1, 3.999, 4, 4.001, 1e4, 1e30];

describe.each(Object.entries(transformers))('%s spline', (_, spline) => {
  const parameters = (size: number, scale: number) =>
    tf.mul(scale, Key.of(0).normal([size, spline.numParameters]));

  test('is the identity at parameters of 0', () => {
    const x = tf.tensor1d([-5, -3.9, -1, 0.3, 2, 4.5]);
    const { y, logDet } = spline.forward(x, parameters(6, 0));
    expect([...y.dataSync()]).toBeCloseToArray([...x.dataSync()], { relative: 1e-5 });
    for (const slope of logDet.dataSync()) expect(slope).toBeCloseTo(0, 4);
  });

  test('is increasing, also with extreme parameters', () => {
    const x = tf.linspace(-4.5, 4.5, 400);
    const row = tf.mul(30, Key.of(1).normal([1, spline.numParameters]));
    const { z } = spline.inverse(x, tf.tile(row, [400, 1]));
    const values = [...z.dataSync()];
    for (let i = 1; i < 400; i++) expect(values[i]! - values[i - 1]!).toBeGreaterThanOrEqual(-2e-6);
  });

  test('keeps the interval to itself, whatever is rounded: a uniform base has no density beyond', () => {
    const rows = 8_000;
    const below = 4 - 2 ** -22; // the float32 before 4
    const many = parameters(rows, 2);
    for (const end of [-4, -below, below, 4]) {
      const x = tf.fill([rows], end);
      for (const image of [spline.inverse(x, many).z, spline.forward(x, many).y]) {
        const values = image.dataSync();
        expect([Math.min(...values) >= -4, Math.max(...values) <= 4]).toEqual([true, true]);
      }
    }
  });

  test('values and gradients are finite at the knots, outside of the interval, and far outside', () => {
    const x = tf.tensor1d(points);
    for (const scale of [1, 100]) {
      for (const way of ['forward', 'inverse'] as const) {
        const f = (input: tf.Tensor, p: tf.Tensor) => {
          const result = spline[way](input, p);
          return tf.add(tf.sum('y' in result ? result.y : result.z), tf.sum(result.logDet));
        };
        const [byX, byParameters] = tf.grads((input, p) => f(input!, p!))([x, parameters(12, scale)]);
        for (const gradient of [byX!, byParameters!]) {
          expect([...gradient.dataSync()].every(Number.isFinite)).toBe(true);
        }
      }
    }
  });
});

test.each([
  { smallestShare: undefined, even: 0.01 },
  { smallestShare: 0.3, even: 0.3 },
])(
  'a linear spline with a uniform base gives each bin the probability of its logit',
  ({ smallestShare, even }) => {
    const bounds = { bins: 3, minimum: 0, maximum: 3 };
    const spline = linearSpline(smallestShare === undefined ? bounds : { ...bounds, smallestShare });
    const logits = [0.2, -1, 1.5];
    const x = tf.tensor1d([0.4, 1.2, 2.9]);
    const { logDet } = spline.inverse(x, tf.tile(tf.tensor2d([logits]), [3, 1]));
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
    // p(x) = (1/3) dz/dx; a share is spread evenly, so that no slope is 0.
    logits.forEach((logit, bin) => {
      const expected = even / 3 + ((1 - even) * Math.exp(logit)) / total;
      expect(Math.exp(logDet.dataSync()[bin]!) / 3).toBeCloseTo(expected, 5);
    });
  },
);

test('an interval that is none is refused', () => {
  expect(() => rationalQuadraticSpline({ bins: 1 })).toThrow('bins to be an integer of at least 2');
  expect(() => linearSpline({ minimum: 2, maximum: 2 })).toThrow('maximum to be a number above');
  expect(() => linearSpline({ smallestShare: 1 })).toThrow('smallestShare to be a number in (0, 1)');
});
