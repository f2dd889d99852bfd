import { made } from '@dgm/arm';
import { categoricalHead, Flatten, Key, mlp, oneHot, Sequential, sizeOf, standardNormal } from '@dgm/core';
import type { ConditionalDistribution, GenerativeModel } from '@dgm/core';
import type { ModelTable } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import {
  adversarialPenalty,
  autoencoder,
  gumbelSoftmax,
  mmdPenalty,
  OneHotCategorical,
  vae,
  vqVae,
} from '../src/index';
import type { LatentPenalty, Vae, VqVae } from '../src/index';

const DIMS = 6;
const VALUES = 5;
const likelihood = categoricalHead({ shape: [DIMS], levels: VALUES });

/** Two clusters of integers from 0 to 4. */
const integers = () =>
  tf.tidy(() => {
    const cluster = Key.of(1).bernoulli([32, 1], 0.5);
    const noise = Key.of(2).bernoulli([32, DIMS], 0.2);
    return tf.mul(tf.abs(tf.sub(tf.tile(cluster, [1, DIMS]), noise)), VALUES - 1);
  });

/** Every tuple of `length` numbers from 0 to `values` - 1. */
function tuples(values: number, length: number): number[][] {
  if (length === 0) return [[]];
  const digits = Array.from({ length: values }, (_, digit) => digit);
  return tuples(values, length - 1).flatMap((start) => digits.map((digit) => [...start, digit]));
}

/** $\ln \sum_c p(c)\, p(x|c)$, where `joint` gives each term for all examples, `[n]`. */
const summedOver = (terms: readonly Tensor[]) => tf.logSumExp(tf.stack([...terms]), 0);

const discreteVae = (estimator: 'straight-through' | 'relaxed') => (key: Key) =>
  vae({
    encoder: mlp([DIMS, 16, 6], { key: key.fold('encoder') }),
    decoder: mlpOfCodes(key.fold('decoder')),
    posterior: gumbelSoftmax({ variables: 2, classes: 3, estimator }),
    likelihood,
    prior: new OneHotCategorical([2, 3], { eventRank: 2 }),
  });

/** A dense network of the one-hot vectors laid side by side. */
function mlpOfCodes(key: Key) {
  return new Sequential([new Flatten(), mlp([6, 16, likelihood.numParameters], { key })]);
}
const exactByOneHot = (model: GenerativeModel, x: Tensor): Tensor =>
  summedOver(
    tuples(3, 2).map((codes) => {
      const z = tf.tile(oneHot(tf.tensor2d([codes]), { depth: 3 }), [x.shape[0]!, 1, 1]);
      return tf.sub((model as Vae).decode(z).logProb(x), 2 * Math.log(3));
    }),
  );

const codebook = { positions: 2, codes: 4, dims: 3 };
const quantized = (key: Key, prior?: ConditionalDistribution) =>
  vqVae({
    encoder: mlp([DIMS, 16, 6], { key: key.fold('encoder') }),
    decoder: mlp([6, 16, likelihood.numParameters], { key: key.fold('decoder') }),
    likelihood,
    codebook,
    ...(prior && { prior }),
    key: key.fold('codebook'),
  });
const exactByCodes =
  (logPrior: (codes: Tensor) => Tensor) =>
  (model: GenerativeModel, x: Tensor): Tensor =>
    summedOver(
      tuples(codebook.codes, codebook.positions).map((codes) => {
        const c = tf.tile(tf.tensor2d([codes]), [x.shape[0]!, 1]);
        return tf.add((model as VqVae).decode(c).logProb(x), logPrior(c));
      }),
    );

const penalized = (penalty: (key: Key) => LatentPenalty) => (key: Key) =>
  autoencoder({
    encoder: mlp([DIMS, 16, 2], { key: key.fold('encoder') }),
    decoder: mlp([2, 16, likelihood.numParameters], { key: key.fold('decoder') }),
    likelihood,
    latents: 2,
    penalty: penalty(key.fold('penalty')),
  });

/** Models with discrete latents, and auto-encoders without a posterior. */
export const codeModels: ModelTable = {
  'vae (gumbel-softmax)': () => ({
    make: discreteVae('straight-through'),
    data: integers,
    range: [0, VALUES - 1],
    exactLogLikelihood: exactByOneHot,
  }),
  'vae (gumbel-softmax, relaxed)': () => ({
    make: discreteVae('relaxed'),
    data: integers,
    range: [0, VALUES - 1],
    exactLogLikelihood: exactByOneHot,
  }),
  vqVae: () => ({
    make: (key) => quantized(key),
    data: integers,
    range: [0, VALUES - 1],
    exactLogLikelihood: exactByCodes((codes) =>
      tf.fill([codes.shape[0]!], -sizeOf(codes.shape.slice(1)) * Math.log(codebook.codes)),
    ),
  }),
  'vqVae (learned prior)': () => {
    const shape = [codebook.positions];
    const codes = categoricalHead({ shape: [], levels: codebook.codes });
    return {
      make: (key) => quantized(key, made({ shape, likelihood: codes, hidden: [16], key: key.fold('prior') })),
      data: integers,
      range: [0, VALUES - 1],
    };
  },
  'autoencoder (maximum mean discrepancy)': () => ({
    make: penalized(() => mmdPenalty({ prior: standardNormal([2]) })),
    data: integers,
    range: [0, VALUES - 1],
  }),
  'autoencoder (adversarial)': () => ({
    make: penalized((key) =>
      adversarialPenalty({ prior: standardNormal([2]), critic: mlp([2, 16, 1], { key }) }),
    ),
    data: integers,
    range: [0, VALUES - 1],
  }),
};
