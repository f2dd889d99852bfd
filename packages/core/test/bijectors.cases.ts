import type { BijectorTable } from '@dgm/testing';
import {
  Affine,
  Chain,
  Exp,
  Identity,
  Inverse,
  Logit,
  Permutation,
  Sigmoid,
  Softplus,
  Tanh,
} from '@dgm/core';

/** Points of the real line, as far out as float32 can come back from in either direction of the map. */
const line = [-5, -2.5, -1, -0.2, 0, 0.3, 1.5, 4];
const vectors = [
  [-1, 0.5, 2],
  [0.1, -0.7, 1.3],
];

export const bijectors: BijectorTable = {
  Identity: () => ({ make: () => new Identity(), latent: line }),

  Affine: () => ({ make: () => new Affine({ shift: -1.5, scale: -0.25 }), latent: line }),
  'Affine (tensors)': () => ({
    parameters: { shift: [0.5, -1, 3], scale: [2, -0.5, 0.1] },
    make: (shift, scale) => new Affine({ shift, scale }),
    latent: vectors,
    wrongShape: [2, 4],
  }),
  'Affine (logScale)': () => ({
    parameters: { shift: [0.5, -1, 3], logScale: [-2, 0, 3] },
    make: (shift, logScale) => new Affine({ shift, scale: { logScale } }),
    latent: vectors,
    wrongShape: [4],
  }),

  Exp: () => ({
    make: () => new Exp(),
    latent: line,
    extremes: [{ latent: [-87, 88] }, { data: [1e-37, 1e38] }],
  }),

  Softplus: () => ({
    make: () => new Softplus(),
    latent: [...line, -20, 20],
    extremes: [
      { latent: [-87, 1e4], logDet: [-87, 0] },
      { data: [1e-30, 1e4], logDet: [69.0775527898, 0] },
    ],
  }),

  Sigmoid: () => ({
    make: () => new Sigmoid(),
    latent: line,
    data: [1e-6, 0.01, 0.4, 0.5, 0.9, 0.999],
    extremes: [
      { latent: [-100, 100, -1e4, 1e4], logDet: [-100, -100, -1e4, -1e4] },
      { data: [1e-30, 0.99999994], logDet: [69.0775527898, 16.6355323334] },
    ],
  }),

  Logit: () => ({
    make: () => new Logit(),
    latent: [0.01, 0.1, 0.4, 0.5, 0.9, 0.99],
    data: line,
    step: 1e-3,
    extremes: [
      { latent: [1e-30, 0.99999994] },
      { data: [-100, 100, -1e4, 1e4], logDet: [-100, -100, -1e4, -1e4] },
    ],
  }),

  Tanh: () => ({
    make: () => new Tanh(),
    latent: [-3, -1.5, -0.4, -1e-3, 0, 0.7, 2],
    data: [-0.999, -0.5, 1e-6, 0.5, 0.999],
    extremes: [
      { latent: [-50, 50, 1e4], logDet: [-98.6137056389, -98.6137056389, -19998.6137056389] },
      { data: [-0.99999994, 0.99999994] },
    ],
  }),

  Permutation: () => ({ make: () => new Permutation([2, 0, 1]), latent: vectors, wrongShape: [2, 4] }),
  'Permutation (reverse)': () => ({ make: () => Permutation.reverse(3), latent: vectors }),

  Inverse: () => ({ make: () => new Inverse(new Exp()), latent: [0.05, 0.5, 1, 3] }),

  Chain: () => ({
    parameters: { shift: [0.5, -1, 1], scale: [2, -0.5, 0.1] },
    make: (shift, scale) => new Chain([new Affine({ shift, scale }), Permutation.reverse(3), new Tanh()]),
    latent: [
      [-1, 0.5, 2],
      [0.1, -0.7, 1.3],
    ],
  }),
  'Chain (elementwise)': () => ({
    make: () => new Chain([new Affine({ scale: 2 }), new Exp(), new Affine({ shift: 1 })]),
    latent: [-1, 0, 0.5, 1.2],
  }),
  'Chain (empty)': () => ({ make: () => new Chain([]), latent: line }),

  'Chain (elementwise, over vectors)': () => ({
    make: () => new Chain([new Tanh()], { eventRank: 1 }),
    latent: vectors,
  }),
  'Chain (of rank 2)': () => ({
    make: () => new Chain([Permutation.reverse(2)], { eventRank: 2 }),
    latent: [[vectors[0]!.slice(1), vectors[1]!.slice(1)]],
  }),
};
