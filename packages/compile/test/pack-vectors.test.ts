import { Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { capture } from '../src/capture/capture';
import { writeModel } from '../src/onnx/write-model';
import { packVectors } from '../src/update/pack-vectors';

/** Captures the doubles of vectors of these sizes. */
function doubles(sizes: Readonly<Record<string, number>>) {
  const specs = Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, { shape: [size] }]));
  const double = (tensors: Readonly<Record<string, Tensor>>) =>
    Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [`2${name}`, tf.mul(tensor, 2)]));
  const { graph } = capture(({ tensors }) => double(tensors), specs);
  return packVectors(graph, new Set([...graph.inputs.keys(), ...graph.outputs.keys()]));
}

describe('packVectors', () => {
  test('lets short vectors enter and leave as one, and others alone', async () => {
    const { graph, inputs, outputs } = doubles({ a: 3, b: 1, long: 5000, c: 4, d: 2 });
    expect([...graph.inputs.keys()]).toEqual(['long', 'state/vectors']);
    expect([...graph.outputs.keys()]).toEqual(['2long', 'leaf/vectors']);
    expect([...inputs.parts]).toEqual([
      ['a', 3],
      ['b', 1],
      ['c', 4],
      ['d', 2],
    ]);
    expect([...outputs.parts.keys()]).toEqual(['2a', '2b', '2c', '2d']);
    const session = await ort.InferenceSession.create(writeModel(graph));
    const values = Float32Array.from({ length: 10 }, (_, index) => index);
    const results = await session.run({
      long: new ort.Tensor('float32', new Float32Array(5000), [5000]),
      'state/vectors': new ort.Tensor('float32', values, [10]),
    });
    expect([...(results['out/leaf/vectors']!.data as Float32Array)]).toEqual([...values].map((v) => 2 * v));
    await session.release();
  });

  test('leaves a few as they are, and what it was not given', () => {
    const few = doubles({ a: 3, b: 1, c: 4 });
    expect([...few.graph.inputs.keys()]).toEqual(['a', 'b', 'c']);
    expect([...few.inputs.parts, ...few.outputs.parts]).toEqual([]);
    const { graph } = capture(({ tensors }) => tensors, { a: { shape: [1] }, b: { shape: [2] } });
    expect(packVectors(graph, new Set()).graph).toBe(graph);
  });

  test('computes what many numbers are summed up to where they are', () => {
    const sum = ({ tensors }: { readonly tensors: Readonly<Record<string, Tensor>> }) => {
      const key = Key.of(0);
      const sums = [0, 1, 2, 3, 4].map((index) => [
        `s${index}`,
        tf.sum(index === 0 ? tensors['large']! : tf.add(tensors['small']!, key.fold(index).normal([4])), 0),
      ]);
      return Object.fromEntries(sums) as Record<string, Tensor>;
    };
    const { graph } = capture(sum, { large: { shape: [40_000, 4] }, small: { shape: [9, 4] } });
    const { outputs } = packVectors(graph, new Set(graph.outputs.keys()));
    expect([...outputs.parts.keys()]).toEqual(['s1', 's2', 's3', 's4']);
  });
});
