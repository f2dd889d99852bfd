import { Key, mlp } from '@dgm/core';
import type { ModelTable } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import {
  channelConditionalEntropy,
  factorizedEntropy,
  hyperpriorEntropy,
  neuralCompressor,
  noiseQuantizer,
  softQuantizer,
  straightThroughQuantizer,
  vectorCodebook,
} from '../src/index';
import type { EntropyModel, NeuralCompressor, NeuralCompressorOptions } from '../src/index';

const DIMS = 6;
const SIZE = 4;

function small(
  entropyModel: EntropyModel,
  key: Key,
  options: Partial<NeuralCompressorOptions> = {},
): NeuralCompressor {
  return neuralCompressor({
    eventShape: [DIMS],
    encoder: mlp([DIMS, 8, entropyModel.size], { key: key.fold('encoder') }),
    decoder: mlp([entropyModel.size, 8, DIMS], { key: key.fold('decoder') }),
    entropyModel,
    beta: 0.1,
    range: [0, 15],
    ...options,
  });
}

export const factorized = (key: Key, options: Partial<NeuralCompressorOptions> = {}): NeuralCompressor =>
  small(factorizedEntropy({ size: SIZE, channels: 2 }), key, options);

export const hyperprior = (key: Key): NeuralCompressor =>
  small(
    hyperpriorEntropy({
      size: SIZE,
      encoder: mlp([SIZE, 8, 2], { key: key.fold('h_a') }),
      decoder: mlp([2, 8, 3 * SIZE], { key: key.fold('h_s'), activation: 'tanh' }),
      side: factorizedEntropy({ size: 2, components: 1 }),
    }),
    key,
  );

export const channelConditional = (key: Key): NeuralCompressor =>
  small(
    channelConditionalEntropy({
      groups: [1, 3],
      networks: [mlp([1 + 3, 8, 3 * 2 * 3], { key: key.fold('groups'), activation: 'tanh' })],
      components: 2,
      rates: 3,
    }),
    key,
    { beta: [1, 0.1, 0.01] },
  );

/** Two indices of eight vectors. */
export const ofVectors = (key: Key): NeuralCompressor =>
  small(vectorCodebook({ positions: 2, codes: 8, dims: 2, key: key.fold('codebook') }), key, {
    range: [-15, 15],
  });

const data = () => tf.tidy(() => tf.round(tf.add(7, tf.mul(3, Key.of(1).normal([32, DIMS])))));
const steps = 40;

/** The quantizers and entropy models. Logits of one component have no gradient, as there is nothing to weigh. */
export const compressors: ModelTable = {
  'neuralCompressor (factorized)': () => ({ make: (key) => factorized(key), data, steps, range: [0, 15] }),
  'neuralCompressor (straight-through)': () => ({
    make: (key) => factorized(key, { quantizer: straightThroughQuantizer() }),
    data,
    steps,
  }),
  'neuralCompressor (noise)': () => ({
    make: (key) => factorized(key, { quantizer: noiseQuantizer() }),
    data,
    steps,
  }),
  'neuralCompressor (soft)': () => ({
    make: (key) => factorized(key, { quantizer: softQuantizer() }),
    data,
    steps,
  }),
  'neuralCompressor (hyperprior)': () => ({ make: hyperprior, data, steps }),
  'neuralCompressor (channel-conditional, rates)': () => ({ make: channelConditional, data, steps }),
  'neuralCompressor (vector codebook)': () => ({
    make: ofVectors,
    // Vectors start with a length of about 1, and so do the encoder's outputs here.
    data: () => Key.of(1).normal([32, DIMS]),
    steps,
  }),
};
