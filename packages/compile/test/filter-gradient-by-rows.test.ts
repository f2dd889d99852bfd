import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { topologicalOrder } from '../src/graph/graph';
import { rewrite } from '../src/graph/rewrite';
import { chooseConvolutions } from '../src/passes/choose-convolutions';
import { filterGradientByRows } from '../src/passes/processor/filter-gradient-by-rows';
import { sharePatches } from '../src/passes/processor/share-patches';
import { simplify } from '../src/passes/simplify';
import { threadsFor } from '../src/runtime/threads';
import { captured, expectSameResults, kernelsOf } from './support/describe-pass';

type Padding = Parameters<typeof tf.conv2d>[3];

/** More zeros than a filter of two by two has taps. */
const WIDE: Padding = [
  [0, 0],
  [2, 0],
  [1, 3],
  [0, 0],
];

interface Options {
  readonly pad?: Padding;
  readonly stride?: number;
}

interface Case extends Options {
  readonly image: readonly [number, number, number, number];
  readonly filter: readonly [number, number, number, number];
}

const gradient = ({ pad = 'same', stride = 1, image, filter }: Case) => ({
  f: (...[x, w]: Tensor[]): Tensor =>
    tf.grad((taps) => tf.sum(tf.square(tf.conv2d(x as Tensor4D, taps as Tensor4D, stride, pad))))(w!),
  inputs: [image, filter],
});

const before = (the: Case) => rewrite(captured({ ...gradient(the), left: [] }), chooseConvolutions);

const cases: Readonly<Record<string, Case>> = {
  'as many inputs as outputs': { image: [15, 9, 8, 16], filter: [3, 3, 16, 16] },
  'more outputs, a large even filter': { image: [13, 9, 8, 12], filter: [4, 2, 12, 40] },
  'more inputs': { image: [14, 7, 9, 40], filter: [3, 3, 40, 12] },
  'few outputs': { image: [5, 12, 12, 64], filter: [5, 3, 64, 3] },
  'no padding': { image: [15, 9, 8, 20], filter: [3, 2, 20, 24], pad: 'valid' },
  'no padding and more inputs': { image: [15, 9, 8, 24], filter: [2, 3, 24, 20], pad: 'valid' },
  'more inputs and wide padding': { image: [15, 9, 8, 24], filter: [2, 2, 24, 20], pad: WIDE },
  'one dimension': { image: [8, 1, 40, 24], filter: [1, 5, 24, 32] },
};

describe('filter-gradient-by-rows', () => {
  test.each(Object.entries(cases))('%s', async (_, the) => {
    const graph = before(the);
    const after = rewrite(graph, filterGradientByRows);
    expect(kernelsOf(graph)).toContain('Conv2DBackpropFilter');
    expect(kernelsOf(after)).not.toContain('Conv2DBackpropFilter');
    expect(kernelsOf(after)).toContain('FirstConv2D');
    await expectSameResults(after, graph, gradient(the).inputs, 1e-5);
  });

  test('an operand that has its channels first is not turned to have them last', async () => {
    const first = [16, 24, 64];
    const the = {
      f: (...[x, w]: Tensor[]): Tensor => {
        const image = tf.reshape(tf.transpose(x!, [0, 2, 1]), [16, 8, 8, 24]) as Tensor4D;
        return tf.grad((taps) => tf.sum(tf.square(tf.conv2d(image, taps as Tensor4D, 1, 'same'))))(w!);
      },
      inputs: [first, [3, 3, 24, 12]],
    };
    const graph = simplify(captured({ ...the, left: [] }));
    const after = rewrite(graph, filterGradientByRows);
    // One to the convolution itself, one of whole images to the filter, one of the result.
    expect(kernelsOf(after).filter((kernel) => kernel === 'Transpose').length).toBe(3);
    await expectSameResults(after, graph, the.inputs, 1e-5);
  });

  test.each<readonly [string, Case]>([
    ['a single tap', { image: [16, 9, 9, 32], filter: [1, 1, 32, 32] }],
    ['little work', { image: [1, 4, 4, 16], filter: [3, 3, 16, 16] }],
    ['a stride', { image: [8, 16, 16, 16], filter: [3, 3, 16, 16], stride: 2 }],
    ['patches of few channels', { image: [64, 16, 16, 3], filter: [3, 3, 3, 32] }],
  ])('not for %s', (_, the) => {
    expect(kernelsOf(rewrite(before(the), filterGradientByRows))).not.toContain('FirstConv2D');
  });

  test('leaves no patches to share with the convolution', () => {
    const forms = topologicalOrder(
      sharePatches(before({ image: [64, 8, 8, 16], filter: [3, 3, 16, 16] })).outputs.values(),
    ).flatMap(({ kernel, attributes }) => (kernel === 'Conv2D' ? [attributes['form']] : []));
    expect(forms).toEqual(['convolution']);
  });

  test('counts as a product where threads are chosen', () => {
    const graph = rewrite(before({ image: [64, 8, 8, 32], filter: [3, 3, 32, 32] }), filterGradientByRows);
    expect(threadsFor(graph)).toBeGreaterThan(1);
  });
});
