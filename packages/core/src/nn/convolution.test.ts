import { describeOps, evaluate, type Numbers } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { Key } from '../random/key';
import { convolve, convolveTransposed, type ConvolutionGeometry } from './convolution';

function numbers(shape: readonly number[], seed: number): Numbers {
  const tensor = Key.of(seed).normal(shape);
  const values = tensor.arraySync() as Numbers;
  tensor.dispose();
  return values;
}

const plain: ConvolutionGeometry = {
  strides: [1, 1],
  dilations: [1, 1],
  padding: [
    [1, 0],
    [0, 1],
  ],
};
const strided: ConvolutionGeometry = { ...plain, strides: [2, 1] };
const dilated: ConvolutionGeometry = { ...plain, dilations: [1, 2] };

/** Gradients of a bilinear map are linear: differences are exact for any step, and a long one drowns the rounding. */
const EXACT = 0.5;

// tfjs has no second-order gradient by the kernel, and none at all with dilation. Their axes are named from the first; the layer
// tables try them on a batch of no images.
describeOps({
  convolve: () => ({
    f: (x, kernel) => convolve(x!, kernel!, plain),
    step: EXACT,
    batched: false,
    points: [numbers([1, 2, 2, 2], 1), numbers([2, 2, 2, 1], 2)],
  }),
  'convolve (stride, rows left over)': () => ({
    f: (x, kernel) => convolve(x!, kernel!, strided),
    step: EXACT,
    batched: false,
    points: [numbers([1, 4, 2, 1], 3), numbers([2, 2, 1, 1], 4)],
  }),
  'convolve (dilation)': () => ({
    f: (x, kernel) => convolve(x!, kernel!, dilated),
    step: EXACT,
    batched: false,
    points: [numbers([1, 2, 4, 1], 5), numbers([2, 2, 1, 1], 6)],
  }),
  convolveTransposed: () => ({
    f: (y, kernel) => convolveTransposed(y!, kernel!, plain, [2, 2]),
    step: EXACT,
    batched: false,
    points: [numbers([1, 2, 2, 1], 7), numbers([2, 2, 2, 1], 8)],
  }),
  'convolveTransposed (stride)': () => ({
    f: (y, kernel) => convolveTransposed(y!, kernel!, strided, [4, 2]),
    step: EXACT,
    batched: false,
    points: [numbers([1, 2, 2, 1], 9), numbers([2, 2, 1, 1], 10)],
  }),
  'convolveTransposed (dilation)': () => ({
    f: (y, kernel) => convolveTransposed(y!, kernel!, dilated, [2, 4]),
    step: EXACT,
    batched: false,
    points: [numbers([1, 2, 3, 1], 11), numbers([2, 2, 1, 1], 12)],
  }),
});

describe('convolve', () => {
  it('is what tf.conv2d is', () => {
    const f = (x: tf.Tensor, k: tf.Tensor): tf.Tensor =>
      tf.sub(convolve(x, k, plain), tf.conv2d(tf.pad(x as tf.Tensor4D, [[0, 0], [1, 0], [0, 1], [0, 0]]), k as tf.Tensor4D, 1, 'valid')); // prettier-ignore
    const difference = evaluate((x, k) => f(x!, k!), [numbers([2, 4, 5, 3], 1), numbers([2, 2, 3, 2], 2)]);
    expect(Math.max(...difference.map(Math.abs))).toBeLessThan(1e-5);
  });

  it('computes no gradient that nobody asked for', async () => {
    const [x, k] = [Key.of(1).normal([1, 3, 3, 1]), Key.of(2).normal([2, 2, 1, 1])];
    const count = async (wanted: 'x' | 'k' | 'both'): Promise<number> => {
      const profile = await tf.profile(() => {
        const f = (x: tf.Tensor, k: tf.Tensor): tf.Tensor => tf.sum(convolve(x, k, plain));
        if (wanted === 'x') return tf.grad((x) => f(x, k))(x);
        return wanted === 'k' ? tf.grad((k) => f(x, k))(k) : tf.grads(f)([x, k]);
      });
      tf.dispose(profile.result);
      return profile.kernels.filter(({ name }) => name.startsWith('Conv2D')).length;
    };
    expect([await count('x'), await count('k'), await count('both')]).toEqual([2, 2, 3]);
    tf.dispose([x, k]);
  });
});
