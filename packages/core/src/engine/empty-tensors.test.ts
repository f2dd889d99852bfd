import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { suiteBackend } from '../../test/support/suite-backend';
import { setup } from './setup';

const empty = (...shape: number[]): Tensor => tf.tensor([], shape, 'float32');
const images = (): Tensor4D => empty(0, 6, 6, 3) as Tensor4D;
const whole = (...numbers: number[]): Tensor1D => tf.tensor1d(numbers, 'int32');

/** A case: what is computed, the shape of each result, and its numbers where it is not empty (NumPy's). */
type Case = readonly [
  name: string,
  compute: () => Tensor | Tensor[],
  shapes: number[][],
  numbers?: number[] | undefined,
];

const cases: readonly Case[] = [
  ['add [0]', () => tf.add(empty(0), tf.ones([1])), [[0]]],
  ['add [0, 4] and [4]', () => tf.add(empty(0, 4), tf.ones([4])), [[0, 4]]],
  ['add [3, 1] and [0]', () => tf.add(tf.ones([3, 1]), empty(0)), [[3, 0]]],
  ['maximum', () => tf.maximum(empty(0), tf.scalar(1)), [[0]]],
  ['greater', () => tf.greater(empty(0), 0), [[0]]],
  ['where', () => tf.where(tf.greater(empty(0), 0), empty(0), tf.scalar(1)), [[0]]],
  ['exp', () => tf.exp(empty(0, 4)), [[0, 4]]],
  ['cast', () => tf.cast(empty(0), 'int32'), [[0]]],
  ['cumsum', () => tf.cumsum(empty(0, 4), 1), [[0, 4]]],
  ['addN', () => tf.addN([empty(0), empty(0)]), [[0]]],
  ['softmax', () => tf.softmax(empty(0, 4)), [[0, 4]]],
  ['logSoftmax', () => tf.logSoftmax(empty(0, 4)), [[0, 4]]],
  ['sum of rows', () => tf.sum(empty(0, 4), 1), [[0]]],
  ['sum of columns', () => tf.sum(empty(0, 4), 0), [[4]], [0, 0, 0, 0]],
  ['sum of everything', () => tf.sum(empty(0, 4)), [[]], [0]],
  ['sum, keeping axes', () => tf.sum(empty(2, 0), -1, true), [[2, 1]], [0, 0]],
  ['sum of integers', () => tf.sum(tf.tensor([], [2, 0], 'int32'), 1), [[2]], [0, 0]],
  ['prod', () => tf.prod(empty(2, 0), 1), [[2]], [1, 1]],
  ['mean', () => tf.mean(empty(2, 0), 1), [[2]], [NaN, NaN]],
  ['mean of rows', () => tf.mean(empty(0, 4), 1), [[0]]],
  ['max', () => tf.max(empty(2, 0), 1), [[2]], [-Infinity, -Infinity]],
  ['min', () => tf.min(empty(2, 0), 1), [[2]], [Infinity, Infinity]],
  ['max of rows', () => tf.max(empty(0, 4), 1), [[0]]],
  ['all', () => tf.all(tf.tensor([], [2, 0], 'bool'), 1), [[2]], [1, 1]],
  ['any', () => tf.any(tf.tensor([], [2, 0], 'bool'), 1), [[2]], [0, 0]],
  ['argMax of rows', () => tf.argMax(empty(0, 4), 1), [[0]]],
  ['topk', () => Object.values(tf.topk(empty(0, 4), 2)), [[0, 2], [0, 2]]], // prettier-ignore
  ['matMul of no rows', () => tf.matMul(empty(0, 4), tf.ones([4, 2])), [[0, 2]]],
  ['matMul without a common axis', () => tf.matMul(empty(2, 0), empty(0, 2)), [[2, 2]], [0, 0, 0, 0]],
  ['matMul, transposed', () => tf.matMul(empty(0, 4), tf.ones([3, 4]), false, true), [[0, 3]]],
  ['matMul of a batch', () => tf.matMul(empty(0, 3, 4), empty(0, 4, 2)), [[0, 3, 2]]],
  [
    'fused matMul',
    () => tf.fused.matMul({ a: empty(0, 4) as never, b: tf.ones([4, 2]), bias: tf.ones([2]) }),
    [[0, 2]],
  ],
  ['conv2d', () => tf.conv2d(images(), tf.ones([3, 3, 3, 2]), 2, 'same'), [[0, 3, 3, 2]]],
  [
    'conv2dTranspose',
    () => tf.conv2dTranspose(images(), tf.ones([3, 3, 2, 3]), [0, 12, 12, 2], 2, 'same'),
    [[0, 12, 12, 2]],
  ],
  ['depthwiseConv2d', () => tf.depthwiseConv2d(images(), tf.ones([3, 3, 3, 2]), 1, 'same'), [[0, 6, 6, 6]]],
  ['avgPool', () => tf.avgPool(images(), 2, 2, 'valid'), [[0, 3, 3, 3]]],
  ['maxPool', () => tf.maxPool(images(), 2, 2, 'valid'), [[0, 3, 3, 3]]],
  ['resizeBilinear', () => tf.image.resizeBilinear(images(), [3, 4]), [[0, 3, 4, 3]]],
  ['reshape', () => tf.reshape(empty(0, 3, 4), [-1, 12]), [[0, 12]]],
  ['reshape with an implied size', () => tf.reshape(empty(0, 3, 4), [0, -1]), [[0, 12]]],
  ['reshape to other axes', () => tf.reshape(empty(0, 3), [2, 0, 1, 2]), [[2, 0, 1, 2]]],
  ['expandDims', () => tf.expandDims(empty(0, 3), -1), [[0, 3, 1]]],
  ['squeeze', () => tf.squeeze(empty(0, 1, 3), [1]), [[0, 3]]],
  ['transpose', () => tf.transpose(empty(0, 3, 4), [2, 0, 1]), [[4, 0, 3]]],
  ['tile', () => tf.tile(empty(0, 4), [3, 2]), [[0, 8]]],
  ['tile zero times', () => tf.tile(tf.ones([2, 4]), [0, 1]), [[0, 4]]],
  ['pad', () => tf.pad(empty(0, 2), [[1, 0], [0, 1]], 7), [[1, 3]], [7, 7, 7]], // prettier-ignore
  ['concat', () => tf.concat([empty(0, 4), empty(0, 4)], 1), [[0, 8]]],
  ['concat with numbers', () => tf.concat([empty(0, 2), tf.ones([1, 2])], 0), [[1, 2]], [1, 1]],
  ['stack', () => tf.stack([empty(0), empty(0)], 1), [[0, 2]]],
  ['unstack', () => tf.unstack(empty(0, 2), 1), [[0], [0]]],
  ['split', () => tf.split(empty(0, 4), [1, 3], 1), [[0, 1], [0, 3]]], // prettier-ignore
  ['slice', () => tf.slice(empty(0, 4), [0, 1], [0, 2]), [[0, 2]]],
  ['slice of nothing', () => tf.slice(tf.ones([3, 4]), [1, 0], [0, 4]), [[0, 4]]],
  ['stridedSlice', () => tf.stridedSlice(empty(0, 4), [0, 0], [0, 4], [1, 2]), [[0, 2]]],
  ['reverse', () => tf.reverse(empty(0, 4), 1), [[0, 4]]],
  ['gather columns', () => tf.gather(empty(0, 4), whole(3, 2, 1), 1), [[0, 3]]],
  ['gather nothing', () => tf.gather(tf.ones([3, 4]), whole(), 0), [[0, 4]]],
  ['unsortedSegmentSum', () => tf.unsortedSegmentSum(empty(0, 2), whole(), 2), [[2, 2]], [0, 0, 0, 0]],
  ['oneHot', () => tf.oneHot(whole(), 3), [[0, 3]]],
  ['fill', () => tf.fill([0, 4], 1), [[0, 4]]],
];

