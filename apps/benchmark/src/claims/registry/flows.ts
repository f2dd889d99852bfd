import type { Claim } from '../claim';
import { trainedNats } from '../trained';

const dataset = 'digits';
const requires = { dataset };

export const claims: readonly Claim[] = [
  {
    name: 'flows.digits.continuous',
    what: 'bound of the best continuous flow, a histogram flow behind uniform noise, on the test digits',
    unit: 'nats',
    bound: { atMost: 93 },
    seeds: [0],
    minutes: 20,
    requires,
    measure: (context) => trainedNats({ model: 'histogram-flow', dataset }, context),
  },
  {
    name: 'flows.digits.idf',
    what: 'exact likelihood of the best integer flow, with an autoregressive base, on the test digits',
    unit: 'nats',
    bound: { atMost: 97.5 },
    seeds: [0],
    minutes: 6,
    requires,
    measure: (context) => trainedNats({ model: 'idf-autoregressive', dataset }, context),
  },
];
