import { Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import '@dgm/testing';
import { describe, expect, test } from 'vitest';
import { moved } from '../../test/support/moved';
import { imageIdf, Reshape } from '../index';

const key = Key.of(0);
const exactly = (a: tf.Tensor, b: tf.Tensor) => expect([...a.dataSync()]).toEqual([...b.dataSync()]);

test('every image comes back, and no two meet', () => {
  const model = moved(imageIdf({ shape: [2, 2, 1], levels: 3, key, scales: 1, hidden: 4 }), 2);
  const digits = Array.from({ length: 81 }, (_, i) =>
    [27, 9, 3, 1].map((place) => Math.floor(i / place) % 3),
  );
  const x = tf.tensor4d(digits.flat(), [81, 2, 2, 1]);
  const z = model.encode(x);
  exactly(z, tf.round(z));
  exactly(model.decode(z), x);
  expect(new Set((tf.reshape(z, [81, 4]).arraySync() as number[][]).map(String)).size).toBe(81);
  // The couplings do something.
  const steps = tf.abs(tf.sub(tf.reshape(z, [81, 4]), tf.reverse(tf.reshape(x, [81, 4]), -1)));
  expect(tf.max(steps).dataSync()[0]).toBeGreaterThan(1);
  model.dispose();
});

describe.each([2, 3, 4])('couplings of %i parts at two scales', (parts) => {
  const make = (size: number) =>
    moved(imageIdf({ shape: [4, 8, 2], levels: 17, key, parts, hidden: 5, steps: 2 }), size);

  test('bring images back, also those far outside of the range', () => {
    const model = make(1);
    const near = tf.floor(Key.of(1).uniform([50, 4, 8, 2], { max: 17 }));
    const far = tf.floor(Key.of(2).uniform([50, 4, 8, 2], { min: -1e4, max: 1e4 }));
    for (const x of [near, far]) exactly(model.decode(model.encode(x)), x);
    model.dispose();
  });

  test('draw integers', () => {
    const model = make(0.2);
    const x = model.sample(Key.of(3), 6);
    expect(x.shape).toEqual([6, 4, 8, 2]);
    exactly(x, tf.round(x));
    expect(model.logProb(x).dataSync().every(Number.isFinite)).toBe(true);
    model.dispose();
  });
});

test('all couplings start as the identity', () => {
  const model = imageIdf({ shape: [2, 2, 1], levels: 3, key, scales: 1, steps: 2, hidden: 4 });
  exactly(model.encode(tf.tensor4d([0, 1, 2, 1], [1, 2, 2, 1])), tf.tensor1d([0, 1, 2, 1]));
  model.dispose();
});

test('vectors are images behind a Reshape', () => {
  const vectors = new Reshape({ latentShape: [2, 2, 1], eventShape: [4] });
  const model = imageIdf({ shape: [2, 2, 1], levels: 3, key, scales: 1, preprocessing: vectors, hidden: 4 });
  expect([model.eventShape, model.sample(key, 3).shape]).toEqual([[4], [3, 4]]);
  expect(model.logProb(tf.zeros([3, 4])).shape).toEqual([3]);
  model.dispose();
});

test('what cannot be made is refused', () => {
  const options = { shape: [4, 4, 1], levels: 3, key };
  expect(() => imageIdf({ ...options, shape: [16] })).toThrow('to be [height, width, channels]');
  expect(() => imageIdf({ ...options, scales: 3 })).toThrow('multiples of 8');
  expect(() => imageIdf({ ...options, scales: 0 })).toThrow('scales to be an integer of at least 1');
  expect(() => imageIdf({ ...options, parts: 5 })).toThrow('parts to be an integer from 2 to 4');
  expect(() => imageIdf({ ...options, steps: -1 })).toThrow('steps to be an integer of at least 0');
});
