import { Key, type Dataset, type Engine } from '@dgm/core';
import { mean } from '../../statistics/statistics';
import type { Claim, ClaimContext } from '../claim';
import { activeLearningErrors, semiSupervisedError, supervisedError } from '../../few-labels/methods';
import { overSeeds, trainedMetric, trainedNats } from '../trained';

const dataset = 'digits';
const common = { seeds: [0, 1, 2], requires: { dataset } };
const exact = { model: 'generative-classifier', dataset };

type Figure = Pick<Claim, 'name' | 'what' | 'bound'> & { readonly metric: string; readonly unit?: string };

/** A metric of a convolutional classifier beside a gated PixelCNN, all from the same models. */
const ofConv = ({ name, what, bound, metric, unit = 'of 1' }: Figure): Claim => ({
  ...{ ...common, name, bound, unit, minutes: 3 },
  what: `${what}, for a convolutional classifier beside a gated PixelCNN`,
  measure: (context) => trainedMetric({ model: 'hybrid-conv', dataset, metric }, context),
});

/** Something measured with 100 labels, once for each seed. */
async function overDraws<T>(
  measure: (data: Dataset, options: { labelled: number; key: Key; engine: Engine }) => Promise<T>,
  { dataset: load, seeds, engine: { engine } }: ClaimContext,
): Promise<readonly T[]> {
  const data = await load(dataset);
  const values: T[] = [];
  for (const seed of seeds) {
    values.push(await measure(data, { labelled: 100, key: Key.of(seed).fold('few-labels'), engine }));
  }
  return values;
}

export const claims: readonly Claim[] = [
  {
    ...common,
    name: 'hybrid.digits.exact-nats',
    what: 'exact likelihood p(x) of a generative classifier over a gated PixelCNN on the test digits',
    unit: 'nats',
    bound: { atMost: 80 },
    minutes: 10,
    measure: (context) => trainedNats(exact, context),
  },
  {
    ...common,
    name: 'hybrid.digits.exact-error',
    what: 'classification error of the same models',
    unit: '%',
    bound: { atMost: 4.5 },
    minutes: 10,
    measure: (context) => trainedMetric({ ...exact, metric: 'error' }, context),
  },
  ofConv({
    name: 'hybrid.digits.conv-error',
    what: 'classification error on the test digits',
    metric: 'error',
    unit: '%',
    bound: { atMost: 2.5 },
  }),
  {
    ...common,
    name: 'hybrid.digits.conv-nats',
    what: 'exact likelihood p(x) of the same models',
    unit: 'nats',
    bound: { atMost: 90 },
    minutes: 3,
    measure: (context) => trainedNats({ model: 'hybrid-conv', dataset }, context),
  },
  ofConv({
    name: 'hybrid.reject.ratio',
    what: 'share of the errors left per kept digit when the tenth with the least sure class is refused',
    metric: 'share of errors left with 10 % rejected',
    bound: { atMost: 0.5 },
  }),
  ofConv({
    name: 'hybrid.ood.rotated',
    what: 'AUROC of -ln p(x) between digits turned by a quarter and digits',
    metric: 'AUROC, rotated',
    bound: { atLeast: 0.95 },
  }),
  ofConv({
    name: 'hybrid.ood.letters',
    what: 'AUROC of -ln p(x) between capital letters and digits',
    metric: 'AUROC, letters',
    bound: { atLeast: 0.75 },
  }),
  ofConv({
    name: 'hybrid.ood.glyphs',
    what: 'AUROC of -ln p(x) between digits written by code and by people, which it does not tell apart',
    metric: 'AUROC, glyphs',
    bound: { atLeast: 0.5 },
  }),
  ofConv({
    name: 'hybrid.ood.cold',
    what: 'AUROC of -ln p(x) between its own draws at temperature 0.5 and digits: it finds the draws more likely',
    metric: 'AUROC, cold',
    bound: { atMost: 0.2 },
  }),
  ofConv({
    name: 'hybrid.ood.cold-typicality',
    what: 'AUROC of typicality between the same',
    metric: 'AUROC of typicality, cold',
    bound: { atLeast: 0.9 },
  }),
  {
    ...common,
    name: 'hybrid.idf.error',
    what: 'classification error of HybridIDF on the test digits',
    unit: '%',
    bound: { atMost: 9 },
    minutes: 2,
    measure: (context) => trainedMetric({ model: 'hybrid-idf', dataset, metric: 'error' }, context),
  },
  {
    ...common,
    name: 'hybrid.idf.nats',
    what: 'exact likelihood p(x) of the same models',
    unit: 'nats',
    bound: { atMost: 137 },
    minutes: 2,
    measure: (context) => trainedNats({ model: 'hybrid-idf', dataset }, context),
  },
  {
    ...common,
    name: 'hybrid.semi-supervised.ratio',
    what: 'error of M1 + M2 with 100 labels of 1000 over that of a network with the same labels, means over their draws',
    unit: 'of 1',
    bound: { atMost: 0.6 },
    seeds: [0, 1, 2, 3, 4],
    minutes: 3,
    measure: async (context) => {
      const [supervised, semiSupervised] = [
        await overDraws(supervisedError, context),
        await overDraws(semiSupervisedError, context),
      ];
      const ratio = mean(semiSupervised) / mean(supervised);
      // The draws are the same for both, so the error of the ratio is that of what it leaves over.
      const rest = semiSupervised.map((error, draw) => error - ratio * supervised[draw]!);
      return { value: ratio, standardError: overSeeds(rest).standardError! / mean(supervised) };
    },
  },
  {
    ...common,
    name: 'hybrid.active.gain',
    what: 'error with 100 labels of random digits less that with 100 labels that the network asked for',
    unit: '%',
    bound: { atLeast: 0 },
    seeds: Array.from({ length: 10 }, (_, seed) => seed),
    minutes: 3,
    measure: async (context) => {
      const errors = await overDraws(activeLearningErrors, context);
      return overSeeds(errors.map(({ random, active }) => 100 * (random - active)));
    },
  },
];
