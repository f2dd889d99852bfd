import { checkSampling, checkShape, Key, mlp, oneHot, sgd, standardNormal } from '@dgm/core';
import type { EnergyModel, GenerativeModel, LikelihoodModel, Objective, SampleOptions } from '@dgm/core';
import type { CompiledCase, ModelCase } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import {
  bernoulliUnits,
  boltzmannMachine,
  categoricalUnits,
  classificationRbm,
  conditionalRbm,
  deepBoltzmannMachine,
  denoisingScoreMatching,
  energyDiscrepancy,
  energyModel,
  gaussianUnits,
  gridEdges,
  implicitScoreMatching,
  jointEnergyModel,
  maximumLikelihood,
  minimumProbabilityFlow,
  noiseContrastiveEstimation,
  pottsModel,
  pseudoLikelihood,
  rbm,
  replicatedSoftmax,
  replicatedSoftmaxUnits,
  spikeAndSlabUnits,
  subspaceUnits,
} from '../src/index';
import type {
  BoltzmannMachine,
  BoltzmannMachineOptions,
  ClassificationRbm,
  ConditionalRbm,
  EnergyObjective,
  JointEnergyModel,
  PottsModelOptions,
  Rbm,
  RbmOptions,
  ReplicatedSoftmax,
  VisibleUnits,
} from '../src/index';

type Case = ModelCase & CompiledCase;

const DIMS = 6;

/** Minus the exact mean log-likelihood of the batch. */
function exactNats(model: GenerativeModel, data: Tensor): number {
  const { energy, logPartition } = model as Rbm;
  return tf.tidy(() => tf.add(tf.mean(energy.call(model, data)), logPartition.call(model)).dataSync()[0]!);
}

/** Two patterns of which each entry is now and then another value. */
const patterns = (levels: number) => () =>
  tf.tidy(() => {
    const pattern = Key.of(1).bernoulli([48, 1], 0.5);
    const noise = Key.of(2).bernoulli([48, DIMS], 0.1);
    return tf.mul(tf.abs(tf.sub(tf.tile(pattern, [1, DIMS]), noise)), levels - 1);
  });

/** Counts of five words, which are mostly of one half of the vocabulary. */
const documents = () =>
  tf.tidy(() => {
    const topic = tf.mul(2, tf.sub(tf.tile(Key.of(1).bernoulli([48, 1], 0.5), [1, DIMS]), 0.5));
    const half = tf.tensor1d([2, 2, 2, -2, -2, -2]);
    return tf.sum(oneHot(Key.of(2).categorical(tf.mul(topic, half), [5]), { depth: DIMS }), 0);
  });

const small = (visible: VisibleUnits, options: Partial<RbmOptions> = {}) => ({
  make: (key: Key) => rbm({ visible, hidden: 4, key, steps: 2, sampleSteps: 10, ...options }),
  measure: exactNats,
  fall: 0.1,
  learningRate: 0.05,
  // As RBMs are trained. Adam divides by gradients of hidden biases that are all but rounding at first.
  training: { optimizer: sgd({ learningRate: 0.1, momentum: 0.5 }) },
});

const bits = (options?: Partial<RbmOptions>): Case => ({
  ...small(bernoulliUnits({ shape: [DIMS] }), options),
  data: patterns(2),
  range: [0, 1],
});

/** By how much the energy of the batch is above that of points of the same range. */
function energyGap(model: GenerativeModel, data: Tensor, key: Key): number {
  const { energy } = model as EnergyModel;
  return tf.tidy(() => {
    const others = key.uniform(data.shape, { min: -1, max: 1 });
    return tf.sub(tf.mean(energy.call(model, data)), tf.mean(energy.call(model, others))).dataSync()[0]!;
  });
}

const deep = (outputs: number, key: Key) => ({
  network: mlp([2, 16, outputs], { key, activation: 'swish' }),
  key,
  shape: [2],
  range: [-1, 1] as const,
  bufferSize: 64,
  steps: 4,
});

/** A labelled model of which an example is labelled by whether its first entry is positive, so that a batch is a tensor. */
function labelledBySign(model: JointEnergyModel | ClassificationRbm): GenerativeModel {
  const batch = (x: Tensor) => {
    checkShape('labelledBySign', 'x', x, ['n', ...model.eventShape]);
    const isRight = tf.greater(tf.squeeze(tf.slice(x, [0, 0], [-1, 1]), [1]), 0);
    return { x, context: oneHot(isRight, { depth: 2 }) };
  };
  const objectives = (): readonly Objective[] =>
    model.objectives().map(({ name, parameters, prepare, loss }) => ({
      name,
      parameters,
      prepare: (x, own, options) => tf.tidy(() => prepare!(batch(x), own, options)),
      loss: (x, own, options) => tf.tidy(() => loss(batch(x), own, options)),
    }));
  return Object.assign(Object.create(model) as GenerativeModel, {
    objectives,
    parameters: () => model.parameters(),
    dispose: () => model.dispose(),
    sample: (own: Key, n: number, options?: SampleOptions) => model.sample(own, n, options),
    energy: (x: Tensor) => model.energy(x),
    ...('logPartition' in model && {
      logPartition: () => model.logPartition(),
      partition: (own: Key) => model.partition(own),
    }),
  });
}

