import {
  categoricalHead,
  gaussianKernel,
  Key,
  mlp,
  Normal,
  Independent,
  spectralNorm,
  squaredMmd,
} from '@dgm/core';
import type { ConditionedBatch, GenerativeModel } from '@dgm/core';
import type { ModelCase, ModelTable } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import {
  biGan,
  densityNetwork,
  energyGan,
  fDivergence,
  gan,
  hierarchicalImplicitModel,
  imageAugmentation,
  infoGan,
  instanceNoise,
  mmd,
  momentMatching,
  prescribedGan,
  r1,
  sinkhornDivergence,
  slicedWasserstein,
  vaeGan,
  wganPenalty,
} from '../src/index';
import type {
  DensityNetwork,
  Discrepancy,
  GanOptions,
  PrescribedGan,
  PrescribedGanOptions,
} from '../src/index';

/** Points around (2, -1, 0), far from where an untrained generator puts its own. */
const points = () => tf.tidy(() => tf.add(tf.mul(Key.of(1).normal([32, 3]), [0.5, 0.2, 0.3]), [2, -1, 0]));

/** The distance of samples from the data. */
const discrepancy = (model: GenerativeModel, data: Tensor, key: Key): number =>
  tf.tidy(
    () => squaredMmd(model.sample(key, 64), data, { kernel: gaussianKernel([0.5, 1, 2, 4]) }).dataSync()[0]!,
  );

const generator = (key: Key) => mlp([2, 12, 3], { key: key.fold('generator'), activation: 'leakyRelu' });
const critic = (key: Key) => mlp([3, 12, 1], { key: key.fold('critic'), activation: 'softplus' });

/** Of a difference of scores, which no bias of the last layer changes; the two halves of a hinge cancel at the start. */
const differences = { zeroGradient: ['critic/2/bias'] };

const small =
  (options: (key: Key) => Partial<GanOptions>, more: Partial<ModelCase> = {}) =>
  (): ModelCase => ({
    make: (key) => {
      const own = options(key);
      return gan({
        ...{ ...own, latent: 2 },
        generator: own.generator ?? generator(key),
        critic: own.critic ?? critic(key),
      });
    },
    data: points,
    measure: discrepancy,
    fall: 0.1,
    ...more,
  });

/** The models with small networks and data. */
export const models: ModelTable = {
  gan: small(() => ({}), differences),
  'gan (penalties at every third step)': small(() => ({ penaltyEvery: 3 }), differences),
  'gan (non-saturating, R1)': small(() => ({ loss: 'non-saturating', penalties: [r1({ gamma: 0.5 })] })),
  'gan (saturating)': small(() => ({ loss: 'saturating', penalties: [] })),
  'gan (least squares, instance noise)': small(() => ({
    loss: 'least-squares',
    penalties: [],
    augment: instanceNoise({ std: 0.1 }),
  })),
  'gan (images, augmented)': small(
    (key) => ({
      ...{ loss: 'non-saturating', penalties: [] },
      generator: mlp([2, 12, 16], { key: key.fold('generator'), activation: 'leakyRelu' }),
      critic: mlp([16, 12, 1], { key: key.fold('critic'), activation: 'softplus' }),
      augment: imageAugmentation({ shape: [4, 2, 2], shift: 1, cutout: 2, brightness: 0.2 }),
    }),
    { data: () => tf.tidy(() => tf.add(tf.mul(Key.of(1).normal([32, 16]), 0.3), 1)) },
  ),
  'gan (hinge, spectral normalization)': small(
    (key) => ({
      loss: 'hinge',
      penalties: [],
      critic: mlp([3, 12, 1], { key: key.fold('critic'), weight: spectralNorm() }),
    }),
    differences,
  ),
  'gan (Wasserstein, gradient penalty)': small(
    () => ({ loss: 'wasserstein', penalties: [wganPenalty()], criticSteps: 2 }),
    differences,
  ),
  'gan (Wasserstein, clipped weights)': small(
    () => ({ loss: 'wasserstein', penalties: [], weightClip: 0.5 }),
    differences,
  ),
  'gan (squared Hellinger)': small(() => ({ loss: fDivergence('squared-hellinger'), penalties: [] })),
  'gan (integers)': small(
    (key) => ({
      generator: mlp([2, 12, 3], { key: key.fold('generator'), outputActivation: 'tanh' }),
      levels: 5,
    }),
    {
      ...differences,
      data: () => tf.tidy(() => tf.add(3, Key.of(1).bernoulli([32, 3], 0.7))),
      range: [0, 4],
    },
  ),
};

/** A GAN with codes. */
export const informedModels: ModelTable = {
  infoGan: () => ({
    make: (key) =>
      infoGan({
        latent: 2,
        code: { classes: 2, uniform: 1 },
        generator: mlp([5, 12, 3], { key: key.fold('generator'), activation: 'leakyRelu' }),
        critic: critic(key),
        recognition: mlp([3, 8, 4], { key: key.fold('recognition') }),
      }),
    data: points,
    measure: discrepancy,
    fall: 0.1,
    ...differences,
  }),
};

const encoded =
  (codes: number): (() => ModelCase) =>
  () => ({
    make: (key) =>
      biGan({
        latent: 2,
        generator: generator(key),
        encoder: mlp([3, 8, codes], { key: key.fold('encoder'), activation: 'leakyRelu' }),
        critic: mlp([5, 12, 1], { key: key.fold('critic'), activation: 'softplus' }),
      }),
    data: points,
    measure: discrepancy,
    fall: 0.1,
    ...differences,
  });

