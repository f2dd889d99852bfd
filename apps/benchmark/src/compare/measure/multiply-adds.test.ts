import { capture } from '@dgm/compile';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor4D } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { bytesOfResults, multiplyAdds } from './multiply-adds';

describe('multiplyAdds', () => {
  it('counts matrix products, whichever side is transposed, and each once', () => {
    const { graph } = capture(
      ({ tensors: { a, b } }) => {
        const product = tf.matMul(a!, b!); // [2, 3] [3, 5]
        const again = tf.matMul(product, a!, true, false); // [5, 2] [2, 3]
        return { sum: tf.add(tf.sum(product), tf.sum(again)), again };
      },
      { a: { shape: [2, 3] }, b: { shape: [3, 5] } },
    );
    expect(multiplyAdds(graph)).toBe(2 * 3 * 5 + 5 * 2 * 3);
  });

  it('counts convolutions', () => {
    const { graph } = capture(
      ({ tensors: { x, filter } }) => ({ y: tf.conv2d(x as Tensor4D, filter as Tensor4D, 1, 'same') }),
      { x: { shape: [2, 8, 8, 3] }, filter: { shape: [3, 3, 3, 5] } },
    );
    expect(multiplyAdds(graph)).toBe(2 * 8 * 8 * 5 * 3 * 3 * 3);
  });
});

it('the bytes of results are those of each node once, one for a bool', () => {
  const { graph } = capture(
    ({ tensors: { a } }) => {
      const product = tf.matMul(a!, a!, true); // [3, 3]
      return { same: tf.equal(product, 0), product };
    },
    { a: { shape: [2, 3] } },
  );
  expect(bytesOfResults(graph)).toBe(9 * 4 + 9);
});