/** A conditional model that is given the first entries of an example, so that a batch is a tensor. */
function givenItsStart(model: ConditionalRbm): GenerativeModel {
  const batch = (x: Tensor) => ({ x, context: tf.slice(x, [0, 0], [-1, model.contextSize]) });
  const objectives = (): readonly Objective[] =>
    model.objectives().map(({ prepare, loss, ...rest }) => ({
      ...rest,
      prepare: (x, own, options) => tf.tidy(() => prepare!(batch(x), own, options)),
      loss: (x, own, options) => tf.tidy(() => loss(batch(x), own, options)),
    }));
  return Object.assign(Object.create(model) as GenerativeModel, {
    objectives,
    parameters: () => model.parameters(),
    dispose: () => model.dispose(),
    sample: (own: Key, n: number, options: SampleOptions = {}) => {
      checkSampling('givenItsStart', { key: own, n, options });
      return tf.tidy(() => model.sample(own, n, { context: tf.ones([n, model.contextSize]) }));
    },
    energy: (x: Tensor) => tf.tidy(() => model.energy(batch(x))),
    logProb: (x: Tensor) => tf.tidy(() => model.logProb(batch(x))),
  });
}

/** Documents of one length for samples, which the model leaves open. */
function ofLength(model: ReplicatedSoftmax, length: number): GenerativeModel {
  return Object.assign(Object.create(model) as GenerativeModel, {
    objectives: () => model.objectives(),
    parameters: () => model.parameters(),
    dispose: () => model.dispose(),
    sample: (own: Key, n: number, options: SampleOptions = {}) => {
      checkSampling('ofLength', { key: own, n, options });
      return tf.tidy(() => model.sample(own, n, { context: tf.fill([n, 1], length) }));
    },
    energy: (x: Tensor) => model.energy(x),
    logProb: (x: Tensor) => model.logProb(x),
  });
}

/** Minus the mean exact log-likelihood of the batch. */
function meanNats(model: GenerativeModel, data: Tensor): number {
  const { logProb } = model as LikelihoodModel;
  return tf.tidy(() => -tf.mean(logProb.call(model, data)).dataSync()[0]!);
}

const points: Pick<Case, 'data' | 'measure' | 'fall' | 'range' | 'steps'> = {
  data: () =>
    tf.tidy(() => {
      const side = tf.sub(Key.of(1).bernoulli([32, 1], 0.5), 0.5);
      return tf.add(tf.tile(side, [1, 2]), tf.mul(0.1, Key.of(2).normal([32, 2])));
    }),
  measure: energyGap,
  fall: 0.03,
  range: [-1, 1],
  steps: 30,
};

/**
 * TensorFlow's sigmoid is off by 4.4e-7. The gradient of a hidden bias sums differences of sigmoids, which small weights keep
 * below 0.01: 1.9e-4 of that was measured.
 */
const OF_TENSORFLOW = 3e-4;

const withObjective = (objective: EnergyObjective): Case => {
  const the = bits();
  const visible = bernoulliUnits({ shape: [DIMS] });
  return {
    ...the,
    make: (key) => rbm({ visible, hidden: 4, key, objective, sampleSteps: 10 }),
    ...(tf.getBackend() === 'tensorflow' && { largestError: OF_TENSORFLOW }),
  };
};

const machine = (options: Partial<BoltzmannMachineOptions> = {}): Case => ({
  ...bits(),
  make: (key) => boltzmannMachine({ shape: [DIMS], key, sampleSteps: 5, ...options }),
  measure: (model, data) => {
    const { energy, logPartition } = model as BoltzmannMachine;
    return tf.tidy(() => tf.add(tf.mean(energy.call(model, data)), logPartition.call(model)).dataSync()[0]!);
  },
});

const potts = (options: Partial<PottsModelOptions> = {}): Case => ({
  ...machine(),
  make: (key) =>
    pottsModel({ shape: [DIMS], levels: 3, edges: gridEdges([2, 3]), key, sampleSteps: 5, ...options }),
  data: patterns(3),
  range: [0, 2],
});

/** The constant of the energy, which no loss of its differences or its gradient depends on. */
const CONSTANT = 'network/2/bias';

const chainless = (objective: EnergyObjective): Case => ({
  make: (key) => {
    const { network, shape, range } = deep(1, key);
    return energyModel({ network, shape, range, key, objective, steps: 4 });
  },
  data: points.data,
  range: [-1, 1],
  // The same noise before and after.
  measure: (model, data, key) =>
    tf.tidy(() => model.objectives()[0]!.loss(data, key, { training: false }).total.dataSync()[0]!),
  fall: 0.005,
  learningRate: 0.02,
  ...(!objective.learnsPartition && { zeroGradient: [CONSTANT] }),
});

