import { Key } from '@dgm/core';
import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { RandomShift } from '../src/index';

const key = Key.of(0);
const COPIES = 360;

/** One pixel of 1 in the middle of 5x5 pixels of 0, many times. */
const dots = () =>
  tf.tidy(() => tf.reshape(tf.oneHot(tf.fill([COPIES], 12, 'int32'), 25), [COPIES, 5, 5, 1]));

describe('RandomShift', () => {
  test('moves each image by itself, and to each place equally often', () => {
    const layer = new RandomShift({ reach: 1 });
    const x = dots();
    const moved = layer.apply(x, { training: true, key });
    const places = [...tf.tidy(() => tf.argMax(tf.reshape(moved, [COPIES, 25]), 1)).dataSync()];
    const expected = [6, 7, 8, 11, 12, 13, 16, 17, 18];
    expect(new Set(places)).toEqual(new Set(expected));
    for (const place of expected) {
      const times = places.filter((other) => other === place).length;
      expect(Math.abs(times - 40)).toBeLessThan(4 * Math.sqrt(40 * (8 / 9)));
    }
    expectNoLeaks(() => layer.apply(x, { training: true, key }).dispose(), 'apply');
    tf.dispose([x, moved]);
  });

  test('fills what comes into view, and keeps channels together', () => {
    const layer = new RandomShift({ reach: 2, fill: -1 });
    tf.tidy(() => {
      const x = tf.concat([tf.ones([50, 3, 3, 1]), tf.fill([50, 3, 3, 1], 2)], 3);
      const pixels = tf.reshape(layer.apply(x, { training: true, key }), [-1, 2]).arraySync() as number[][];
      const kinds = new Set(pixels.map((pixel) => pixel.join()));
      expect(kinds).toEqual(new Set(['1,2', '-1,-1']));
    });
  });

  test('is the identity outside of training, and repeatable in it', () => {
    const layer = new RandomShift({ reach: 1 });
    tf.tidy(() => {
      const x = dots();
      expect(layer.apply(x).dataSync()).toEqual(x.dataSync());
      const [once, again] = [0, 1].map(() => layer.apply(x, { training: true, key }).dataSync());
      expect(once).toEqual(again);
      expect(layer.apply(tf.zeros([0, 5, 5, 1]), { training: true, key }).shape).toEqual([0, 5, 5, 1]);
    });
  });

  test('has the gradient of the pixels that stay in view', () => {
    const layer = new RandomShift({ reach: 1 });
    tf.tidy(() => {
      const x = tf.ones([20, 2, 2, 1]);
      const sum = (y: tf.Tensor) => tf.sum<tf.Scalar>(layer.apply(y, { training: true, key }));
      const gradient = [...tf.grad(sum)(x).dataSync()];
      expect(gradient.every((value) => value === 0 || value === 1)).toBe(true);
      expect(gradient.reduce((a, b) => a + b)).toBeCloseTo(sum(x).dataSync()[0]!, 5);
    });
  });

  test('refuses wrong options, shapes, and training without a key', () => {
    expect(() => new RandomShift({ reach: -1 })).toThrow('reach');
    expect(() => new RandomShift({ reach: 1, fil: 2 } as never)).toThrow('did you mean "fill"');
    const layer = new RandomShift({ reach: 1 });
    tf.tidy(() => {
      expect(() => layer.apply(tf.zeros([2, 4]))).toThrow('[n, height, width, channels]');
      expect(() => layer.apply(tf.zeros([1, 2, 2, 1]), { training: true })).toThrow('call.key');
    });
  });
});
