import { Key } from '@dgm/core';
import { relativeError } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { capture } from '../../src/capture/capture';
import { topologicalOrder } from '../../src/graph/graph';
import type { Graph } from '../../src/graph/graph';
import { dropUnusedInputs } from '../../src/graph/substitute';
import { writeModel } from '../../src/onnx/write-model';
import type { Pass } from '../../src/passes/simplify';

export interface PassCase {
  readonly f: (...inputs: Tensor[]) => Tensor;
  readonly inputs: readonly (readonly number[])[];
  /** The kernels that are left, producers first. */
  readonly left: readonly string[];
}

export const kernelsOf = (graph: Graph) =>
  topologicalOrder(graph.outputs.values()).map(({ kernel }) => kernel);

/** The graph of a case's function, as captured. */
export function captured({ f, inputs }: PassCase): Graph {
  const names = inputs.map((_, index) => `x${index}`);
  return capture(
    ({ tensors }) => ({ y: f(...names.map((name) => tensors[name]!)) }),
    Object.fromEntries(inputs.map((shape, index) => [`x${index}`, { shape }])),
  ).graph;
}

/** Applies one pass; its result computes the same and has the expected kernels left. */
export function describePass(pass: Pass, cases: Readonly<Record<string, PassCase>>): void {
  describe(pass.name, () => {
    for (const [what, the] of Object.entries(cases)) {
      test(what, async () => {
        const graph = captured(the);
        const simplified = pass.apply(graph);
        expect(kernelsOf(simplified)).toEqual(the.left);
        await expectSameResults(simplified, graph, the.inputs);
      });
    }
  });
}

/** Runs two graphs on the same inputs of these shapes. */
export async function expectSameResults(
  actual: Graph,
  expected: Graph,
  shapes: PassCase['inputs'],
  tolerance = 1e-6,
): Promise<void> {
  const inputs = shapes.map((shape, index) => Key.of(index).normal(shape));
  expect(relativeError(await run(actual, inputs), await run(expected, inputs))).toBeLessThan(tolerance);
  tf.dispose(inputs);
}

async function run(graph: Graph, inputs: readonly Tensor[]): Promise<Float32Array> {
  const used = dropUnusedInputs(graph);
  const session = await ort.InferenceSession.create(writeModel(used), { logSeverityLevel: 3 });
  const feeds = inputs.flatMap((tensor, index) => {
    const data = Float32Array.from(tensor.dataSync());
    return used.inputs.has(`x${index}`)
      ? [[`x${index}`, new ort.Tensor('float32', data, tensor.shape)] as const]
      : [];
  });
  const { 'out/y': y } = await session.run(Object.fromEntries(feeds));
  await session.release();
  return Float32Array.from(y!.data as Float32Array);
}
