import { availableParallelism } from 'node:os';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { capture } from '../capture/capture';
import type { Graph } from '../graph/graph';
import { largestProduct, threadsFor } from './threads';

const graphOf = (f: (x: Tensor, y: Tensor) => Tensor, x: number[], y: number[]): Graph =>
  capture(({ tensors }) => ({ z: f(tensors['x']!, tensors['y']!) }), { x: { shape: x }, y: { shape: y } })
    .graph;

describe('largestProduct', () => {
  it.each([
    [false, false, [3, 5], [5, 7]],
    [true, false, [5, 3], [5, 7]],
    [false, true, [3, 5], [7, 5]],
  ])('counts the multiply-adds of a product, transposed %s and %s', (a, b, x, y) => {
    expect(largestProduct(graphOf((p, q) => tf.matMul(p, q, a, b), x, y))).toBe(3 * 5 * 7);
  });

  it('counts those of a batch of products', () => {
    expect(largestProduct(graphOf((p, q) => tf.matMul(p, q), [2, 3, 5], [2, 5, 7]))).toBe(2 * 3 * 5 * 7);
  });

  it('counts those of a convolution and of both of its gradients', () => {
    const [x, filter] = [
      [2, 8, 9, 3],
      [3, 3, 3, 4],
    ];
    const adds = 2 * (8 * 9 * 4) * (3 * 3 * 3);
    const convolve = (p: Tensor, q: Tensor) => tf.conv2d(p as tf.Tensor4D, q as tf.Tensor4D, 1, 'same');
    const gradients = tf.grads((p: Tensor, q: Tensor) => tf.sum(convolve(p, q)));
    expect(largestProduct(graphOf(convolve, x!, filter!))).toBe(adds);
    for (const index of [0, 1]) {
      expect(largestProduct(graphOf((p, q) => gradients([p, q])[index]!, x!, filter!))).toBe(adds);
    }
  });

  it('is 0 without a product', () => {
    expect(largestProduct(graphOf((p, q) => tf.add(p, q), [3], [3]))).toBe(0);
  });
});

describe('threadsFor', () => {
  it('takes one thread for small products and several, if there are, for large ones', () => {
    const square = (size: number) => graphOf((p, q) => tf.matMul(p, q), [size, size], [size, size]);
    expect(threadsFor(square(64))).toBe(1);
    expect(threadsFor(square(1024))).toBe(Math.min(availableParallelism(), 8));
  });
});
