import { Key, mlp, Permutation, Tanh } from '@dgm/core';
import type { Layer } from '@dgm/core';
import type { BijectorTable } from '@dgm/testing';
import {
  additive,
  affine,
  alternatingMask,
  Chain,
  checkerboardMask,
  Coupling,
  halfMask,
  MaskedCoupling,
  oppositeMask,
} from '../src/index';

export const vectors = [
  [-1, 0.5, 2, -0.3],
  [0.1, -0.7, 1.3, 0.9],
  [3, 0.02, -2.4, 0.6],
];

/** A network whose weights are large enough for a map that is far from the identity. */
export const net = (inputs: number, outputs: number, seed = 0): Layer =>
  mlp([inputs, 8, outputs], { key: Key.of(seed), activation: 'tanh' });

const image = [
  [
    [
      [0.3, -1],
      [1.2, 0.4],
    ],
  ],
];

export const couplings: BijectorTable = {
  'Coupling (affine)': () => ({
    make: () => new Coupling({ mask: halfMask(4), network: net(2, 4), transformer: affine() }),
    latent: vectors,
    extremes: [{ latent: [[1e4, -1e4, 1e4, 1]] }, { data: [[1e4, -1e4, 1e4, 1]] }],
    wrongShape: [2, 5],
  }),
  'Coupling (alternating)': () => ({
    make: () =>
      new Coupling({ mask: oppositeMask(alternatingMask(4)), network: net(2, 4), transformer: affine() }),
    latent: vectors,
  }),
  'Coupling (additive)': () => ({
    make: () => new Coupling({ mask: halfMask(4), network: net(2, 2), transformer: additive() }),
    latent: vectors,
  }),
  'Coupling (channels of an image)': () => ({
    make: () =>
      new Coupling({ mask: halfMask(2), leadingShape: [1, 2], network: net(1, 2), transformer: affine() }),
    latent: image,
    wrongShape: [2, 1, 3, 2],
  }),
  'MaskedCoupling (checkerboard)': () => ({
    make: () =>
      new MaskedCoupling({
        eventShape: [1, 2, 2],
        mask: checkerboardMask([1, 2, 2]),
        network: net(2, 4),
        transformer: affine(),
      }),
    latent: image,
  }),
  Chain: () => ({
    make: () =>
      new Chain([
        new Coupling({ mask: halfMask(4), network: net(2, 4), transformer: affine() }),
        Permutation.reverse(4),
        new Tanh(),
        new Coupling({ mask: halfMask(4), network: net(2, 4, 1), transformer: affine() }),
      ]),
    latent: [
      [-0.4, 0.5, 1, -0.3],
      [0.1, -0.7, 0.3, 0.9],
    ],
  }),
  'Chain (no parts)': () => ({ make: () => new Chain([], { eventShape: [4] }), latent: vectors }),
};
