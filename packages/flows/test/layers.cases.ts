import { asLayer, Chain, Key, mlp, Permutation, Sequential, Tanh } from '@dgm/core';
import type { Layer } from '@dgm/core';
import type { BijectorTable } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import {
  ActNormFlow,
  additive,
  affine,
  alternatingMask,
  Autoregressive,
  BatchNormFlow,
  checkerboardMask,
  Coupling,
  ElementWise,
  halfMask,
  Householder,
  IntegerCoupling,
  Leaky,
  linearSpline,
  LuLinear,
  MaskedCoupling,
  MaskedIntegerCoupling,
  maskedNetwork,
  oppositeMask,
  Planar,
  Radial,
  rationalQuadraticSpline,
  Reshape,
  Squeeze,
  Sylvester,
} from '../src/index';
import type { Transformer } from '../src/index';
import { moved } from './support/moved';

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
  'Coupling (in a chain)': () => ({
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
};

/** A masked network of four elements in the natural order. */
const made = (numParameters: number, groups: readonly number[] = [0, 1, 2, 3], contextSize = 0): Layer =>
  maskedNetwork({ groups, numParameters, hidden: [12], key: Key.of(0), activation: 'tanh', contextSize });

/** Every transformer with parameters of its own for each element: a map of vectors. */
const splines = {
  rational: rationalQuadraticSpline({ bins: 4, minimum: -2, maximum: 2 }),
  free: rationalQuadraticSpline({ bins: 3, minimum: -3, maximum: 3, freeEnds: true }),
  linear: linearSpline({ bins: 5, minimum: -2, maximum: 2 }),
  gentle: rationalQuadraticSpline({ bins: 2, minimum: -5, maximum: 5 }),
};

/** Inside of the interval, outside of it, and far outside. */
const aroundAnInterval = [
  [-1.5, 0.5, 1.9, -0.3],
  [0.1, -0.7, 2.6, 0.9],
  [-5, 0.02, -1.4, 0.6],
];

export const splineLayers: BijectorTable = {
  'Coupling (rational-quadratic spline)': () => ({
    make: () => coupled(splines.rational),
    latent: aroundAnInterval,
    extremes: [
      { latent: [[1e6, -1e6, 1e6, -1e6]] },
      { data: [[1e6, -1e6, 2, -2]] },
      { latent: [[0, 0, 2, -2]] },
    ],
  }),
  'Coupling (spline with free ends)': () => ({
    make: () => coupled(splines.free),
    latent: [aroundAnInterval[0]!, [0.2, 1.1, -2.9, 2.9]],
    extremes: [{ latent: [[1e6, -1e6, 3, -3]] }],
  }),
  'Coupling (linear spline)': () => ({
    make: () => coupled(splines.linear),
    latent: aroundAnInterval,
    extremes: [{ latent: [[1e6, -1e6, 2, -2]] }],
  }),
};

function coupled(transformer: Transformer): Coupling {
  return new Coupling({
    mask: halfMask(4),
    network: (x) => x,
    transformer: widened(transformer),
  });
}

/** A transformer whose parameters are a fixed function of two numbers: what a network would have to put out is long. */
function widened(transformer: Transformer): Transformer {
  const spread = (parameters: tf.Tensor): tf.Tensor => {
    const waves = Array.from({ length: transformer.numParameters }, (_, k) => 1.7 * k);
    return tf.mul(1.5, tf.sin(tf.add(parameters, tf.tensor1d(waves))));
  };
  return {
    numParameters: 1,
    forward: (z, parameters) => transformer.forward(z, spread(parameters)),
    inverse: (y, parameters) => transformer.inverse(y, spread(parameters)),
  };
}

export const autoregressiveLayers: BijectorTable = {
  'Autoregressive (fast density)': () => ({
    make: () =>
      new Autoregressive({
        groups: [0, 1, 2, 3],
        network: made(2),
        transformer: affine(),
        fast: 'density',
      }),
    latent: vectors,
    extremes: [{ latent: [[1e4, -1e4, 1e4, 1]] }, { data: [[1e4, -1e4, 1e4, 1]] }],
    wrongShape: [2, 5],
  }),
  'Autoregressive (fast sampling)': () => ({
    make: () =>
      new Autoregressive({
        groups: [0, 1, 2, 3],
        network: made(2),
        transformer: affine(),
        fast: 'sampling',
      }),
    latent: vectors,
  }),
  'Autoregressive (groups of two, spline)': () => ({
    make: () =>
      new Autoregressive({
        groups: [1, 0, 1, 0],
        network: made(splines.rational.numParameters, [1, 0, 1, 0]),
        transformer: splines.rational,
        fast: 'density',
      }),
    latent: aroundAnInterval,
  }),
};

/** Integers within the range of images, and far outside of it. */
const integerVectors = [
  [0, 16, 3, 7],
  [-2, 255, 1000, 1],
  [65536, -65537, 12, 0],
];

/** The same numbers as images of two pixels with two channels. */
const integerImages = integerVectors.map(([a, b, c, d]) => [[[a!, b!], [c!, d!]]]); // prettier-ignore

export const integerLayers: BijectorTable = {
  'IntegerCoupling (two parts)': () => ({
    make: () => new IntegerCoupling({ parts: [2, 2], networks: [undefined, wild(2, 2)] }),
    latent: integerVectors,
    differentiable: false,
  }),
  'IntegerCoupling (four parts)': () => ({
    make: () =>
      new IntegerCoupling({ parts: [1, 1, 1, 1], networks: [0, 1, 2, 3].map((seed) => wild(3, 1, seed)) }),
    latent: integerVectors,
    differentiable: false,
    wrongShape: [2, 5],
  }),
  'IntegerCoupling (channels of an image)': () => ({
    make: () =>
      new IntegerCoupling({ parts: [1, 1], networks: [wild(1, 1), wild(1, 1, 1)], leadingShape: [1, 2] }),
    latent: integerImages,
    differentiable: false,
    wrongShape: [2, 2, 2, 2],
  }),
  'MaskedIntegerCoupling (checkerboard)': () => ({
    make: () =>
      new MaskedIntegerCoupling({
        eventShape: [1, 2, 2],
        mask: checkerboardMask([1, 2, 2]),
        network: wild(2, 2),
      }),
    latent: integerImages,
    differentiable: false,
    wrongShape: [2, 2, 2, 2],
  }),
};

/** A network whose outputs are in the tens and move fast. */
function wild(inputs: number, outputs: number, seed = 0): Layer {
  const inner = net(inputs, outputs, seed);
  return new Sequential([inner, asLayer((x) => tf.mul(40, x))]);
}

const images = [
  [
    [
      [0.3, -1],
      [1.2, 0.4],
    ],
  ],
  [
    [
      [-0.5, 2],
      [0.1, -1.1],
    ],
  ],
];

/** With moments of its own. */
function measured(layer: BatchNormFlow): BatchNormFlow {
  tf.tidy(() => {
    layer.initialize(tf.add(0.5, tf.mul(2, Key.of(5).normal([20, ...layer.eventShape]))));
  });
  return layer;
}

export const linearLayers: BijectorTable = {
  LuLinear: () => ({
    make: () => moved(new LuLinear({ features: 4, key: Key.of(3) })),
    latent: vectors,
    wrongShape: [2, 5],
  }),
  'LuLinear (1x1 convolution)': () => ({
    make: () => moved(new LuLinear({ features: 2, leadingShape: [1, 2], key: Key.of(3) })),
    latent: images,
  }),
  ActNormFlow: () => ({ make: () => moved(new ActNormFlow({ features: 4 })), latent: vectors }),
  'ActNormFlow (image)': () => ({
    make: () => moved(new ActNormFlow({ features: 2, leadingShape: [1, 2] })),
    latent: images,
  }),
  BatchNormFlow: () => ({ make: () => measured(moved(new BatchNormFlow({ features: 4 }))), latent: vectors }),
  'BatchNormFlow (image)': () => ({
    make: () => measured(moved(new BatchNormFlow({ features: 2, leadingShape: [1, 2] }))),
    latent: images,
  }),
  Householder: () => ({
    make: () => new Householder({ features: 4, reflections: 3, key: Key.of(1) }),
    latent: vectors,
  }),
  'ElementWise (affine)': () => ({
    make: () => new ElementWise({ eventShape: [4], transformer: affine(), key: Key.of(1) }),
    latent: vectors,
  }),
  'ElementWise (spline)': () => ({
    make: () => new ElementWise({ eventShape: [1, 2, 2], transformer: splines.gentle, key: Key.of(1) }),
    latent: images,
  }),
  Reshape: () => ({
    make: () => new Reshape({ latentShape: [4], eventShape: [2, 2] }),
    latent: vectors,
    wrongShape: [2, 3],
  }),
  Squeeze: () => ({
    make: () => new Squeeze({ eventShape: [2, 2, 1] }),
    latent: [[[[0.3, -1, 2, 0.5]]]],
    wrongShape: [1, 3, 2, 1],
  }),
  // The rule that integrates is for smooth maps: a small kink.
  Leaky: () => ({ make: () => new Leaky({ slope: 0.95 }), latent: [-3, -0.5, 0.4, 2] }),
};

export const sylvesterLayers: BijectorTable = {
  Planar: () => ({
    make: () => moved(new Planar({ dims: 4, key: Key.of(1) }), 1),
    latent: vectors,
    extremes: [{ latent: [[1e4, -1e4, 1e4, 1]] }, { data: [[1e4, -1e4, 1e4, 1]] }],
    wrongShape: [2, 5],
  }),
  Radial: () => ({
    make: () => moved(new Radial({ dims: 4, key: Key.of(1) }), 1),
    latent: vectors,
    extremes: [{ latent: [[1e4, -1e4, 1e4, 1]] }, { data: [[1e4, -1e4, 1e4, 1]] }],
  }),
  'Sylvester (orthogonal)': () => ({
    make: () => new Sylvester({ dims: 4, columns: 2, form: 'orthogonal', key: Key.of(1) }),
    latent: vectors,
    extremes: [{ latent: [[1e4, -1e4, 1e4, 1]] }, { data: [[1e4, -1e4, 1e4, 1]] }],
    wrongShape: [2, 5],
  }),
  'Sylvester (orthogonal, square)': () => ({
    make: () => new Sylvester({ dims: 4, form: 'orthogonal', key: Key.of(2) }),
    latent: vectors,
  }),
  // The columns of the free matrix are nearly dependent: the density of an iterated Q integrates to 1.08 here.
  'Sylvester (orthogonal, nearly singular)': () => ({
    make: () => new Sylvester({ dims: 2, form: 'orthogonal', key: Key.of(1434).fold(0) }),
    latent: vectors.map((row) => row.slice(0, 2)),
  }),
  'Sylvester (householder)': () => ({
    make: () => new Sylvester({ dims: 4, reflections: 2, form: 'householder', key: Key.of(1) }),
    latent: vectors,
  }),
  'Sylvester (triangular)': () => ({
    make: () => new Sylvester({ dims: 4, form: 'triangular', reversed: true, key: Key.of(1) }),
    latent: vectors,
  }),
};
