import type { LayerTable, Numbers } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import {
  ActivationLayer,
  ActNorm,
  AdaptiveResidual,
  asLayer,
  AveragePool2d,
  contextEmbedding,
  Conv1d,
  Conv2d,
  convDecoder,
  convEncoder,
  convResidualBlock,
  ConvTranspose2d,
  Dense,
  Dropout,
  EmbeddedContext,
  Embedding,
  Film,
  Flatten,
  FourierFeatures,
  GroupNorm,
  gru,
  Key,
  LayerNorm,
  lstm,
  maskedWeight,
  mlp,
  MultiHeadAttention,
  Reshape,
  Residual,
  residualBlock,
  residualMlp,
  ScalePixels,
  Sequential,
  SinusoidalEmbedding,
  SpatialAttention,
  spectralNorm,
  trainable,
  transformerBlock,
  uNet,
  Upsample2d,
  weightNorm,
  type Layer,
} from '@dgm/core';

/** Numbers without structure of the given shape, the same in each run. */
function numbers(shape: readonly number[], seed = 7): Numbers {
  const tensor = Key.of(seed).normal(shape);
  const values = tensor.arraySync() as Numbers;
  tensor.dispose();
  return values;
}

/** A layer whose weights that start at 0 are moved, so that something depends on everything. */
function stirred(layer: Layer, key: Key): Layer {
  tf.tidy(() => {
    for (const [path, variable] of trainable(layer))
      variable.assign(tf.add(variable, tf.mul(0.3, key.fold(path).normal(variable.shape))));
  });
  return layer;
}

