import type { LayerTable, Numbers } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import {
  ActivationLayer,
  ActNorm,
  asLayer,
  Conv1d,
  Conv2d,
  ConvTranspose2d,
  Dense,
  Dropout,
  Embedding,
  GroupNorm,
  gru,
  Key,
  LayerNorm,
  lstm,
  masked,
  mlp,
  MultiHeadAttention,
  Residual,
  residualBlock,
  Sequential,
  spectralNorm,
  weightNorm,
} from '../src/index';

/** Numbers without structure of the given shape, the same in each run. */
function numbers(shape: readonly number[], seed = 7): Numbers {
  const tensor = Key.of(seed).normal(shape);
  const values = tensor.arraySync() as Numbers;
  tensor.dispose();
  return values;
}

/** Every layer in the sizes in which the contract kit tries it. */
export const layers: LayerTable = {
  Dense: () => ({
    make: (key) => new Dense({ inputs: 3, outputs: 2, key }),
    input: numbers([4, 3]),
    outputShape: [4, 2],
    wrongShapes: [[4, 2], [3, 4], []],
  }),
  'Dense (rank 3, without bias)': () => ({
    make: (key) => new Dense({ inputs: 3, outputs: 2, bias: false, key }),
    input: numbers([2, 2, 3]),
    outputShape: [2, 2, 2],
  }),
  'Dense (one vector)': () => ({
    make: (key) => new Dense({ inputs: 3, outputs: 2, key }),
    input: numbers([3]),
    outputShape: [2],
  }),
  'Dense (no rows)': () => ({
    make: (key) => new Dense({ inputs: 3, outputs: 2, key }),
    input: () => tf.zeros([0, 2, 3]),
    outputShape: [0, 2, 2],
    weightGradient: false,
    zeroGradient: ['kernel', 'bias'],
  }),
  weightNorm: () => ({
    make: (key) => new Dense({ inputs: 3, outputs: 2, key, weight: weightNorm() }),
    input: numbers([4, 3]),
    outputShape: [4, 2],
  }),
  'weightNorm (convolution)': () => ({
    make: (key) => new Conv1d({ inputs: 2, outputs: 3, kernelSize: 2, key, weight: weightNorm() }),
    input: numbers([2, 4, 2]),
    outputShape: [2, 3, 3],
  }),
  spectralNorm: () => ({
    make: (key) => new Dense({ inputs: 3, outputs: 2, key, weight: spectralNorm({ coefficient: 0.9 }) }),
    input: numbers([4, 3]),
    outputShape: [4, 2],
  }),
  'spectralNorm (transposed convolution)': () => ({
    make: (key) => new ConvTranspose2d({ inputs: 3, outputs: 2, kernelSize: 2, key, weight: spectralNorm() }),
    input: numbers([1, 2, 2, 3]),
    outputShape: [1, 3, 3, 2],
  }),
  masked: () => ({
    make: (key) => new Dense({ inputs: 3, outputs: 2, key, weight: masked([0, 1, 0, 1, 1, 1]) }),
    input: numbers([4, 3]),
    outputShape: [4, 2],
  }),
  Conv1d: () => ({
    make: (key) => new Conv1d({ inputs: 2, outputs: 3, kernelSize: 3, padding: 'same', key }),
    input: numbers([2, 5, 2]),
    outputShape: [2, 5, 3],
    wrongShapes: [
      [2, 5, 3],
      [5, 2],
      [2, 5, 1, 2],
    ],
  }),
  'Conv1d (causal, dilation 2)': () => ({
    make: (key) => new Conv1d({ inputs: 2, outputs: 3, kernelSize: 3, padding: 'causal', dilation: 2, key }),
    input: numbers([2, 6, 2]),
    outputShape: [2, 6, 3],
  }),
  'Conv1d (valid, stride 2)': () => ({
    make: (key) => new Conv1d({ inputs: 2, outputs: 3, kernelSize: 3, stride: 2, key }),
    input: numbers([2, 6, 2]),
    outputShape: [2, 2, 3],
    wrongShapes: [[2, 2, 2]],
  }),
  Conv2d: () => ({
    make: (key) => new Conv2d({ inputs: 2, outputs: 3, kernelSize: 3, padding: 'same', key }),
    input: numbers([2, 3, 4, 2]),
    outputShape: [2, 3, 4, 3],
    wrongShapes: [
      [2, 3, 4, 3],
      [3, 4, 2],
      [2, 3, 4, 2, 1],
    ],
  }),
  'Conv2d (stride 2, same)': () => ({
    make: (key) => new Conv2d({ inputs: 2, outputs: 2, kernelSize: 3, stride: 2, padding: 'same', key }),
    input: numbers([1, 4, 5, 2]),
    outputShape: [1, 2, 3, 2],
  }),
  'Conv2d (dilation [1, 2], without bias)': () => ({
    make: (key) =>
      new Conv2d({ inputs: 1, outputs: 2, kernelSize: [2, 3], dilation: [1, 2], bias: false, key }),
    input: numbers([1, 3, 6, 1]),
    outputShape: [1, 2, 2, 2],
    wrongShapes: [[1, 3, 4, 1]],
  }),
  ConvTranspose2d: () => ({
    make: (key) =>
      new ConvTranspose2d({ inputs: 3, outputs: 2, kernelSize: 4, stride: 2, padding: 'same', key }),
    input: numbers([1, 2, 3, 3]),
    outputShape: [1, 4, 6, 2],
    wrongShapes: [
      [1, 2, 3, 2],
      [2, 3, 3],
    ],
  }),
  Embedding: () => ({
    make: (key) => new Embedding({ values: 3, features: 2, key }),
    input: [
      [0, 2],
      [1, 2],
    ],
    inputGradient: false,
    outputShape: [2, 2, 2],
  }),
  'Embedding (int32)': () => ({
    make: (key) => new Embedding({ values: 3, features: 2, key }),
    input: () => tf.tensor1d([2, 0, 1], 'int32'),
    outputShape: [3, 2],
  }),
  LayerNorm: () => ({
    make: () => new LayerNorm({ features: 5 }),
    input: numbers([2, 2, 5]),
    outputShape: [2, 2, 5],
    wrongShapes: [[5, 2], []],
  }),
  GroupNorm: () => ({
    make: () => new GroupNorm({ channels: 4, groups: 2 }),
    input: numbers([2, 2, 2, 4]),
    outputShape: [2, 2, 2, 4],
    wrongShapes: [[2, 2, 2, 2], [4]],
  }),
  ActNorm: () => ({
    make: () => new ActNorm({ features: 3 }),
    input: numbers([4, 3]),
    outputShape: [4, 3],
    wrongShapes: [[3, 4]],
  }),
  Dropout: () => ({
    make: () => new Dropout({ rate: 0.5 }),
    input: numbers([4, 3]),
    call: { training: true, key: Key.of(3) },
    outputShape: [4, 3],
  }),
  ActivationLayer: () => ({
    make: () => new ActivationLayer('gelu'),
    input: numbers([4, 3]),
    outputShape: [4, 3],
  }),
  Sequential: () => ({
    make: (key) =>
      new Sequential([
        new Dense({ inputs: 3, outputs: 4, key }),
        new ActivationLayer('tanh'),
        new Dropout({ rate: 0.2 }),
        new Dense({ inputs: 4, outputs: 2, key: key.fold(1) }),
      ]),
    input: numbers([4, 3]),
    call: { training: true, key: Key.of(5) },
    outputShape: [4, 2],
    wrongShapes: [[4, 2]],
  }),
  'Sequential (empty)': () => ({
    make: () => new Sequential([]),
    input: numbers([4, 3]),
    outputShape: [4, 3],
  }),
  mlp: () => ({
    make: (key) => mlp([3, 4, 2], { key, activation: 'swish', outputActivation: 'softplus' }),
    input: numbers([4, 3]),
    outputShape: [4, 2],
    wrongShapes: [[4, 2]],
  }),
  Residual: () => ({
    make: (key) =>
      new Residual({
        body: mlp([3, 4, 2], { key, activation: 'tanh' }),
        shortcut: new Dense({ inputs: 3, outputs: 2, key: key.fold('shortcut') }),
      }),
    input: numbers([4, 3]),
    outputShape: [4, 2],
  }),
  residualBlock: () => ({
    make: (key) => residualBlock({ features: 3, hidden: 4, key, activation: 'elu' }),
    input: numbers([4, 3]),
    outputShape: [4, 3],
    wrongShapes: [[4, 2]],
  }),
  gru: () => ({
    make: (key) => gru({ inputs: 2, hidden: 3, key }),
    input: numbers([2, 4, 2]),
    outputShape: [2, 4, 3],
    wrongShapes: [
      [2, 4, 3],
      [4, 2],
    ],
  }),
  lstm: () => ({
    make: (key) => lstm({ inputs: 2, hidden: 3, key }),
    input: numbers([2, 4, 2]),
    outputShape: [2, 4, 3],
    wrongShapes: [
      [2, 4, 3],
      [4, 2],
    ],
  }),
  MultiHeadAttention: () => ({
    make: (key) => new MultiHeadAttention({ features: 4, heads: 2, key }),
    input: numbers([2, 3, 4]),
    outputShape: [2, 3, 4],
    wrongShapes: [
      [2, 3, 3],
      [3, 4],
    ],
  }),
  'MultiHeadAttention (causal)': () => ({
    make: (key) => new MultiHeadAttention({ features: 4, heads: 2, causal: true, key }),
    input: numbers([2, 3, 4]),
    outputShape: [2, 3, 4],
  }),
  'MultiHeadAttention (causal, rotary)': () => ({
    make: (key) => new MultiHeadAttention({ features: 8, heads: 2, causal: true, rotary: true, key }),
    input: numbers([2, 3, 8]),
    outputShape: [2, 3, 8],
  }),
  asLayer: () => ({
    make: (key) => {
      const initial = key.normal([3, 2]);
      const kernel = tf.variable(initial);
      initial.dispose();
      return asLayer((x) => tf.matMul(x, kernel), { parameters: { kernel } });
    },
    input: numbers([4, 3]),
    outputShape: [4, 2],
  }),
};
