import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { Squeeze } from './reshape';

test('a square of pixels becomes the channels of one', () => {
  const squeeze = new Squeeze({ eventShape: [2, 4, 1] });
  const image = tf.tensor4d([0, 1, 2, 3, 4, 5, 6, 7], [1, 2, 4, 1]);
  const { z } = squeeze.inverseAndLogDet(image);
  expect(z.shape).toEqual([1, 1, 2, 4]);
  expect([...z.dataSync()]).toEqual([0, 1, 4, 5, 2, 3, 6, 7]);
});

test('an image that does not divide is refused', () => {
  expect(() => new Squeeze({ eventShape: [3, 4, 1] })).toThrow('multiples of 2');
});
