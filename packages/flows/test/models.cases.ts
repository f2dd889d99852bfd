import { conditional, normalHead, Key, mlp, standardNormal } from '@dgm/core';
import type { ModelTable } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import {
  affine,
  autoregressiveBase,
  autoregressiveIdf,
  BatchNormFlow,
  Coupling,
  dequantized,
  factorOut,
  flow,
  glow,
  halfMask,
  histogramFlow,
  iaf,
  idf,
  imageIdf,
  integerLogistic,
  integerLogisticMixture,
  logitPreprocessing,
  maf,
  maskedNetwork,
  learnedBase,
  neuralSplineFlow,
  planarFlow,
  rationalQuadraticSpline,
  realNvp,
  sylvesterFlow,
} from '../src/index';
import { moved } from './support/moved';

const DIMS = 4;

export const reals = () =>
  tf.tidy(() => {
    const noise = Key.of(1).normal([32, DIMS]);
    return tf.add(tf.mul(noise, 0.5), tf.tensor1d([1, -1, 2, 0]));
  });

/** Few steps of a fast learner: what is asked for is that the loss falls. */
export const quick = { steps: 15, learningRate: 3e-2 };

/** Two clusters of integers from 0 to `levels` - 1. */
export const integers = (levels: number) => () =>
  tf.tidy(() => {
    const cluster = Key.of(1).bernoulli([32, 1], 0.5);
    const noise = Key.of(2).bernoulli([32, DIMS], 0.2);
    return tf.mul(tf.abs(tf.sub(tf.tile(cluster, [1, DIMS]), noise)), levels - 1);
  });

const small = { dims: DIMS, couplings: 2, hidden: [8] };

export const continuousModels: ModelTable = {
  realNvp: () => ({ make: (key) => realNvp({ ...small, key }), data: reals, ...quick, wrongShape: [2, 5] }),
  'realNvp (rezero)': () => ({
    make: (key) => realNvp({ ...small, key, rezero: true }),
    data: reals,
    ...quick,
    zeroGradient: zeroAtStart(2),
  }),
  // After the last layer towards the latents, or before a linear one, a shift would have no gradient but rounding.
  'flow (batch normalization)': () => ({
    make: (key) => {
      const network = mlp([DIMS / 2, 8, DIMS], { key, activation: 'tanh' });
      const coupling = new Coupling({ mask: halfMask(DIMS), network, transformer: affine() });
      return moved(flow({ layers: [coupling, new BatchNormFlow({ features: DIMS })] }));
    },
    data: reals,
    ...quick,
  }),
  histogramFlow: () => ({
    make: (key) => histogramFlow({ dims: DIMS, levels: 5, key, hidden: [12] }),
    data: integers(5),
    ...quick,
    range: [0, 4],
  }),
  'dequantized (uniform)': () => ({
    make: (key) =>
      dequantized({
        flow: realNvp({ ...small, key, preprocessing: logitPreprocessing({ levels: 5 }) }),
        levels: 5,
      }),
    data: integers(5),
    ...quick,
    range: [0, 4],
  }),
};

/** Images that are bright on one side. */
const images = (height: number, width: number) => () =>
  tf.tidy(() => {
    const noise = Key.of(1).normal([16, height, width, 1]);
    return tf.add(tf.mul(noise, 0.5), tf.reshape(tf.linspace(-2, 2, width), [width, 1]));
  });

export const multiscaleModels: ModelTable = {
  glow: () => ({
    make: (key) => moved(glow({ shape: [4, 4, 1], key, steps: 1, hidden: 3 }), 0.1),
    data: images(4, 4),
    ...quick,
    wrongShape: [2, 4, 4, 2],
  }),
  'glow (one scale, spline, dropout)': () => ({
    make: (key) =>
      moved(
        glow({
          shape: [2, 2, 1],
          key,
          scales: 1,
          steps: 2,
          hidden: 3,
          dropout: 0.1,
          transformer: rationalQuadraticSpline({ bins: 3 }),
        }),
        0.1,
      ),
    data: images(2, 2),
    ...quick,
  }),
  factorOut: () => ({
    make: (key) =>
      flow({
        layers: [],
        eventShape: [DIMS],
        base: factorOut({
          sizes: [1, 3],
          kept: standardNormal([1]),
          dropped: conditional(mlp([1, 8, 6], { key }), normalHead({ shape: [3] })),
        }),
      }),
    data: reals,
    ...quick,
  }),
  'factorOut (integers, every event)': () => ({
    make: (key) =>
      idf({
        ...smallIdf,
        dims: 2,
        key,
        base: factorOut({
          sizes: [1, 1],
          kept: learnedBase(integerLogistic({ shape: [1] })),
          dropped: conditional(mlp([1, 4, 2], { key }), integerLogistic({ shape: [1] })),
        }),
      }),
    data: () => tf.tidy(() => tf.slice(integers(5)(), [0, 0], [32, 2])),
    ...quick,
    everyEvent: plane(-40, 40),
  }),
};

