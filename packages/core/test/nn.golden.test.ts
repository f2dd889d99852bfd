import { readFileSync } from 'node:fs';
import { flatten, tensorOf, tolerances, type Numbers, type Tolerance } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  AveragePool2d,
  Conv1d,
  Conv2d,
  convResidualBlock,
  ConvTranspose2d,
  Dense,
  Film,
  FourierFeatures,
  GroupNorm,
  gru,
  Key,
  LayerNorm,
  lstm,
  MultiHeadAttention,
  SinusoidalEmbedding,
  SpatialAttention,
  spectralNorm,
  transformerBlock,
  uNet,
  Upsample2d,
  weightNorm,
  type Layer,
} from '../src/index';

/** A row of golden/nn.json; gradients are those of half the sum of squares of the output. */
interface Reference {
  readonly input: Numbers;
  readonly weights: Readonly<Record<string, Numbers>>;
  readonly output: Numbers;
  readonly inputGradient: Numbers;
  readonly gradients: Readonly<Record<string, Numbers>>;
  /** The condition, for layers that take one. */
  readonly context?: Numbers;
  readonly state?: Readonly<Record<string, Numbers>>;
}

const references = JSON.parse(readFileSync(new URL('./golden/nn.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, Reference>
>;

const key = Key.of(0);
const conv1d = { inputs: 2, outputs: 3, kernelSize: 3, key };
const conv2d = { inputs: 2, outputs: 3, key };
const transposed = { inputs: 3, outputs: 2, key };

/** The layer that each row of golden/nn.json describes. */
const layers: Readonly<Record<string, () => Layer>> = {
  Dense: () => new Dense({ inputs: 3, outputs: 2, key }),
  'Dense (rank 3)': () => new Dense({ inputs: 3, outputs: 2, key }),
  Conv1d: () => new Conv1d(conv1d),
  'Conv1d (stride 2, padding 1)': () => new Conv1d({ ...conv1d, stride: 2, padding: 1 }),
  'Conv1d (causal, dilation 2)': () => new Conv1d({ ...conv1d, padding: 'causal', dilation: 2 }),
  Conv2d: () => new Conv2d({ ...conv2d, kernelSize: [3, 2] }),
  'Conv2d (stride 2, padding 1)': () => new Conv2d({ ...conv2d, kernelSize: 3, stride: 2, padding: 1 }),
  'Conv2d (stride [1, 2])': () => new Conv2d({ ...conv2d, kernelSize: [2, 3], stride: [1, 2] }),
  'Conv2d (dilation 2, same)': () => new Conv2d({ ...conv2d, kernelSize: 3, dilation: 2, padding: 'same' }),
  ConvTranspose2d: () => new ConvTranspose2d({ ...transposed, kernelSize: [3, 2] }),
  'ConvTranspose2d (stride 2, padding 1, output padding 1)': () =>
    new ConvTranspose2d({ ...transposed, kernelSize: 3, stride: 2, padding: 1, outputPadding: 1 }),
  'ConvTranspose2d (stride 3 above the kernel)': () =>
    new ConvTranspose2d({ ...transposed, kernelSize: 2, stride: 3 }),
  'ConvTranspose2d (dilation 2)': () => new ConvTranspose2d({ ...transposed, kernelSize: 2, dilation: 2 }),
  LayerNorm: () => new LayerNorm({ features: 5 }),
  GroupNorm: () => new GroupNorm({ channels: 4, groups: 2 }),
  gru: () => gru({ inputs: 2, hidden: 3, key }),
  lstm: () => lstm({ inputs: 2, hidden: 3, key }),
  MultiHeadAttention: () => new MultiHeadAttention({ features: 4, heads: 2, key }),
  'MultiHeadAttention (causal)': () => new MultiHeadAttention({ features: 4, heads: 2, causal: true, key }),
  'MultiHeadAttention (causal, rotary)': () =>
    new MultiHeadAttention({ features: 8, heads: 2, causal: true, rotary: true, key }),
  weightNorm: () => new Dense({ inputs: 3, outputs: 2, key, weight: weightNorm() }),
  'spectralNorm (training)': () => new Dense({ inputs: 3, outputs: 2, key, weight: spectralNorm() }),
  spectralNorm: () => new Dense({ inputs: 3, outputs: 2, key, weight: spectralNorm() }),
  SinusoidalEmbedding: () => new SinusoidalEmbedding({ features: 6, scale: 2 }),
  FourierFeatures: () => new FourierFeatures({ inputs: 2, features: 6, learned: true, key }),
  Upsample2d: () => new Upsample2d({ factor: 3 }),
  AveragePool2d: () => new AveragePool2d(),
  Film: () => new Film({ features: 3, contextSize: 4, key }),
  'transformerBlock (condition)': () =>
    transformerBlock({ features: 4, heads: 2, hidden: 6, contextSize: 3, key }),
  'convResidualBlock (condition)': () =>
    convResidualBlock({ inputs: 2, outputs: 4, groups: 2, contextSize: 3, key }),
  SpatialAttention: () => new SpatialAttention({ channels: 4, groups: 2, key }),
  uNet: () =>
    uNet({
      ...{ inputs: 1, outputs: 1, channels: 2, multipliers: [1, 2], blocks: 1, groups: 2 },
      ...{ contextSize: 3, time: { scale: 10 }, key },
    }),
};

describe('agreement with PyTorch', () => {
  it('covers every reference', () => {
    expect(Object.keys(layers).sort()).toEqual(Object.keys(references).sort());
  });

  it.each(Object.entries(layers))('%s', (name, make) => {
    const { input, context, weights, output, inputGradient, gradients, state = {} } = references[name]!;
    const layer = make();
    const { value, gradient } = tolerances();

    tf.tidy(() => {
      const x = tensorOf(input);
      const call = {
        training: name.endsWith('(training)'),
        ...(context !== undefined && { context: tensorOf(context) }),
      };
      const loss = (x: tf.Tensor): tf.Scalar => tf.mul(0.5, tf.sum(tf.square(layer.apply(x, call))));

      assignWeights(layer, weights);
      expectClose(layer.apply(x, call), output, value);
      for (const [path, after] of Object.entries(state))
        expectClose(layer.parameters().get(path)!, after, value);

      assignWeights(layer, weights);
      expectClose(tf.grad(loss)(x), inputGradient, gradient);

      assignWeights(layer, weights);
      if (Object.keys(weights).length === 0) return;
      const { grads } = tf.variableGrads(() => loss(x));
      for (const [path, expected] of Object.entries(gradients)) {
        expectClose(grads[layer.parameters().get(path)!.name]!, expected, gradient);
      }
    });
    layer.dispose();
  });
});

function assignWeights(layer: Layer, weights: Readonly<Record<string, Numbers>>): void {
  expect([...layer.parameters().keys()].sort()).toEqual(Object.keys(weights).sort());
  for (const [path, variable] of layer.parameters()) variable.assign(tensorOf(weights[path]!));
}

function expectClose(actual: tf.Tensor, expected: Numbers, tolerance: Tolerance): void {
  expect(actual.shape).toEqual(tensorOf(expected).shape);
  expect(actual.dataSync()).toBeCloseToArray(flatten(expected), tolerance);
}
