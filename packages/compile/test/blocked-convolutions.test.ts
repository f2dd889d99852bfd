import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { threadsFor } from '../src/runtime/threads';
import { blockedConvolutions } from '../src/passes/processor/blocked-convolutions';
import { biasOfConvolution } from '../src/passes/processor/bias-of-convolution';
import { coalesceAxes } from '../src/passes/processor/coalesce-axes';
import { rewrite } from '../src/graph/rewrite';
import { chooseConvolutions } from '../src/passes/choose-convolutions';
import { channelBlock, processorTraits } from '../src/runtime/channel-block';
import { loadRuntime } from '../src/runtime/load-runtime';
import { captured, expectSameResults, kernelsOf } from './support/describe-pass';

const runtime = await loadRuntime();
const block = (await channelBlock(runtime))!;
// Whole blocks of every processor.
const [B, B2, B3] = [16, 32, 48];

type Conv2DOptions = {
  readonly pad?: 'same' | 'valid';
  readonly stride?: number;
  readonly dilation?: number;
};

function convolve(
  x: Tensor,
  filter: Tensor,
  { pad = 'same', stride = 1, dilation = 1 }: Conv2DOptions = {},
): Tensor4D {
  return tf.conv2d(x as Tensor4D, filter as Tensor4D, stride, pad, 'NHWC', dilation);
}

interface Case {
  readonly f: (...inputs: Tensor[]) => Tensor;
  readonly inputs: readonly (readonly number[])[];
}

const convolutions: Readonly<Record<string, Case>> = {
  'one block': {
    f: (x, w) => convolve(x!, w!),
    inputs: [
      [13, 8, 8, B],
      [3, 3, B, B],
    ],
  },
  'several blocks': {
    f: (x, w) => convolve(x!, w!),
    inputs: [
      [3, 8, 6, B2],
      [3, 3, B2, B3],
    ],
  },
  'with strides and without zeros around': {
    f: (x, w) => convolve(x!, w!, { pad: 'valid', stride: 2 }),
    inputs: [
      [40, 9, 8, B2],
      [4, 3, B2, B],
    ],
  },
  'with gaps between the taps': {
    f: (x, w) => convolve(x!, w!, { dilation: 2 }),
    inputs: [
      [9, 7, 8, B],
      [3, 3, B, B2],
    ],
  },
  'with a bias': {
    f: (x, w, b) => tf.add(convolve(x!, w!), b!),
    inputs: [[9, 8, 8, B2], [3, 3, B2, B2], [B2]],
  },
};

describe('blocked-convolutions', () => {
  const blocked = (the: Case) => {
    const graph = rewrite(captured({ ...the, left: [] }), chooseConvolutions);
    const after = rewrite(rewrite(biasOfConvolution(graph), blockedConvolutions(block)), coalesceAxes);
    return { graph, after };
  };

  test.each(Object.entries(convolutions))('%s', async (_, the) => {
    const { graph, after } = blocked(the);
    expect(kernelsOf(after)).toContain('BlockedConv2D');
    expect(kernelsOf(after)).not.toContain('Conv2D');
    await expectSameResults(after, graph, the.inputs, 1e-5);
  });

  test.each<readonly [string, Case]>([
    [
      'channels that fill no block',
      {
        f: (x, w) => convolve(x!, w!),
        inputs: [
          [16, 8, 8, 5],
          [3, 3, 5, B],
        ],
      },
    ],
    [
      'a single tap',
      {
        f: (x, w) => convolve(x!, w!),
        inputs: [
          [64, 8, 8, B],
          [1, 1, B, B2],
        ],
      },
    ],
    [
      'little work',
      {
        f: (x, w) => convolve(x!, w!),
        inputs: [
          [1, 3, 3, B],
          [3, 3, B, B],
        ],
      },
    ],
  ])('not for %s', (_, the) => {
    expect(kernelsOf(blocked(the).after)).not.toContain('BlockedConv2D');
  });

  test('count as products where threads are chosen', () => {
    const { after } = blocked({
      f: (x, w) => convolve(x!, w!),
      inputs: [
        [64, 8, 8, B2],
        [3, 3, B2, B2],
      ],
    });
    expect(threadsFor(after)).toBeGreaterThan(1);
  });
});

test('the block is that of a processor whose runtime can tell', async () => {
  expect([4, 8, 16, 32]).toContain(block);
  expect(await channelBlock({ ...runtime, name: 'onnxruntime-web' })).toBeUndefined();
  const broken = {
    ...runtime,
    version: 'none',
    createSession: () => Promise.reject(new Error('no such operator')),
  };
  expect(await channelBlock(broken)).toBeUndefined();
  expect(await processorTraits(runtime, 'webgpu')).toEqual({ channelBlock: undefined });
});
