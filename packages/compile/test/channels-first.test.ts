import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { topologicalOrder } from '../src/graph/graph';
import type { Graph, Node } from '../src/graph/graph';
import { rewrite } from '../src/graph/rewrite';
import { chooseConvolutions } from '../src/passes/choose-convolutions';
import { biasOfConvolution } from '../src/passes/processor/bias-of-convolution';
import { blockedConvolutions } from '../src/passes/processor/blocked-convolutions';
import { channelsFirst } from '../src/passes/processor/channels-first';
import { filterGradientByRows } from '../src/passes/processor/filter-gradient-by-rows';
import { fuseAffineRows } from '../src/passes/processor/fuse-affine-rows';
import { simplify } from '../src/passes/simplify';
import { channelBlock } from '../src/runtime/channel-block';
import { loadRuntime } from '../src/runtime/load-runtime';
import { captured, expectSameResults, kernelsOf } from './support/describe-pass';

const block = (await channelBlock(await loadRuntime()))!;
// Whole blocks of every processor, in images of two by four positions.
const [N, H, W, C] = [32, 4, 8, 32];
const IMAGE = [N, H, W, C];
const FILTER = [3, 3, C, C];

/** Groups of channels less their means, over their norms. */
function normalized(x: Tensor, groups = 4): Tensor {
  const [n, height, width, channels] = x.shape as [number, number, number, number];
  const first = tf.transpose(x, [0, 3, 1, 2]);
  const rows = tf.reshape(first, [n * groups, (channels / groups) * height * width]);
  const centred = tf.sub(rows, tf.mean(rows, -1, true));
  const standard = tf.div(centred, tf.add(tf.sqrt(tf.sum(tf.square(centred), -1, true)), 1));
  return tf.transpose(tf.reshape(standard, [n, channels, height, width]), [0, 2, 3, 1]);
}

const convolve = (x: Tensor, w: Tensor) => tf.conv2d(x as Tensor4D, w as Tensor4D, 1, 'same');
const silu = (x: Tensor) => tf.mul(x, tf.sigmoid(x));

interface Case {
  readonly f: (...inputs: Tensor[]) => Tensor;
  readonly inputs: readonly (readonly number[])[];
  /** How many images are transposed. */
  readonly turns: number;
  /** How often without the pass. */
  readonly before: number;
}

const cases: Readonly<Record<string, Case>> = {
  'from one normalization to the next': {
    f: (x, scale, shift) => normalized(silu(tf.add(tf.mul(normalized(x!), scale!), shift!))),
    inputs: [IMAGE, [C], [C]],
    turns: 2,
    before: 4,
  },
  'through convolutions': {
    f: (x, w) => normalized(tf.add(convolve(silu(normalized(convolve(x!, w!))), w!), convolve(x!, w!))),
    inputs: [IMAGE, FILTER],
    turns: 1,
    before: 4,
  },
  'with numbers of an example, of a position and one for all': {
    f: (x, scale, image, row) =>
      normalized(
        tf.mul(2, tf.add(tf.add(tf.mul(normalized(x!), tf.reshape(scale!, [N, 1, 1, C])), image!), row!)),
      ),
    inputs: [IMAGE, [N, C], [H, W, C], [1, 1, 1, C]],
    turns: 2,
    before: 4,
  },
  'and to sums over positions, examples and both': {
    f: (x) => {
      const y = tf.exp(normalized(x!));
      const sums = tf.add(tf.sum(y, [0, 1, 2]), tf.sum(tf.square(tf.sum(y, [1, 2])), 0));
      return tf.add(sums, tf.sum(tf.square(tf.sum(tf.exp(y), 0)), [0, 1]));
    },
    inputs: [IMAGE],
    turns: 1,
    before: 2,
  },
  'not where more is read with the channels last': {
    f: (x) => tf.add(tf.cumsum(tf.exp(normalized(x!)), 3), tf.cumsum(tf.exp(x!), 3)),
    inputs: [IMAGE],
    turns: 2,
    before: 2,
  },
  'in gradients': {
    f: (x, w, scale) =>
      tf.grad((filter) =>
        tf.sum(tf.square(normalized(convolve(silu(tf.mul(normalized(x!), scale!)), filter)))),
      )(w!),
    inputs: [IMAGE, FILTER, [C]],
    turns: 2,
    before: 6,
  },
};

/** Transposes of images. */
const turnsOf = (graph: Graph) =>
  topologicalOrder(graph.outputs.values()).filter(
    ({ kernel, inputs: [x], attributes }: Node) =>
      kernel === 'Transpose' &&
      x!.shape[0] === N &&
      ['0,2,1', '0,2,3,1', '0,3,1,2'].includes(String(attributes['perm'])),
  ).length;

describe('channels-first', () => {
  test.each(Object.entries(cases))('%s', async (_, the) => {
    const graph = simplify(biasOfConvolution(rewrite(captured({ ...the, left: [] }), chooseConvolutions)));
    const turned = channelsFirst(graph, block);
    const after = [fuseAffineRows, filterGradientByRows, blockedConvolutions(block)].reduce(rewrite, turned);
    expect(turnsOf(graph)).toBe(the.before);
    expect(turnsOf(after)).toBe(the.turns);
    await expectSameResults(after, graph, the.inputs, 1e-5);
  });

  test('with convolutions that read the channels last', async () => {
    const the = cases['through convolutions']!;
    const graph = simplify(rewrite(captured({ ...the, left: [] }), chooseConvolutions));
    await expectSameResults(channelsFirst(graph, undefined), graph, the.inputs, 1e-5);
  });

  test('scales and shifts rows in one pass', () => {
    const the = cases['from one normalization to the next']!;
    const graph = channelsFirst(simplify(captured({ ...the, left: [] })), block);
    expect(kernelsOf(rewrite(graph, fuseAffineRows)).filter((kernel) => kernel === 'AffineRows').length).toBe(
      1,
    );
  });
});
