import { conditional, normalHead, Key, mlp } from '@dgm/core';
import type { ModelCase, ModelTable } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import {
  dataPseudoInputs,
  gtmPrior,
  gtmVampPrior,
  meanPseudoInputs,
  mixtureOfGaussiansPrior,
  modelPrior,
  randomPseudoInputs,
  resampledPrior,
  vampPrior,
} from '../src/index';
import { DensityModel } from './support/density-model';

const shape = [2];
const INPUTS = 3;

/** Two clusters, at (-2, -2) and (2, 2). */
export const clusters = () =>
  tf.tidy(() => {
    const cluster = tf.sub(tf.mul(4, Key.of(1).bernoulli([48, 1], 0.5)), 2);
    return tf.add(cluster, tf.mul(0.4, Key.of(2).normal([48, 2])));
  });

const inputs = {
  count: 20,
  shape: [INPUTS],
  values: Float32Array.from({ length: 20 * INPUTS }, (_, i) => Math.sin(i)),
};

/** A prior that borrows an encoder, in a model that owns it. */
function sharing(key: Key, make: (encoder: ReturnType<typeof conditional>) => ReturnType<typeof vampPrior>) {
  const encoder = conditional(mlp([INPUTS, 16, 4], { key: key.fold('encoder') }), normalHead({ shape }));
  return new DensityModel(shape, make(encoder), encoder);
}

const packages = [{ modelParts: { package: 'priors-tests', version: '0', parts: { DensityModel } } }];
const prior = (make: ModelCase['make']) => (): ModelCase => ({ make, data: clusters, packages });

export const priors: ModelTable = {
  mixtureOfGaussiansPrior: prior(
    (key) => new DensityModel(shape, mixtureOfGaussiansPrior({ shape, components: 4, key, spread: 2 })),
  ),
  'mixtureOfGaussiansPrior (equal weights)': prior(
    (key) =>
      new DensityModel(shape, mixtureOfGaussiansPrior({ shape, components: 3, key, weights: 'equal' })),
  ),
  'vampPrior (random pseudo-inputs)': prior((key) =>
    sharing(key, (encoder) =>
      vampPrior({ encoder, key, pseudoInputs: randomPseudoInputs({ count: 4, shape: [INPUTS], max: 3 }) }),
    ),
  ),
  'vampPrior (data)': prior((key) =>
    sharing(key, (encoder) =>
      vampPrior({ encoder, key, weights: 'equal', pseudoInputs: dataPseudoInputs(inputs, { count: 5 }) }),
    ),
  ),
  'vampPrior (mean)': prior((key) =>
    sharing(key, (encoder) =>
      vampPrior({ encoder, key, pseudoInputs: meanPseudoInputs(inputs, { count: 3 }) }),
    ),
  ),
  gtmPrior: prior(
    (key) =>
      new DensityModel(
        shape,
        gtmPrior({
          network: mlp([2, 16, 4], { key, activation: 'tanh' }),
          components: normalHead({ shape }),
          grid: { pointsPerAxis: 3 },
        }),
      ),
  ),
  gtmVampPrior: prior((key) =>
    sharing(key, (encoder) =>
      gtmVampPrior({
        encoder,
        network: mlp([1, 16, INPUTS], { key, activation: 'tanh' }),
        grid: { pointsPerAxis: 5, dimensions: 1, range: [-2, 2] },
      }),
    ),
  ),
  modelPrior: prior(
    (key) =>
      new DensityModel(
        shape,
        modelPrior(new DensityModel(shape, mixtureOfGaussiansPrior({ shape, components: 2, key }))),
      ),
  ),
  resampledPrior: prior(
    (key) =>
      new DensityModel(
        shape,
        resampledPrior({
          network: mlp([2, 16, 1], { key, activation: 'tanh' }),
          shape,
          key,
          truncation: 20,
          normalizerSamples: 512,
          evaluationSamples: 4096,
        }),
      ),
  ),
};