/** Gradients of the sum with respect to an empty tensor, or to a parameter that met no examples. */
const gradients: readonly (readonly [string, (x: Tensor) => Tensor, () => Tensor])[] = [
  ['a product with empty examples', (w) => tf.matMul(empty(0, 4), w as never), () => tf.ones([4, 2])],
  ['a bias', (b) => tf.add(empty(0, 2), b), () => tf.ones([2])],
  [
    'a convolution of no images',
    (w) => tf.conv2d(images(), w as Tensor4D, 1, 'same'),
    () => tf.ones([3, 3, 3, 2]),
  ],
  ['no images', (x) => tf.conv2d(x as Tensor4D, tf.ones([3, 3, 3, 2]), 1, 'same'), images],
  ['a gather of nothing', (x) => tf.gather(x, whole(), 0), () => tf.ones([3, 4])],
  ['softmax', (x) => tf.softmax(x), () => empty(0, 4)],
  ['a sum', (x) => tf.sum(x, 1), () => empty(0, 4)],
  ['a mean of rows', (x) => tf.mean(x, 1), () => empty(0, 4)],
  ['a slice', (x) => tf.slice(x, [0, 1], [0, 2]), () => empty(0, 4)],
  ['a concatenation', (x) => tf.concat([x, x], 1), () => empty(0, 4)],
  ['a maximum of rows', (x) => tf.max(x, 1), () => empty(0, 4)],
];

// TensorFlow's backend is optional, so it is covered where the suite runs on it.
const backends = [...new Set(['wasm', 'cpu', suiteBackend] as const)];

describe.each(backends)('empty tensors on %s', (backend) => {
  beforeAll(async () => void (await setup({ backend })));
  afterAll(async () => void (await setup({ backend: suiteBackend })));

  const stillRight = () => expect(tf.tidy(() => tf.sum(tf.add(tf.ones([999]), 1)).dataSync()[0])).toBe(1998);

  it.each(
    cases.map(([name, compute, shapes, numbers = []]) => [name, { compute, shapes, numbers }] as const),
  )('%s', (_, { compute, shapes, numbers }) => {
    const before = [tf.memory().numTensors, tf.engine().backend.numDataIds()];
    const results = tf.tidy(() => [compute()].flat());
    expect(results.map(({ shape }) => shape)).toEqual(shapes);
    expect(results.flatMap((each) => [...each.dataSync()])).toEqual(numbers);
    tf.dispose(results);
    expect([tf.memory().numTensors, tf.engine().backend.numDataIds()]).toEqual(before);
    stillRight();
  });

  it.each(gradients)('the gradient through %s', (_, f, at) => {
    tf.tidy(() => {
      const x = at();
      const gradient = tf.grad((y: Tensor) => tf.sum(f(y)))(x);
      expect(gradient.shape).toEqual(x.shape);
      expect(gradient.dataSync().every((each) => each === 0)).toBe(true);
    });
    stillRight();
  });

  it('refuses what has no answer', () => {
    tf.tidy(() => {
      expect(() => tf.argMax(empty(2, 0), 1)).toThrow('an axis with at least one number');
      expect(() => tf.gather(empty(0, 4), whole(0), 0)).toThrow('at least one entry');
      expect(() => tf.topk(empty(2, 0), 1)).toThrow();
      expect(() => tf.reshape(empty(0, 3, 4), [0, 5, -1])).toThrow('Reshape');
    });
    stillRight();
  });
});