/** A call with a condition that outlives the tables. */
const conditioned = (shape: readonly number[]) => ({
  context: tf.tidy(() => tf.keep(Key.of(9).normal(shape))),
});

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
  maskedWeight: () => ({
    make: (key) => new Dense({ inputs: 3, outputs: 2, key, weight: maskedWeight([0, 1, 0, 1, 1, 1]) }),
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
  'ActivationLayer (leaky ReLU of a slope)': () => ({
    make: () => new ActivationLayer({ name: 'leakyRelu', slope: 0.2 }),
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
  SinusoidalEmbedding: () => ({
    make: () => new SinusoidalEmbedding({ features: 4, maxPeriod: 100 }),
    input: numbers([3, 2]),
    outputShape: [3, 2, 4],
  }),
  FourierFeatures: () => ({
    make: (key) => new FourierFeatures({ inputs: 2, features: 4, scale: 0.5, key }),
    input: numbers([3, 2]),
    outputShape: [3, 4],
    wrongShapes: [[3, 3], []],
  }),
  'FourierFeatures (learned)': () => ({
    make: (key) => new FourierFeatures({ inputs: 2, features: 4, scale: 0.3, learned: true, key }),
    input: numbers([2, 3, 2]),
    outputShape: [2, 3, 4],
  }),
  Film: () => ({
    make: (key) => new Film({ features: 3, contextSize: 2, key }),
    input: numbers([2, 2, 3]),
    call: conditioned([2, 2]),
    outputShape: [2, 2, 3],
    wrongShapes: [
      [2, 2, 4],
      [3, 3],
    ],
  }),
  AdaptiveResidual: () => ({
    make: (key) => {
      const body = mlp([3, 4, 3], { key, activation: 'swish' });
      return stirred(new AdaptiveResidual({ body, features: 3, contextSize: 2, key }), key);
    },
    input: numbers([2, 2, 3]),
    call: conditioned([2, 2]),
    outputShape: [2, 2, 3],
    wrongShapes: [
      [2, 2, 4],
      [3, 3],
    ],
  }),
  contextEmbedding: () => ({
    make: (key) => contextEmbedding({ contextSize: 3, features: 4, time: true, key }),
    input: numbers([3, 3]),
    outputShape: [3, 4],
  }),
  EmbeddedContext: () => ({
    make: (key) =>
      new EmbeddedContext({
        embedding: mlp([2, 3], { key, outputActivation: 'tanh' }),
        body: new Film({ features: 2, contextSize: 3, key }),
        contextSize: 2,
      }),
    input: numbers([3, 2]),
    call: conditioned([3, 2]),
    outputShape: [3, 2],
    wrongShapes: [[2, 2]],
  }),
  residualMlp: () => ({
    make: (key) => residualMlp({ inputs: 3, outputs: 2, features: 4, blocks: 1, key }),
    input: numbers([4, 3]),
    outputShape: [4, 2],
    wrongShapes: [[4, 2]],
  }),
  'residualMlp (time and condition, dropout)': () => ({
    make: (key) =>
      stirred(
        residualMlp({
          ...{
            inputs: 3,
            outputs: 2,
            features: 4,
            blocks: 1,
            contextSize: 3,
            time: { scale: 2 },
            dropout: 0.3,
          },
          key,
        }),
        key,
      ),
    input: numbers([2, 3]),
    call: { ...conditioned([2, 3]), training: true, key: Key.of(3) },
    outputShape: [2, 2],
    wrongShapes: [[3, 3]],
  }),
  transformerBlock: () => ({
    make: (key) => transformerBlock({ features: 4, heads: 2, hidden: 6, causal: true, key }),
    // Differences of smaller steps are mostly the rounding of its many float32 sums.
    step: 2 ** -4,
    input: numbers([2, 3, 4]),
    outputShape: [2, 3, 4],
    wrongShapes: [[2, 3, 3]],
  }),
  'transformerBlock (condition)': () => ({
    make: (key) => stirred(transformerBlock({ features: 4, heads: 2, hidden: 6, contextSize: 2, key }), key),
    input: numbers([2, 3, 4]),
    call: conditioned([2, 2]),
    outputShape: [2, 3, 4],
  }),
  Flatten: () => ({
    make: () => new Flatten(),
    input: numbers([2, 3, 2]),
    outputShape: [2, 6],
    wrongShapes: [[]],
  }),
  ScalePixels: () => ({
    make: () => new ScalePixels({ levels: 256 }),
    input: numbers([2, 6]),
    outputShape: [2, 6],
  }),
  Reshape: () => ({
    make: () => new Reshape({ shape: [3, 2] }),
    input: numbers([2, 6]),
    outputShape: [2, 3, 2],
    wrongShapes: [[2, 5], []],
  }),
  Upsample2d: () => ({
    make: () => new Upsample2d(),
    input: numbers([2, 2, 3, 2]),
    outputShape: [2, 4, 6, 2],
    wrongShapes: [[2, 3, 2]],
  }),
  AveragePool2d: () => ({
    make: () => new AveragePool2d(),
    input: numbers([2, 2, 4, 2]),
    outputShape: [2, 1, 2, 2],
    wrongShapes: [
      [2, 4, 2],
      [2, 3, 4, 2],
    ],
  }),
  convResidualBlock: () => ({
    make: (key) =>
      stirred(
        convResidualBlock({ inputs: 2, outputs: 4, groups: 2, contextSize: 2, dropout: 0.2, key }),
        key,
      ),
    input: numbers([2, 2, 3, 2]),
    call: { ...conditioned([2, 2]), training: true, key: Key.of(3) },
    outputShape: [2, 2, 3, 4],
    wrongShapes: [[2, 2, 3, 3]],
  }),
  SpatialAttention: () => ({
    make: (key) => new SpatialAttention({ channels: 4, heads: 2, groups: 2, key }),
    input: numbers([2, 2, 2, 4]),
    outputShape: [2, 2, 2, 4],
    wrongShapes: [[2, 4, 4]],
  }),
  uNet: () => ({
    make: (key) =>
      stirred(
        uNet({
          ...{ inputs: 1, outputs: 2, channels: 2, multipliers: [1, 2], blocks: 1, groups: 2, heads: 2 },
          ...{ contextSize: 2, time: true, key },
        }),
        key,
      ),
    input: numbers([1, 4, 4, 1]),
    call: conditioned([1, 2]),
    outputShape: [1, 4, 4, 2],
    // PyTorch's gradients are in nn.golden.test.ts.
    inputGradient: false,
    weightGradient: false,
    secondOrder: true,
    wrongShapes: [
      [1, 4, 4, 2],
      [2, 4, 4, 1],
    ],
  }),
  'uNet (7 x 5, without condition)': () => ({
    make: (key) =>
      stirred(
        uNet({ inputs: 1, outputs: 1, channels: 2, multipliers: [1, 1], blocks: 1, groups: 1, key }),
        key,
      ),
    input: () => Key.of(7).normal([2, 7, 5, 1]),
    outputShape: [2, 7, 5, 1],
    weightGradient: false,
  }),
  convEncoder: () => ({
    make: (key) => convEncoder({ plane: [4, 8], hidden: [2, 3], outputs: 4, activation: 'tanh', key }),
    input: () => Key.of(5).normal([2, 4, 8]),
    outputShape: [2, 4],
    wrongShapes: [[2, 5, 8]],
  }),
  convDecoder: () => ({
    make: (key) =>
      convDecoder({ plane: [4, 8], latent: 3, hidden: [2, 3], outputs: 3 * 32, activation: 'tanh', key }),
    input: numbers([2, 3]),
    outputShape: [2, 96],
    wrongShapes: [[2, 4]],
  }),
};
