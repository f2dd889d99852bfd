/**
 * A convolution with both of its gradients, as the runtime's own operator and as products with patches, in alternation.
 * Run from the root of the repository:
 *
 *   npx tsx --tsconfig tsconfig.json packages/compile/bench/convolutions.ts [--rounds 20]
 */
import { parseArgs } from 'node:util';
import { Conv1d, Key, setup, sizeOf } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as ort from 'onnxruntime-node';
import { capture } from '../src/capture/capture';
import { createNode } from '../src/graph/graph';
import { rewrite } from '../src/graph/rewrite';
import { dropUnusedInputs } from '../src/graph/substitute';
import { writeModel } from '../src/onnx/write-model';
import type { ConvolutionForm } from '../src/passes/choose-convolutions';
import { simplify } from '../src/passes/simplify';

const { values: options } = parseArgs({ options: { rounds: { type: 'string', default: '20' } } });
await setup({ backend: 'cpu' });

interface Variant {
  readonly name: string;
  readonly run: () => Promise<unknown>;
  readonly times: number[];
}

async function variant(channels: number, threads: number, form: ConvolutionForm): Promise<Variant> {
  const layer = new Conv1d({
    inputs: channels,
    outputs: channels,
    kernelSize: 7,
    padding: 'causal',
    key: Key.of(0),
  });
  const { graph } = capture(
    ({ tensors }) => {
      const { value, grads } = tf.valueAndGrads((x: Tensor) => tf.sum(tf.square(layer.apply(x))))([
        tensors['x']!,
      ]);
      const weights = tf.variableGrads(() => tf.sum(tf.square(layer.apply(tensors['x']!))));
      return {
        value,
        dx: grads[0]!,
        ...Object.fromEntries(Object.values(weights.grads).map((g, i) => [`d${i}`, g])),
      };
    },
    { x: { shape: [64, 64, channels] } },
  );
  const formed = rewrite(graph, (node) =>
    node.kernel === 'Conv2D'
      ? createNode('Conv2D', node.inputs, { ...node.attributes, form }, node.outputs).outputs
      : undefined,
  );
  const used = dropUnusedInputs(simplify(formed));
  const session = await ort.InferenceSession.create(writeModel(used), {
    logSeverityLevel: 3,
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
  });
  const feeds = Object.fromEntries(
    [...used.inputs].map(([name, { shape }]) => {
      const values = Key.of(1)
        .normal([sizeOf(shape)])
        .dataSync() as Float32Array;
      return [name, new ort.Tensor('float32', values, shape)];
    }),
  );
  layer.dispose();
  return {
    name: `${channels} channels, ${threads} threads, ${form}`,
    run: () => session.run(feeds),
    times: [],
  };
}

const variants: Variant[] = [];
for (const channels of [8, 32, 256]) {
  for (const threads of [1, 2]) {
    for (const form of ['convolution', 'product'] as const)
      variants.push(await variant(channels, threads, form));
  }
}
for (let round = 0; round < Number(options.rounds); round++) {
  for (const each of variants) {
    const from = performance.now();
    await each.run();
    if (round > 1) each.times.push(performance.now() - from);
  }
}
console.table(
  variants.map(({ name, times }) => {
    const sorted = times.sort((a, b) => a - b);
    return {
      variant: name,
      'median ms': sorted[sorted.length >> 1]!.toFixed(1),
      'least ms': sorted[0]!.toFixed(1),
    };
  }),
);
