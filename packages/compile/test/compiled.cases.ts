import {
  adam,
  adamax,
  adamW,
  ActNorm,
  bernoulliHead,
  categoricalHead,
  Conv1d,
  Conv2d,
  ConvTranspose2d,
  Dense,
  Dropout,
  Embedding,
  normalHead,
  GroupNorm,
  gru,
  Key,
  LayerNorm,
  lstm,
  mlp,
  MultiHeadAttention,
  residualBlock,
  rmsprop,
  Sequential,
  sgd,
  spectralNorm,
  weightNorm,
} from '@dgm/core';
import type { DistributionHead, Layer, StepOptions } from '@dgm/core';
import type { CompiledTable } from '@dgm/testing';
import { vae } from '@dgm/vae';
import type { VaeOptions } from '@dgm/vae';
import * as tf from '@tensorflow/tfjs-core';
import { Denoiser } from './support/network-model';
import { Shares } from './support/shares';

const DIMS = 6;

const integers = (values: number) => () =>
  tf.tidy(() => tf.floor(Key.of(1).uniform([9, DIMS], { max: values })));
const reals =
  (...event: number[]) =>
  () =>
    Key.of(1).normal([9, ...event]);

const encoder = (key: Key) => mlp([DIMS, 16, 4], { key: key.fold('encoder'), activation: 'leakyRelu' });

function smallVae(likelihood: DistributionHead, key: Key, options: Partial<VaeOptions> = {}) {
  return vae({
    decoder: mlp([2, 16, likelihood.numParameters], { key: key.fold('decoder'), activation: 'leakyRelu' }),
    posterior: normalHead({ shape: [2] }),
    likelihood,
    ...options,
    encoder: options.encoder ?? encoder(key),
  });
}

export const models: CompiledTable = {
  'vae (categorical)': () => ({
    make: (key) => smallVae(categoricalHead({ shape: [DIMS], levels: 5 }), key),
    data: integers(5),
    training: { optimizer: adamax({ learningRate: 1e-3 }) },
  }),
  'vae (bernoulli, Monte-Carlo regularizer)': () => ({
    make: (key) => smallVae(bernoulliHead({ shape: [DIMS] }), key, { regularizer: 'monte-carlo' }),
    data: integers(2),
  }),
  'vae (gaussian)': () => ({
    make: (key) => smallVae(normalHead({ shape: [DIMS] }), key),
    data: reals(DIMS),
  }),
};

/** A network of core's layers, trained to denoise. */
const network =
  (make: (key: Key) => Layer, ...event: number[]): CompiledTable[string] =>
  () => ({
    make: (key) => new Denoiser({ network: make(key), eventShape: event }),
    data: reals(...event),
    // Weights with a gradient of 0 (a shift before a norm): Adam would blow up its rounding.
    training: { optimizer: sgd({ learningRate: 1e-2, momentum: 0.9 }) },
  });

