import type { Claim } from '../claim';
import { trainedMetric, trainedNats } from '../trained';

const trained = { model: 'generative-classifier', dataset: 'digits' };
const common = { seeds: [0, 1, 2], minutes: 10, requires: { dataset: trained.dataset } };

export const claims: readonly Claim[] = [
  {
    ...common,
    name: 'hybrid.digits.exact-nats',
    what: 'exact likelihood p(x) of a generative classifier over a gated PixelCNN on the test digits',
    unit: 'nats',
    bound: { atMost: 80 },
    measure: (context) => trainedNats(trained, context),
  },
  {
    ...common,
    name: 'hybrid.digits.exact-error',
    what: 'classification error of the same models',
    unit: '%',
    bound: { atMost: 4.5 },
    measure: (context) => trainedMetric({ ...trained, metric: 'error' }, context),
  },
];
