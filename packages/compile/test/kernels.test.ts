import { setup } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import * as ort from 'onnxruntime-node';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { topologicalOrder } from '../src/graph/graph';
import type { Data } from '../src/graph/graph';
import { constantKernels } from '../src/kernels/create';
import { kernels } from '../src/kernels/table';
import { writeModel } from '../src/onnx/write-model';
import { kernelTable } from './support/kernel-table';
import { captureCase, inputsOf, outputsOf } from './support/kernel-case';
import { cases } from './kernels.cases';
import type { Case } from './kernels.cases';

// Whatever backend the suite runs on: TensorFlow's floorDiv gives integers, and its gradient of an average at an edge counts
// what is inside only.
await setup({ backend: 'cpu' });

async function check(kernel: string, the: Case): Promise<void> {
  const { f, tolerance = 2e-6 } = the;
  const tensors = inputsOf(the);
  const expected = outputsOf(f(...tensors));
  const graph = captureCase(the, tensors);
  if (!(kernel in constantKernels)) {
    expect(topologicalOrder(graph.outputs.values()).map((node) => node.kernel)).toContain(kernel);
  }
  const session = await ort.InferenceSession.create(writeModel(graph), { logSeverityLevel: 3 });
  const feeds = Object.fromEntries(
    tensors.map((tensor, index) => [
      `x${index}`,
      new ort.Tensor(tensor.dtype as 'float32', tensor.dataSync().slice() as Float32Array, tensor.shape),
    ]),
  );
  const results = await session.run(feeds);
  expected.forEach((tensor, index) => {
    const actual = results[`out/y${index}`]!;
    expect(actual.dims).toEqual(tensor.shape);
    expect(actual.type).toBe(tensor.dtype);
    const values = tensor.dataSync() as Data;
    (actual.data as Data).forEach((value, i) => {
      const wanted = values[i]!;
      if (Number.isFinite(wanted))
        expect(Math.abs(value - wanted)).toBeLessThanOrEqual(tolerance * (1 + Math.abs(wanted)));
      else expect(value).toBe(wanted);
    });
  });
  await session.release();
  tf.dispose([tensors, expected]);
}

describe('every kernel gives what the cpu backend gives', () => {
  for (const [kernel, list] of Object.entries(cases)) {
    test(kernel, async () => {
      for (const one of list) await check(kernel, one);
    });
  }
  test('no kernel is without a case', () => {
    const all = [...Object.keys(kernels), ...Object.keys(constantKernels)];
    expect(Object.keys(cases).sort()).toEqual(all.sort());
  });
  test('the table in the docs is up to date', () => {
    const file = readFileSync(new URL('../docs/kernels.md', import.meta.url), 'utf8');
    expect(file, 'run: npx tsx --tsconfig tsconfig.json packages/compile/scripts/kernel-table.ts').toBe(
      kernelTable(),
    );
  });
});
