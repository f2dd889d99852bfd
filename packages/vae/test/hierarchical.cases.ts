import { categoricalHead, Key, linearAnnealing, mlp, normalHead } from '@dgm/core';
import type { ModelCase, ModelTable } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { auxiliaryVae, bottomUpVae, downscale, ladderVae, topDownVae, vae } from '../src/index';
import type { TopDownLevel, TopDownVaeOptions } from '../src/index';

const [SIDE, VALUES, WIDTH] = [2, 5, 8];
const DIMS = SIDE * SIDE;
const likelihood = categoricalHead({ shape: [DIMS], levels: VALUES });

/** Two clusters of images of 2 by 2 pixels. */
const images = () =>
  tf.tidy(() => {
    const cluster = Key.of(1).bernoulli([32, 1], 0.5);
    const noise = Key.of(2).bernoulli([32, DIMS], 0.2);
    return tf.mul(tf.abs(tf.sub(tf.tile(cluster, [1, DIMS]), noise)), VALUES - 1);
  });

/** Levels of 2, 3, ... variables; `above` and `beside` are the numbers of variables that prior and evidence see. */
function levels(
  count: number,
  key: Key,
  above = (level: number) => level + 3,
  beside = (_level: number) => 0,
): TopDownLevel[] {
  return Array.from({ length: count }, (_, level) => {
    const [latent, own] = [level + 2, key.fold(level)];
    const isTop = level === count - 1;
    return {
      latent,
      ...(isTop ? {} : { prior: mlp([above(level), WIDTH, 2 * latent], { key: own.fold('prior') }) }),
      bottomUp: mlp([level === 0 ? DIMS : WIDTH, WIDTH], { key: own.fold('up'), outputActivation: 'tanh' }),
      evidence: mlp([WIDTH + (isTop ? 0 : beside(level)), 2 * latent], { key: own.fold('evidence') }),
    };
  });
}

const decoder = (inputs: number, key: Key) =>
  mlp([inputs, WIDTH, likelihood.numParameters], { key: key.fold('decoder') });

const topDown =
  (count: number, options: Partial<TopDownVaeOptions> = {}) =>
  (): ModelCase => ({
    make: (key) =>
      topDownVae({ levels: levels(count, key), decoder: decoder(2, key), likelihood, ...options }),
    data: images,
    range: [0, VALUES - 1],
  });

const dense = (): ModelCase => ({
  make: (key) =>
    topDownVae({
      levels: levels(3, key, (level) => (level === 0 ? 3 + 4 : 4)),
      decoder: decoder(2 + 3 + 4, key),
      likelihood,
      connections: 'dense',
    }),
  data: images,
});

const direct = (): ModelCase => ({
  make: (key) =>
    topDownVae({
      levels: levels(2, key, undefined, (level) => level + 3),
      decoder: decoder(2, key),
      likelihood,
      combination: 'direct',
    }),
  data: images,
});

export const hierarchicalModels: ModelTable = {
  'topDownVae (two levels)': topDown(2),
  'topDownVae (one level)': topDown(1),
  'topDownVae (three levels, dense)': dense,
  'topDownVae (direct)': direct,
  'topDownVae (annealed by level, with free nats)': topDown(2, {
    objective: { weight: [1, linearAnnealing({ steps: 10 })], freeNats: 0.1 },
  }),
  ladderVae: () => ({
    make: (key) => ladderVae({ levels: levels(2, key), decoder: decoder(2, key), likelihood }),
    data: images,
  }),
  bottomUpVae: () => ({
    make: (key) =>
      bottomUpVae({
        levels: [
          {
            latent: 3,
            prior: mlp([2, WIDTH, 6], { key: key.fold('prior') }),
            posterior: mlp([DIMS, WIDTH, 6], { key: key.fold('q1') }),
          },
          { latent: 2, posterior: mlp([3, WIDTH, 4], { key: key.fold('q2') }) },
        ],
        decoder: decoder(3, key),
        likelihood,
      }),
    data: images,
    range: [0, VALUES - 1],
  }),
  auxiliaryVae: () => ({
    make: (key) => {
      const small = categoricalHead({ shape: [1], levels: VALUES });
      return auxiliaryVae({
        auxiliary: downscale({ shape: [SIDE, SIDE], factor: SIDE }),
        base: vae({
          encoder: mlp([1, WIDTH, 2], { key: key.fold('base encoder') }),
          decoder: mlp([1, WIDTH, VALUES], { key: key.fold('base decoder') }),
          posterior: normalHead({ shape: [1] }),
          likelihood: small,
        }),
        encoder: mlp([DIMS, WIDTH, 4], { key: key.fold('encoder') }),
        prior: mlp([1, WIDTH, 4], { key: key.fold('prior') }),
        decoder: decoder(2 + 1, key),
        latent: normalHead({ shape: [2] }),
        likelihood,
      });
    },
    data: images,
    range: [0, VALUES - 1],
  }),
};
