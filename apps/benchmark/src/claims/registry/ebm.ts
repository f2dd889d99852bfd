import { Key, runSamplingLoop } from '@dgm/core';
import { annealedImportanceSampling, annealingLoop, bernoulliUnits, rbm } from '@dgm/ebm';
import * as tf from '@tensorflow/tfjs-core';
import type { Claim, Measured } from '../claim';
import { trainedMetric, trainedNats } from '../trained';

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

const ofJoint = (
  name: string,
  what: string,
  { metric, unit, bound }: { readonly metric: string; readonly unit: string; readonly bound: Claim['bound'] },
): Claim => ({
  name: `ebm.jem.${name}`,
  what: `${what} of a joint energy model on the test digits`,
  unit,
  bound,
  seeds,
  minutes: 6,
  requires: { dataset: 'digits' },
  measure: (context) => trainedMetric({ model: 'jem', dataset: 'digits', metric }, context),
});

export const claims: readonly Claim[] = [
  {
    name: 'ebm.digits.rbm-16',
    what: 'exact likelihood of a restricted Boltzmann machine of 16 hidden units on the test digits, ink or none',
    unit: 'nats',
    bound: { atMost: 18.5 },
    seeds,
    minutes: 6,
    requires,
    measure: (context) => trainedNats({ model: 'rbm-16', dataset }, context),
  },
  {
    name: 'ebm.digits.rbm-200',
    what: 'the same of 200 hidden units, by annealed importance sampling',
    unit: 'nats',
    bound: { atMost: 17.45 },
    seeds,
    minutes: 15,
    requires,
    measure: (context) => trainedNats({ model: 'rbm', dataset }, context),
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
  ofJoint('error-mlp', 'classification error', { metric: 'error', unit: '%', bound: { atMost: 5.8 } }),
  ofJoint('ece', 'expected calibration error', {
    metric: 'calibration error',
    unit: 'of 1',
    bound: { atMost: 0.03 },
  }),
  ofJoint('auroc-rotated', 'area under the ROC curve of digits against rotated digits, by the energy', {
    metric: 'AUROC of rotated images',
    unit: 'of 1',
    bound: { atLeast: 0.97 },
  }),
  ofJoint('coverage', 'coverage of the samples', {
    metric: 'coverage of samples',
    unit: 'of 1',
    bound: { atLeast: 0.35 },
  }),
];