/** The models with small weights and data: every check of the contract kit runs over each. */
export const models: Readonly<Record<string, () => Case>> = {
  rbm: () => bits(),
  'rbm (persistent chains, weight decay)': () => bits({ chains: 16, weightDecay: 1e-3 }),
  'rbm (tempered chains)': () => bits({ chains: 8, temperatures: 3 }),
  'rbm (fast weights)': () => bits({ chains: 16, fastLearningRate: 0.02 }),
  'rbm (subspace units)': () => bits({ hidden: subspaceUnits({ gates: 3, size: 2 }), chains: 8 }),
  // Small weights are near a saddle: energies depend on the squares of fields.
  'rbm (spike and slab)': () => ({
    ...bits({ hidden: spikeAndSlabUnits({ units: 3 }), chains: 8 }),
    fall: 0.03,
  }),
  'rbm (replicated softmax)': () => ({
    ...small(replicatedSoftmaxUnits({ words: DIMS, length: 5 })),
    data: documents,
    range: [0, 5],
  }),
  'rbm (sparse)': () => bits({ sparsity: { target: 0.2, weight: 0.5 } }),
  conditionalRbm: () => ({
    ...bits(),
    make: (key) => {
      const visible = bernoulliUnits({ shape: [DIMS] });
      return givenItsStart(conditionalRbm({ visible, hidden: 4, contextSize: 2, key, sampleSteps: 10 }));
    },
    measure: meanNats,
    notInFiles: 'what gives a context to the examples here is an object of this test',
  }),
  replicatedSoftmax: () => ({
    ...bits(),
    make: (key) =>
      ofLength(replicatedSoftmax({ words: DIMS, maxLength: 5, hidden: 4, key, sampleSteps: 10 }), 5),
    data: documents,
    measure: meanNats,
    range: [0, 5],
    notInFiles: 'what gives lengths to the samples here is an object of this test',
  }),
  classificationRbm: () => ({
    ...bits(),
    make: (key) =>
      labelledBySign(
        classificationRbm({
          visible: bernoulliUnits({ shape: [DIMS] }),
          ...{ hidden: 4, classes: 2, key, steps: 2, chains: 16, sampleSteps: 10, generativeWeight: 1 },
        }),
      ),
    notInFiles: 'what labels the examples here is an object of this test',
  }),
  deepBoltzmannMachine: () => ({
    ...bits(),
    make: (key) =>
      deepBoltzmannMachine({
        visible: bernoulliUnits({ shape: [DIMS] }),
        ...{
          hidden: [4, 3],
          key,
          steps: 2,
          meanFieldSteps: 3,
          chains: 16,
          sampleSteps: 5,
          weightDecay: 1e-3,
        },
      }),
  }),
  'rbm (categorical)': () => ({
    ...small(categoricalUnits({ shape: [DIMS], levels: 3 })),
    data: patterns(3),
    range: [0, 2],
  }),
  'rbm (Gaussian)': () => ({
    ...small(gaussianUnits({ shape: [DIMS] }), { chains: 16 }),
    data: () => tf.tidy(() => tf.add(patterns(3)(), tf.mul(0.5, Key.of(3).normal([48, DIMS])))),
    steps: 100,
    learningRate: 0.02,
  }),
  'rbm (pseudo-likelihood)': () => withObjective(pseudoLikelihood()),
  'rbm (maximum likelihood)': () => withObjective(maximumLikelihood()),
  'rbm (Gaussian, maximum likelihood)': () => {
    const the = models['rbm (Gaussian)']!();
    const visible = gaussianUnits({ shape: [DIMS] });
    const options = { visible, hidden: 4, objective: maximumLikelihood(), sampleSteps: 10 };
    return { ...the, make: (key) => rbm({ ...options, key }) };
  },
  'rbm (minimum probability flow)': () => withObjective(minimumProbabilityFlow()),
  'energyModel (score matching)': () => chainless(implicitScoreMatching()),
  'energyModel (denoising score matching)': () => chainless(denoisingScoreMatching({ std: 0.2 })),
  'energyModel (noise-contrastive estimation)': () =>
    chainless(noiseContrastiveEstimation({ noise: standardNormal([2]) })),
  'energyModel (energy discrepancy)': () => chainless(energyDiscrepancy({ std: 0.3, negatives: 4 })),
  'energyModel (short-run chains)': () => ({
    make: (key) => energyModel({ ...deep(1, key), bufferSize: 0 }),
    ...points,
  }),
  boltzmannMachine: () => machine(),
  'boltzmannMachine (grid)': () => machine({ edges: gridEdges([2, 3]), weightDecay: 1e-3 }),
  'boltzmannMachine (maximum likelihood)': () => machine({ objective: maximumLikelihood() }),
  'boltzmannMachine (minimum probability flow)': () => machine({ objective: minimumProbabilityFlow() }),
  pottsModel: () => potts({ weightDecay: 1e-3 }),
  'pottsModel (maximum likelihood)': () => potts({ objective: maximumLikelihood() }),
  energyModel: () => ({ make: (key) => energyModel(deep(1, key)), ...points }),
  jointEnergyModel: () => ({
    make: (key) => labelledBySign(jointEnergyModel({ ...deep(2, key), classes: 2 })),
    ...points,
    notInFiles: 'what labels the examples here is an object of this test',
  }),
};
