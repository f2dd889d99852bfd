import type { Claim } from '../claim';
import { trainedNats } from '../trained';

const dataset = 'digits';

export const claims: readonly Claim[] = [
  {
    name: 'diffusion.digits.vdm',
    what: 'bound of a variational diffusion model with a convolutional network on the test digits',
    unit: 'nats',
    bound: { atMost: 81.5 },
    seeds: [0, 1, 2],
    minutes: 15,
    requires: { dataset },
    measure: (context) => trainedNats({ model: 'vdm', dataset, score: 'bound' }, context),
  },
];