const masked = { dims: DIMS, layers: 2, hidden: [8] };

export const autoregressiveModels: ModelTable = {
  maf: () => ({ make: (key) => maf({ ...masked, key }), data: reals, ...quick, wrongShape: [2, 5] }),
  'maf (activation normalization)': () => ({
    make: (key) => maf({ ...masked, key, actNorm: true }),
    data: reals,
    ...quick,
  }),
  iaf: () => ({ make: (key) => iaf({ ...masked, key }), data: reals, ...quick }),
  'neuralSplineFlow (couplings)': () => ({
    make: (key) => neuralSplineFlow({ ...masked, key, dropout: 0.1 }),
    data: reals,
    ...quick,
  }),
  'neuralSplineFlow (autoregressive)': () => ({
    make: (key) => neuralSplineFlow({ ...masked, key, kind: 'autoregressive' }),
    data: reals,
    ...quick,
  }),
};

export const posteriorModels: ModelTable = {
  planarFlow: () => ({ make: (key) => planarFlow({ dims: DIMS, layers: 2, key }), data: reals, ...quick }),
  sylvesterFlow: () => ({
    make: (key) => sylvesterFlow({ dims: DIMS, layers: 1, columns: 2, key }),
    data: reals,
    ...quick,
  }),
  'sylvesterFlow (triangular)': () => ({
    make: (key) => sylvesterFlow({ dims: 2, layers: 2, form: 'triangular', key }),
    data: () => tf.tidy(() => tf.slice(reals(), [0, 0], [32, 2])),
    ...quick,
    wrongShape: [2, 3],
  }),
};

const first = [0, 1, 2, 3];
const smallIdf = { dims: DIMS, couplings: 2, hidden: [8] };

export const integerModels: ModelTable = {
  'idf (two parts)': () => ({
    make: (key) => idf({ ...smallIdf, key }),
    data: integers(5),
    ...quick,
    wrongShape: [2, 5],
  }),
  'idf (four parts)': () => ({
    make: (key) => idf({ ...smallIdf, key, parts: 4 }),
    data: integers(5),
    ...quick,
  }),
  'idf (two scales)': () => ({
    make: (key) => idf({ dims: 3, couplings: 1, hidden: [4], key, scales: 2 }),
    data: () => tf.tidy(() => tf.slice(integers(5)(), [0, 0], [32, 3])),
    ...quick,
  }),
  'idf (every event)': () => ({
    make: (key) => idf({ ...smallIdf, dims: 2, key }),
    data: () => tf.tidy(() => tf.slice(integers(5)(), [0, 0], [32, 2])),
    ...quick,
    everyEvent: plane(-40, 40),
  }),
  'autoregressiveBase (mixture)': () => ({
    make: (key) =>
      idf({
        ...smallIdf,
        key,
        base: autoregressiveBase({
          groups: first,
          head: integerLogisticMixture({ shape: [1], components: 2 }),
          network: maskedNetwork({ groups: first, numParameters: 6, hidden: [8], key: key.fold('base') }),
        }),
      }),
    data: integers(5),
    ...quick,
  }),
  autoregressiveIdf: () => ({
    make: (key) =>
      autoregressiveIdf({ dims: DIMS, levels: 5, key, hidden: [6], baseHidden: [8], components: 2 }),
    data: integers(5),
    ...quick,
    zeroGradient: [0, 2].flatMap((layer) =>
      ['kernel', 'bias'].map((weight) => `map/1/f2/network/1/${layer}/${weight}`),
    ),
  }),
  'integerLogisticMixture (learned)': () => ({
    make: (key) =>
      idf({
        ...smallIdf,
        key,
        base: learnedBase(integerLogisticMixture({ shape: [DIMS], components: 2 }), {
          key: key.fold('base'),
        }),
      }),
    data: integers(5),
    ...quick,
  }),
  'integerLogisticMixture (background, every event)': () => ({
    make: (key) =>
      idf({
        ...smallIdf,
        dims: 2,
        key,
        base: learnedBase(
          integerLogisticMixture({
            shape: [2],
            components: 2,
            center: 2,
            background: { share: 0.05, scale: 2 },
          }),
          { key: key.fold('base') },
        ),
      }),
    data: () => tf.tidy(() => tf.slice(integers(5)(), [0, 0], [32, 2])),
    steps: 60,
    learningRate: 3e-2,
    everyEvent: plane(-40, 40),
  }),
  'learnedBase (every event)': () => ({
    make: (key) => idf({ ...smallIdf, dims: 2, key, base: learnedBase(integerLogistic({ shape: [2] })) }),
    data: () => tf.tidy(() => tf.slice(integers(5)(), [0, 0], [32, 2])),
    ...quick,
    everyEvent: plane(-40, 40),
  }),
};

