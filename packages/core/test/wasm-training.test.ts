import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Layer } from '../src/index';
import {
  Conv1d,
  Conv2d,
  ConvTranspose2d,
  Dense,
  Embedding,
  GroupNorm,
  gru,
  Key,
  LayerNorm,
  lstm,
  mlp,
  MultiHeadAttention,
  setup,
  trainable,
} from '../src/index';
import { suiteBackend } from './support/suite-backend';

const key = Key.of(11);

// tfjs's own leak check counts while a custom gradient still holds what it has saved, which on wasm is a copy. What is
// left behind when all is done is counted here.
beforeAll(() => tf.env().set('IS_TEST', false));
afterAll(async () => void (await setup({ backend: suiteBackend })));
const held = (): number[] => [tf.memory().numTensors, tf.engine().backend.numDataIds()];

const layers: Readonly<Record<string, readonly [make: () => Layer, shape: number[]]>> = {
  Dense: [() => new Dense({ inputs: 5, outputs: 3, key }), [4, 5]],
  mlp: [() => mlp([5, 16, 16, 3], { key, activation: 'leakyRelu' }), [4, 5]],
  Conv1d: [() => new Conv1d({ inputs: 3, outputs: 4, kernelSize: 3, padding: 'causal', key }), [2, 9, 3]],
  'Conv1d (dilated)': [
    () => new Conv1d({ inputs: 3, outputs: 4, kernelSize: 3, padding: 'causal', dilation: 2, key }),
    [2, 9, 3],
  ],
  Conv2d: [() => new Conv2d({ inputs: 3, outputs: 4, kernelSize: 3, padding: 'same', key }), [2, 6, 7, 3]],
  'Conv2d (strides)': [
    () => new Conv2d({ inputs: 3, outputs: 4, kernelSize: 4, stride: 2, padding: 1, key }),
    [2, 8, 8, 3],
  ],
  ConvTranspose2d: [
    () => new ConvTranspose2d({ inputs: 4, outputs: 3, kernelSize: 4, stride: 2, padding: 1, key }),
    [2, 4, 4, 4],
  ],
  LayerNorm: [() => new LayerNorm({ features: 6 }), [3, 4, 6]],
  GroupNorm: [() => new GroupNorm({ channels: 6, groups: 2 }), [3, 4, 4, 6]],
  gru: [() => gru({ inputs: 3, hidden: 5, key }), [2, 6, 3]],
  lstm: [() => lstm({ inputs: 3, hidden: 5, key }), [2, 6, 3]],
  MultiHeadAttention: [
    () => new MultiHeadAttention({ features: 32, heads: 2, causal: true, key }),
    [2, 48, 32],
  ],
};

/** The output of a new layer and the gradient of its weighted sum by every parameter and by x, under their names. */
function outputAndGradients(make: () => Layer, x: Tensor): Record<string, number[]> {
  const layer = make();
  const input = tf.variable(x);
  const results = tf.tidy(() => {
    const loss = (): Scalar => {
      const y = layer.apply(input);
      return tf.sum(tf.mul(y, key.fold('weights').normal(y.shape)));
    };
    const parameters = [['x', input] as const, ...trainable(layer)];
    const { grads } = tf.variableGrads(
      loss,
      parameters.map(([, variable]) => variable),
    );
    const gradients = parameters.map(([path, { name }]) => [path, [...grads[name]!.dataSync()]] as const);
    return { y: [...layer.apply(input).dataSync()], ...Object.fromEntries(gradients) };
  });
  layer.dispose();
  input.dispose();
  x.dispose();
  return results;
}

async function compare(make: () => Layer, input: () => Tensor): Promise<void> {
  await setup({ backend: 'cpu' });
  const expected = outputAndGradients(make, input());
  await setup({ backend: 'wasm' });
  const before = held();
  const actual = outputAndGradients(make, input());
  expect(held()).toEqual(before);
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const [name, values] of Object.entries(expected)) {
    const scale = Math.max(1, ...values.map(Math.abs));
    const distance = Math.max(...values.map((value, i) => Math.abs(value - actual[name]![i]!)));
    expect(distance / scale, name).toBeLessThan(2e-5);
  }
}

describe('layers have the same outputs and gradients on wasm as on cpu', () => {
  it.each(Object.entries(layers))('%s', async (_, [make, shape]) => {
    await compare(make, () => key.fold('x').normal(shape));
  });

  it('Embedding', async () => {
    const gradient = (): number[] =>
      tf.tidy(() => {
        const layer = new Embedding({ values: 7, features: 4, key });
        const indices = tf.tensor2d([0, 3, 3, 6, 1, 3], [2, 3], 'int32');
        const [[, vectors]] = [...trainable(layer)] as [[string, tf.Variable]];
        const { grads } = tf.variableGrads(() => tf.sum(tf.square(layer.apply(indices))), [vectors]);
        const values = [...grads[vectors.name]!.dataSync()];
        layer.dispose();
        return values;
      });
    await setup({ backend: 'cpu' });
    const expected = gradient();
    await setup({ backend: 'wasm' });
    gradient().forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
  });
});
