import type { Claim } from '../claim';
import { trainedNats } from '../trained';

const dataset = 'digits';

export const claims: readonly Claim[] = [
  {
    name: 'hybrid.digits.exact-nats',
    what: 'exact likelihood p(x) of a generative classifier over a gated PixelCNN on the test digits',
    unit: 'nats',
    bound: { atMost: 80 },
    seeds: [0, 1, 2],
    minutes: 10,
    requires: { dataset },
    measure: (context) => trainedNats({ model: 'generative-classifier', dataset }, context),
  },
];
