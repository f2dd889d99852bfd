import {
  adam,
  cosineSchedule,
  evaluate,
  fit,
  Independent,
  Key,
  mlp,
  Normal,
  NumericalError,
  planeKl,
  runSamplingLoop,
  sgd,
} from '@dgm/core';
import { planeDataset, rings } from '@dgm/data';
import {
  annealedImportanceSampling,
  annealingLoop,
  bernoulliUnits,
  deepBoltzmannMachine,
  denoisingScoreMatching,
  energyDiscrepancy,
  energyModel,
  implicitScoreMatching,
  noiseContrastiveEstimation,
  rbm,
  type Rbm,
} from '@dgm/ebm';
import * as tf from '@tensorflow/tfjs-core';
import type { Claim, ClaimContext, Measured } from '../claim';
import { overSeeds, trainedMetric, trainedNats, withTrained } from '../trained';

const dataset = 'binarized-digits';
const requires = { dataset };
const seeds = [0, 1, 2];

/** Chains of one estimate. */
const CHAINS = 50;

/**
 * In how many of a hundred estimates the interval has the exact normalizer: of a machine with weights of a standard deviation of
 * 1, whose chains are all run together.
 */
async function intervalsThatCover(): Promise<Measured> {
  const model = rbm({ visible: bernoulliUnits({ shape: [12] }), hidden: 8, key: Key.of(0) });
  const { weights, exact } = tf.tidy(() => {
    model
      .parameters()
      .get('weights')!
      .assign(Key.of(1).normal([12, 8]));
    const loop = annealingLoop(model.annealedPath(), { chains: 100 * CHAINS, temperatures: 200 });
    const all = runSamplingLoop(loop, Key.of(2));
    return { weights: tf.split(all, 100, 1), exact: model.logPartition().dataSync()[0]! };
  });
  let covered = 0;
  for (const run of weights) {
    const options = { key: Key.of(0), run: () => run };
    const { interval } = await annealedImportanceSampling(model.annealedPath(), options);
    if (interval[0] <= exact && exact <= interval[1]) covered += 1;
  }
  model.dispose();
  return { value: covered, standardError: null };
}

/** By how much the exact nats of a deep machine of two layers of 16 units are above those of the RBM that it starts from. */
async function deepMinusFirst(context: ClaimContext): Promise<Measured> {
  const [recipe, data] = [await context.recipe('rbm-16'), await context.dataset(dataset)];
  const { engine } = context.engine;
  const differences: number[] = [];
  for (const seed of context.seeds) {
    const difference = await withTrained({ recipe, dataset: data, seed }, context, async ({ model }, key) => {
      const first = model as Rbm;
      const deep = deepBoltzmannMachine({
        visible: bernoulliUnits({ shape: data.train.shape }),
        ...{ hidden: [16, 16], key: key.fold('deep'), weightDecay: 1e-3 },
      });
      try {
        deep.startFrom(first, { key: key.fold('start') });
        const steps = DEEP_EPOCHS * Math.ceil(data.train.count / 50);
        const learningRate = cosineSchedule(0.05, { steps, final: 0.001 });
        await fit(
          deep,
          { train: data.train },
          {
            ...{ key: key.fold('training'), engine, ema: { decay: 0.999 } },
            ...{ optimizer: sgd({ learningRate, momentum: 0.5 }), batchSize: 50, epochs: DEEP_EPOCHS },
          },
        );
        const [above, below] = [
          await evaluate(deep, data.test, { key }),
          await evaluate(first, data.test, { key }),
        ];
        return above.nats - below.nats;
      } finally {
        deep.dispose();
      }
    });
    differences.push(difference);
  }
  return overSeeds(differences);
}

/** The square that holds the rings. */
const RANGE = [-4, 4] as const;

const EPOCHS = 40;
const DEEP_EPOCHS = 150;

/** Two rings, learned with each objective from 10,000 points: the largest divergence from their density, by quadrature. */
async function largestPlaneKl({ engine, seeds: [seed] }: ClaimContext): Promise<Measured> {
  const key = Key.of(seed!);
  const truth = rings({ radii: [1, 2], noise: 0.2 });
  const data = planeDataset(truth, { key, train: 10_000, validation: 1, test: 1 });
  const objectives = [
    implicitScoreMatching(),
    denoisingScoreMatching({ std: 0.1 }),
    noiseContrastiveEstimation({ noise: new Independent(new Normal(0, 1.4, { shape: [2] }), 1), ratio: 8 }),
    energyDiscrepancy({ std: 0.5, negatives: 16 }),
  ];
  const divergences: number[] = [];
  for (const objective of objectives) {
    const model = energyModel({
      network: mlp([2, 128, 128, 1], { key: key.fold('network'), activation: 'swish' }),
      ...{ shape: [2], range: RANGE, key: key.fold('chains'), objective },
    });
    const learningRate = cosineSchedule(5e-3, { steps: 50 * EPOCHS, final: 1e-4 });
    await fit(
      model,
      { train: data.train },
      {
        ...{ key: key.fold('training'), engine: engine.engine, ema: { decay: 0.99 } },
        ...{ optimizer: adam({ learningRate }), batchSize: 200, epochs: EPOCHS },
      },
    );
    const { kl } = await planeKl(
      (x) => tf.tensor1d(Float32Array.from(truth.logDensity(x.dataSync()))),
      (x) => tf.neg(model.energy(x)),
      { range: RANGE, cells: 100 },
    );
    divergences.push(kl);
    model.dispose();
  }
  return { value: Math.max(...divergences), standardError: null };
}

