import type { Claim } from '../claim';
import { trainedNats } from '../trained';

const dataset = 'digits';
const requires = { dataset };

export const claims: readonly Claim[] = [
  {
    name: 'vae.digits.bound',
    what: 'bound of the best VAE, with an inverse autoregressive posterior, on the test digits',
    unit: 'nats',
    bound: { atMost: 93.5 },
    seeds: [0],
    minutes: 6,
    requires,
    measure: (context) => trainedNats({ model: 'vae-iaf-standard', dataset }, context),
  },
  {
    name: 'vae.digits.importance-sampled',
    what: 'likelihood of a VAE with a VampPrior on the test digits, by 200 importance samples',
    unit: 'nats',
    bound: { atMost: 91 },
    seeds: [0, 1, 2],
    minutes: 3,
    requires,
    measure: (context) =>
      trainedNats({ model: 'vae-gaussian-vamp', dataset, score: 'importanceSampled' }, context),
  },
  {
    name: 'vae.digits.book',
    what: 'bound of the VAE of DGM §4.3, whose samples the README shows, on the test digits',
    unit: 'nats',
    bound: { atMost: 98 },
    seeds: [4],
    minutes: 1,
    requires,
    measure: (context) => trainedNats({ model: 'vae', dataset, epochs: 200 }, context),
  },
];
