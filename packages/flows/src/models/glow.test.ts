import { Key, trainable } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import '@dgm/testing';
import { expect, test } from 'vitest';
import { moved } from '../../test/support/moved';
import { glow } from '../index';

const images = () => tf.tidy(() => tf.add(3, tf.mul(2, Key.of(1).normal([32, 4, 4, 1]))));

test('initialize starts activation normalization at every scale: latents come out standardized', () => {
  const model = glow({ shape: [4, 4, 1], key: Key.of(0), steps: 2, hidden: 4 });
  model.initialize(images());
  const flags = [...model.parameters()].filter(([path]) => path.endsWith('initialized'));
  expect(flags.map(([, flag]) => flag.dataSync()[0])).toEqual([1, 1, 1, 1]);
  expect(flags.some(([path]) => path.startsWith('base/kept/'))).toBe(true);
  // Couplings start as the identity and mixing as a permutation, so each channel of the latents is standardized.
  const { mean, variance } = tf.moments(tf.reshape(model.encode(images()), [-1, 4]), 0);
  expect([...mean.dataSync()]).toBeCloseToArray([0, 0, 0, 0], { absolute: 1e-4 });
  expect([...variance.dataSync()]).toBeCloseToArray([1, 1, 1, 1], { relative: 1e-3 });
  const before = [...trainable(model).values()].map((variable) => variable.dataSync());
  model.initialize(tf.mul(9, images()));
  [...trainable(model).values()].forEach((variable, index) =>
    expect(variable.dataSync()).toEqual(before[index]),
  );
  model.dispose();
});

test('images come back from their latents', () => {
  const model = moved(glow({ shape: [4, 4, 2], key: Key.of(0), steps: 2, hidden: 4 }), 0.1);
  const x = Key.of(2).normal([3, 4, 4, 2]);
  expect([...model.decode(model.encode(x)).dataSync()]).toBeCloseToArray([...x.dataSync()], {
    absolute: 1e-5,
  });
  expect(model.sample(Key.of(3), 2).shape).toEqual([2, 4, 4, 2]);
  model.dispose();
});

test('a shape that cannot be halved, and nothing to do, are refused', () => {
  const key = Key.of(0);
  expect(() => glow({ shape: [6, 6, 1], key })).toThrow('multiples of 4');
  expect(() => glow({ shape: [16], key })).toThrow('to be [height, width, channels]');
  expect(() => glow({ shape: [4, 4, 1], key, steps: 0 })).toThrow(
    'expected steps to be an integer of at least 1',
  );
});