const digits = { dataset: 'digits' };

const ofJoint = (
  name: string,
  what: string,
  {
    model = 'jem',
    metric,
    unit = 'of 1',
    bound,
  }: {
    readonly model?: string;
    readonly metric: string;
    readonly unit?: string;
    readonly bound: Claim['bound'];
  },
): Claim => ({
  name: `ebm.jem.${name}`,
  what: `${what} of a joint energy model on the test digits`,
  unit,
  bound,
  seeds,
  minutes: 6,
  requires: digits,
  measure: (context) => trainedMetric({ model, ...digits, metric }, context),
});

/** By how much the calibration error is above that of the plain classifier of the same network. */
async function calibrationGap(context: ClaimContext): Promise<Measured> {
  const metric = 'calibration error';
  const [joint, plain] = [
    await trainedMetric({ model: 'jem', ...digits, metric }, context),
    await trainedMetric({ model: 'jem-classifier', ...digits, metric }, context),
  ];
  return {
    value: joint.value - plain.value,
    standardError:
      joint.standardError && plain.standardError && Math.hypot(joint.standardError, plain.standardError),
  };
}

/** A training of a joint model fails where its error is this high: the plain classifier's is about 9 %. */
const FAILED_ERROR = 12;

/** How many trainings of so many seeds end without a classifier, `recover` notwithstanding. */
async function failedTrainings(context: ClaimContext): Promise<Measured> {
  let failed = 0;
  for (const seed of context.seeds) {
    const error = await trainedMetric(
      { model: 'jem', ...digits, metric: 'error' },
      { ...context, seeds: [seed] },
    )
      .then(({ value }) => value)
      // An attempt too many ends in this error.
      .catch((cause: unknown) => {
        if (cause instanceof NumericalError) return Infinity;
        throw cause;
      });
    if (!(error < FAILED_ERROR)) failed += 1;
  }
  return { value: failed, standardError: null };
}

export const claims: readonly Claim[] = [
  {
    name: 'ebm.digits.rbm-16',
    what: 'exact likelihood of a restricted Boltzmann machine of 16 hidden units, learned by maximum likelihood, on the test digits, ink or none',
    unit: 'nats',
    bound: { atMost: 18.5 },
    seeds,
    minutes: 3,
    requires,
    measure: (context) => trainedNats({ model: 'rbm-16-exact', dataset }, context),
  },
  {
    name: 'ebm.digits.rbm-200',
    what: 'likelihood of a restricted Boltzmann machine of 200 hidden units on the test digits, ink or none, by annealed importance sampling',
    unit: 'nats',
    bound: { atMost: 17.45 },
    seeds,
    minutes: 15,
    requires,
    measure: (context) => trainedNats({ model: 'rbm', dataset }, context),
  },
  {
    name: 'ebm.digits.dbm',
    what: 'exact likelihood of a deep Boltzmann machine of 16 and 16 units above that of the RBM that it starts from, on the test digits',
    unit: 'nats',
    bound: { atMost: 0 },
    ...{ seeds, minutes: 1, requires },
    measure: deepMinusFirst,
  },
  {
    name: 'ebm.ais.coverage',
    what: 'estimates of 100 whose 95 % interval has the exact normalizer of a restricted Boltzmann machine',
    unit: 'of 100',
    bound: { atLeast: 90 },
    seeds: [0],
    minutes: 1,
    measure: intervalsThatCover,
  },
  {
    name: 'ebm.plane.kl',
    what: 'largest divergence of a deep energy from the density of two rings, over the objectives without chains',
    unit: 'nats',
    bound: { atMost: 0.1 },
    seeds: [0],
    minutes: 1,
    measure: largestPlaneKl,
  },
  ofJoint('error-mlp', 'classification error', { metric: 'error', unit: '%', bound: { atMost: 5.8 } }),
  ofJoint('error-conv', 'classification error, with convolutions and shifted images,', {
    model: 'jem-conv',
    metric: 'error',
    unit: '%',
    bound: { atMost: 3 },
  }),
  {
    name: 'ebm.jem.ece',
    what: 'calibration error of a joint energy model on the test digits minus that of the plain classifier of its network',
    unit: 'of 1',
    bound: { atMost: 0 },
    seeds,
    minutes: 8,
    requires: digits,
    measure: calibrationGap,
  },
  ofJoint('auroc-rotated', 'area under the ROC curve of digits against rotated digits, by the energy', {
    metric: 'AUROC of rotated images',
    bound: { atLeast: 0.97 },
  }),
  ofJoint('auroc-letters', 'the same of digits against capital letters of a pen, by the energy,', {
    metric: 'AUROC of letters',
    bound: { atLeast: 0.95 },
  }),
  ofJoint('coverage', 'coverage of the samples', {
    metric: 'coverage of samples',
    bound: { atLeast: 0.35 },
  }),
  {
    name: 'ebm.jem.restarts',
    what: 'trainings of a joint energy model, of ten seeds, that end without a classifier of less than 12 % error',
    unit: 'of 10',
    bound: { atMost: 0 },
    seeds: Array.from({ length: 10 }, (_, seed) => seed),
    minutes: 20,
    requires: digits,
    measure: failedTrainings,
  },
];