export const networks: CompiledTable = {
  'Conv1d (causal, dilated)': network(
    (key) =>
      new Sequential([
        new Conv1d({ inputs: 2, outputs: 4, kernelSize: 3, padding: 'causal', dilation: 2, key }),
        new Conv1d({ inputs: 4, outputs: 2, kernelSize: 3, padding: 'same', key: key.fold(1) }),
      ]),
    8,
    2,
  ),
  'Conv1d (many channels)': network(
    (key) =>
      new Sequential([
        new Conv1d({ inputs: 2, outputs: 32, kernelSize: 5, padding: 'causal', key }),
        new Conv1d({ inputs: 32, outputs: 2, kernelSize: 5, padding: 'causal', key: key.fold(1) }),
      ]),
    8,
    2,
  ),
  'Conv2d (in the frequency domain)': network(
    (key) =>
      new Sequential([
        new Conv2d({ inputs: 2, outputs: 16, kernelSize: 1, key }),
        new Conv2d({ inputs: 16, outputs: 16, kernelSize: 5, padding: 'same', key: key.fold(1) }),
        new Conv2d({ inputs: 16, outputs: 2, kernelSize: 1, key: key.fold(2) }),
      ]),
    6,
    8,
    2,
  ),
  'Conv2d and ConvTranspose2d': network(
    (key) =>
      new Sequential([
        new Conv2d({ inputs: 1, outputs: 4, kernelSize: 4, stride: 2, padding: 'same', key }),
        new ConvTranspose2d({
          inputs: 4,
          outputs: 1,
          kernelSize: 4,
          stride: 2,
          padding: 'same',
          key: key.fold(1),
        }),
      ]),
    6,
    8,
    1,
  ),
  'weightNorm and spectralNorm': network(
    (key) =>
      new Sequential([
        new Dense({ inputs: 3, outputs: 5, key, weight: weightNorm() }),
        new Dense({ inputs: 5, outputs: 3, key: key.fold(1), weight: spectralNorm() }),
      ]),
    3,
  ),
  gru: network((key) => gru({ inputs: 3, hidden: 3, key }), 5, 3),
  lstm: network((key) => lstm({ inputs: 3, hidden: 3, key }), 5, 3),
  MultiHeadAttention: network(
    (key) => new MultiHeadAttention({ features: 4, heads: 2, causal: true, key }),
    5,
    4,
  ),
  'norms, dropout and residuals': network(
    (key) =>
      new Sequential([
        new Dense({ inputs: 4, outputs: 8, key }),
        new LayerNorm({ features: 8 }),
        new GroupNorm({ channels: 8, groups: 2 }),
        residualBlock({ features: 8, hidden: 8, key: key.fold(1), activation: 'elu' }),
        new ActNorm({ features: 8 }),
        new Dropout({ rate: 0.3 }),
        mlp([8, 8, 4], { key: key.fold(2), activation: 'gelu' }),
      ]),
    3,
    4,
  ),
  'activations softplus, swish, tanh, sigmoid, relu': network(
    (key) =>
      new Sequential(
        (['softplus', 'swish', 'tanh', 'sigmoid', 'relu'] as const).map((activation, index) =>
          mlp([4, 8, 4], { key: key.fold(index), activation }),
        ),
      ),
    4,
  ),
  'shares of features (a sum of one element in the gradient)': network(
    (key) => new Sequential([mlp([4, 8, 8, 6], { key }), new Shares(6), mlp([6, 4], { key: key.fold(1) })]),
    4,
  ),
};

/** One small network under every optimizer and every option of a step. */
const trainedBy = (training: Partial<StepOptions>): CompiledTable[string] => {
  const base = network((key) => mlp([3, 8, 3], { key, activation: 'tanh' }), 3);
  return () => ({ ...base(), training });
};

export const optimizers: CompiledTable = {
  sgd: trainedBy({ optimizer: sgd({ learningRate: 0.1 }) }),
  'sgd (momentum, Nesterov)': trainedBy({
    optimizer: sgd({ learningRate: 0.05, momentum: 0.9, nesterov: true }),
  }),
  adam: trainedBy({ optimizer: adam({ learningRate: 1e-2 }) }),
  'adam (penalized)': trainedBy({
    optimizer: adam({ learningRate: 1e-2, epsilon: 0, rootEpsilon: 1e-4, l2: 0.1 }),
  }),
  adamW: trainedBy({ optimizer: adamW({ learningRate: 1e-2 }) }),
  adamax: trainedBy({ optimizer: adamax({ learningRate: 1e-2 }) }),
  rmsprop: trainedBy({ optimizer: rmsprop({ learningRate: 1e-3, momentum: 0.5 }) }),
  'sgd (clipped)': trainedBy({ optimizer: sgd({ learningRate: 0.1 }), clipNorm: 0.5 }),
  'adam (averaged)': trainedBy({ optimizer: adam({ learningRate: 1e-2 }), ema: { decay: 0.9 } }),
  'adam (clipped, averaged, scheduled)': trainedBy({
    optimizer: adam({ learningRate: (step) => 1e-2 / (step + 1) }),
    clipNorm: 0.5,
    ema: { decay: 0.9 },
  }),
};

/** Integers into an embedding: a gradient that is scattered. */
export const sequences: CompiledTable = {
  'Embedding in a vae': () => ({
    make: (key) =>
      smallVae(categoricalHead({ shape: [DIMS], levels: 5 }), key, {
        encoder: new Sequential([
          new Embedding({ values: 5, features: 3, key: key.fold('embedding') }),
          flattened(DIMS * 3),
          mlp([DIMS * 3, 4], { key: key.fold('encoder') }),
        ]),
      }),
    data: integers(5),
  }),
};

function flattened(size: number): Layer {
  return {
    apply: (x) => tf.reshape(x, [-1, size]),
    parameters: () => new Map(),
    dispose: () => undefined,
  };
}
