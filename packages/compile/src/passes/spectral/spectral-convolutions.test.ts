import { Key } from '@dgm/core';
import { relativeError } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { capture } from '../../capture/capture';
import { topologicalOrder } from '../../graph/graph';
import type { Graph } from '../../graph/graph';
import { rewrite } from '../../graph/rewrite';
import { writeModel } from '../../onnx/write-model';
import { removeAliases } from '../remove-aliases';
import { shareCommon } from '../share-common';
import { simplify } from '../simplify';
import { spectralConvolutions } from './spectral-convolutions';

type Pads = readonly [readonly [number, number], readonly [number, number]];

interface Case {
  readonly x: readonly [number, number, number, number];
  readonly filter: readonly [number, number, number, number];
  readonly pads: Pads;
  readonly dilations?: [number, number];
}

const none = [0, 0] as const;
const cases: Readonly<Record<string, Case>> = {
  'a causal sequence': { x: [3, 1, 9, 4], filter: [1, 4, 4, 5], pads: [none, [3, 0]] },
  'a dilated sequence': { x: [2, 1, 11, 3], filter: [1, 3, 3, 2], pads: [none, [4, 0]], dilations: [1, 2] },
  'an image': {
    x: [2, 5, 6, 3],
    filter: [3, 3, 3, 4],
    pads: [
      [1, 1],
      [1, 1],
    ],
  },
  'an image without zeros around': { x: [2, 5, 6, 3], filter: [2, 3, 3, 4], pads: [none, none] },
  'an image row by row': { x: [2, 3, 6, 3], filter: [1, 3, 3, 2], pads: [none, [2, 0]] },
  'an image column by column': { x: [2, 6, 3, 3], filter: [4, 1, 3, 2], pads: [[3, 0], none] },
  'a single row into several': { x: [2, 1, 6, 3], filter: [2, 2, 3, 2], pads: [[1, 1], none] },
};

/** A convolution with the gradients that core's layers ask for: of the input by the mirrored kernel, and of the kernel. */
function graphOf({ x, filter, pads, dilations = [1, 1] }: Case): Graph {
  const explicit = (pairs: Pads) => [[0, 0], ...pairs, [0, 0]] as never;
  const rest = pads.map(([before, after], axis) => {
    const reach = (filter[axis]! - 1) * dilations[axis]!;
    return [reach - before, reach - after];
  }) as unknown as Pads;
  const outputs = pads.map(
    ([before, after], axis) => x[axis + 1]! + before + after - (filter[axis]! - 1) * dilations[axis]!,
  );
  const isDilated = dilations.some((dilation) => dilation > 1);
  const { graph } = capture(
    ({ tensors }) => {
      const [image, kernel, dy] = ['x', 'filter', 'dy'].map((name) => tensors[name]) as Tensor4D[];
      const mirrored = tf.transpose(tf.reverse(kernel!, [0, 1]), [0, 1, 3, 2]);
      const attributes = { strides: [1, 1], pad: explicit(pads), dataFormat: 'NHWC', filterShape: filter };
      return {
        y: tf.conv2d(image!, kernel!, 1, explicit(pads), 'NHWC', dilations),
        dx: tf.conv2d(dy!, mirrored, 1, explicit(rest), 'NHWC', dilations),
        ...(!isDilated && {
          dw: tf
            .engine()
            .runKernel(tf.Conv2DBackpropFilter, { x: image!, dy: dy! }, attributes as never) as Tensor,
        }),
      };
    },
    { x: { shape: x }, filter: { shape: filter }, dy: { shape: [x[0], ...outputs, filter[3]] } },
  );
  return simplify(graph);
}

const spectral = (graph: Graph): Graph =>
  [spectralConvolutions(() => true), removeAliases, shareCommon()].reduce(rewrite, graph);

const kernelsOf = (graph: Graph) => topologicalOrder(graph.outputs.values()).map(({ kernel }) => kernel);

async function run(graph: Graph): Promise<Readonly<Record<string, ort.Tensor>>> {
  const session = await ort.InferenceSession.create(writeModel(graph), { logSeverityLevel: 3 });
  const feeds = Object.fromEntries(
    [...graph.inputs].map(([name, { shape }]) => {
      const tensor = Key.of(0).fold(name).normal(shape);
      return [name, new ort.Tensor('float32', tensor.dataSync().slice() as Float32Array, shape)];
    }),
  );
  const results = await session.run(feeds);
  await session.release();
  return results as Readonly<Record<string, ort.Tensor>>;
}

describe('spectral convolutions', () => {
  for (const [name, the] of Object.entries(cases)) {
    test(`${name}, with its gradients`, async () => {
      const direct = graphOf(the);
      const transformed = spectral(direct);
      expect(kernelsOf(transformed).filter((kernel) => kernel.startsWith('Conv'))).toEqual([]);
      const [expected, actual] = [await run(direct), await run(transformed)];
      for (const [output, { data, dims }] of Object.entries(expected)) {
        expect(actual[output]!.dims).toEqual(dims);
        expect(relativeError(actual[output]!.data as Float32Array, data as Float32Array)).toBeLessThan(1e-5);
      }
    });
  }

  test('a result and its gradients have three transforms in common: nine products in all', () => {
    const kernels = kernelsOf(spectral(graphOf(cases['a causal sequence']!)));
    expect(kernels.filter((kernel) => kernel === 'BatchMatMul')).toHaveLength(9);
    expect(kernels).not.toContain('Reverse');
  });

  test("tfjs's own gradient of the input", async () => {
    const { graph } = capture(
      ({ tensors }) => ({
        dx: tf.conv2dTranspose(
          tensors['dy'] as Tensor4D,
          tensors['filter'] as Tensor4D,
          [2, 5, 6, 3],
          1,
          'same',
        ),
      }),
      { dy: { shape: [2, 5, 6, 4] }, filter: { shape: [3, 3, 3, 4] } },
    );
    const transformed = spectral(graph);
    expect(kernelsOf(transformed)).not.toContain('Conv2DBackpropInput');
    const [expected, actual] = [await run(graph), await run(transformed)];
    expect(
      relativeError(actual['out/dx']!.data as Float32Array, expected['out/dx']!.data as Float32Array),
    ).toBeLessThan(1e-5);
  });

  test('a stride leaves it as it is', () => {
    const { graph } = capture(
      ({ tensors }) => ({ y: tf.conv2d(tensors['x'] as Tensor4D, tensors['filter'] as Tensor4D, 2, 'same') }),
      { x: { shape: [2, 5, 6, 3] }, filter: { shape: [3, 3, 3, 4] } },
    );
    expect(kernelsOf(spectral(graph))).toEqual(['Conv2D']);
  });
});