/** GANs with an encoder. */
export const encodedModels: ModelTable = {
  biGan: encoded(2),
  'biGan (random codes)': encoded(4),
  vaeGan: () => ({
    make: (key) =>
      vaeGan({
        latent: 2,
        generator: generator(key),
        encoder: mlp([3, 8, 4], { key: key.fold('encoder'), activation: 'leakyRelu' }),
        features: mlp([3, 12], { key: key.fold('features'), outputActivation: 'softplus' }),
        critic: mlp([12, 1], { key: key.fold('critic') }),
      }),
    data: points,
    measure: discrepancy,
    fall: 0.1,
    zeroGradient: ['critic/0/bias'],
  }),
};

/** A GAN whose critic corrects its samples. */
export const correctedModels: ModelTable = {
  energyGan: () => ({
    make: (key) =>
      energyGan({ gan: gan({ latent: 2, generator: generator(key), critic: critic(key) }), steps: 4 }),
    data: points,
    measure: discrepancy,
    fall: 0.1,
    zeroGradient: ['gan/critic/2/bias'],
  }),
};

/** Examples are vectors that all share, their own latent variable, and noise. */
const simulated = (told: Tensor): Tensor => {
  const [globals, own, noise] = tf.split(told, [3, 1, 3], 1);
  return tf.addN([globals!, tf.mul(own!, [0.3, 0, 0]), tf.mul(noise!, 0.3)]);
};

/** Inference by simulations. */
export const implicitModels: ModelTable = {
  hierarchicalImplicitModel: () => ({
    make: (key) =>
      hierarchicalImplicitModel({
        prior: new Independent(new Normal(0, 1.5, { shape: [3] }), 1),
        ...{ locals: 1, noise: 3, count: 32, simulator: simulated },
        encoder: mlp([6, 8, 2], { key: key.fold('encoder'), activation: 'tanh' }),
        ratio: mlp([7, 16, 1], { key: key.fold('ratio'), activation: 'softplus' }),
      }),
    data: points,
    measure: discrepancy,
    notInFiles: 'the simulator is a function',
  }),
};

/** The log-likelihood of a model of one latent variable by that given it, by a sum over a fine grid of it. */
function byQuadrature(x: Tensor, logProbGiven: (x: Tensor, z: Tensor) => Tensor): Tensor {
  const [points, reach] = [400, 6];
  const z = tf.linspace(-reach, reach, points);
  const n = x.shape[0]!;
  const each = tf.reshape(tf.tile(tf.expandDims(z, 1), [1, n]), [-1, 1]);
  const given = logProbGiven(tf.tile(x, [points, 1]), each);
  const logPrior = tf.sub(tf.mul(-0.5, tf.square(z)), 0.5 * Math.log(2 * Math.PI));
  const logStep = Math.log((2 * reach) / (points - 1));
  return tf.logSumExp(tf.add(tf.reshape(given, [points, n]), tf.expandDims(tf.add(logPrior, logStep), 1)), 0);
}

export const densityNetworks: ModelTable = {
  densityNetwork: () => ({
    make: (key) =>
      densityNetwork({
        latent: 1,
        decoder: mlp([1, 8, 6], { key, activation: 'tanh' }),
        likelihood: categoricalHead({ shape: [2], levels: 3 }),
        numSamples: 16,
      }),
    data: () => tf.tidy(() => tf.mul(2, tf.tile(Key.of(1).bernoulli([32, 1], 0.5), [1, 2]))),
    range: [0, 2],
    exactLogLikelihood: (model, x) =>
      byQuadrature(x, (each, z) => (model as DensityNetwork).decode(z).logProb(each)),
  }),
};

const prescribed =
  (options: Partial<PrescribedGanOptions>, more: Partial<ModelCase> = {}): (() => ModelCase) =>
  () => ({
    make: (key) =>
      prescribedGan({
        latent: 1,
        generator: mlp([1, 12, 3], { key: key.fold('generator'), activation: 'tanh' }),
        critic: critic(key),
        encoder: mlp([3, 8, 2], { key: key.fold('encoder'), activation: 'tanh' }),
        ...{ entropyWeight: 0.01, chainSteps: 1, leapfrogSteps: 2, stdRange: [0.1, 1], ...options },
      }),
    data: points,
    measure: discrepancy,
    fall: 0.1,
    ...differences,
    exactLogLikelihood: (model, x) =>
      byQuadrature(x, (each, z) => (model as PrescribedGan).logProbGiven(each, z)),
    ...more,
  });

/** GANs with a likelihood. */
export const prescribedModels: ModelTable = {
  prescribedGan: prescribed({}),
  'prescribedGan (integers)': prescribed(
    { levels: 5 },
    { data: () => tf.tidy(() => tf.add(3, Key.of(1).bernoulli([32, 3], 0.7))), range: [0, 4] },
  ),
};

const matching =
  (discrepancy: Discrepancy): (() => ModelCase) =>
  () => ({
    make: (key) => momentMatching({ latent: 2, generator: generator(key), discrepancy }),
    data: points,
    fall: 0.1,
  });

/** Generators without a critic. */
export const matchingNetworks: ModelTable = {
  momentMatching: matching(mmd({ kernel: gaussianKernel([0.5, 1, 2, 4]) })),
  'momentMatching (sliced Wasserstein)': matching(slicedWasserstein({ projections: 16 })),
  'momentMatching (Sinkhorn)': matching(sinkhornDivergence({ regularization: 0.5, iterations: 10 })),
};

/** A batch of a conditional model. */
export const conditionedPoints = (): ConditionedBatch => {
  const context = Key.of(2).bernoulli([32, 1], 0.5);
  const x = tf.tidy(() =>
    tf.add(tf.mul(Key.of(1).normal([32, 3]), 0.2), tf.mul(tf.sub(tf.mul(2, context), 1), [1, 0, -1])),
  );
  return { x, context };
};