/** Images of integers, 0 to 2, that are bright on one side. */
const integerImages = (height: number, width: number) => () =>
  tf.tidy(() => {
    const bright = tf.reshape(tf.linspace(0, 1, width), [width, 1]);
    const values = tf.add(bright, Key.of(1).bernoulli([16, height, width, 1], 0.4));
    return tf.clipByValue(tf.round(values), 0, 2);
  });

export const integerImageModels: ModelTable = {
  'imageIdf (two scales)': () => ({
    make: (key) =>
      moved(imageIdf({ ...smallImageIdf, shape: [4, 4, 1], key, steps: 1, scales: 2, components: 2 })),
    data: integerImages(4, 4),
    ...quick,
    wrongShape: [2, 4, 4, 2],
  }),
  'imageIdf (four parts, dropout)': () => ({
    make: (key) => moved(imageIdf({ ...smallImageIdf, key, steps: 2, parts: 4, dropout: 0.1 })),
    data: integerImages(2, 2),
    ...quick,
  }),
  // Couplings that move some events, over factoring-out: all that is specific to images, where it can be enumerated.
  'imageIdf (every event)': () => ({
    make: (key) =>
      moved(
        imageIdf({
          ...smallImageIdf,
          key,
          steps: 1,
          checkerboards: 1,
          base: factorOut({
            sizes: [2, 2],
            leadingShape: [1, 1],
            kept: learnedBase(integerLogistic(narrow)),
            dropped: conditional(twice, integerLogistic(narrow)),
          }),
        }),
        2,
      ),
    data: integerImages(2, 2),
    ...quick,
    everyEvent: squares(-5, 7),
    notInFiles: 'the network of what is factored out is a function',
  }),
};

const smallImageIdf = { shape: [2, 2, 1], levels: 3, scales: 1, hidden: 3, activation: 'tanh' } as const;
const narrow = { shape: [1, 1, 2], center: 1, scale: 0.3 };

/** Means and log-scales that depend on what goes on. */
const twice = (zA: tf.Tensor): tf.Tensor => tf.tile(tf.reshape(tf.tanh(zA), [-1, 2]), [1, 2]);

/** All images of 2x2 integers from one to another. */
function squares(from: number, to: number): number[][][][] {
  const axis = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  const rows = axis.flatMap((a) => axis.map((b) => [[a], [b]]));
  return rows.flatMap((upper) => rows.map((lower) => [upper, lower]));
}

/** All pairs of integers from one to another. */
function plane(from: number, to: number): number[][][] {
  const axis = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  return [axis.flatMap((a) => axis.map((b) => [a, b]))];
}

/** Behind a factor of 0 no weight gets a gradient. */
function zeroAtStart(couplings: number): string[] {
  return Array.from({ length: couplings }, (_, index) =>
    ['logScale', 'shift'].flatMap((name) =>
      ['kernel', 'bias'].flatMap((weight) =>
        [0, 2].map((layer) => `map/${2 * index + 1}/network/${name}/network/${layer}/${weight}`),
      ),
    ),
  ).flat();
}
