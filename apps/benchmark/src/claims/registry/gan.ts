import type { Claim } from '../claim';
import { trainedMetric } from '../trained';

const dataset = 'digits';

const ofR3Gan = (
  name: string,
  what: string,
  { metric, bound }: { readonly metric: string; readonly bound: Claim['bound'] },
): Claim => ({
  name: `gan.digits.${name}`,
  what: `${what}, for R3GAN on the test digits`,
  unit: 'of 1',
  bound,
  seeds: [0, 1, 2, 3, 4],
  minutes: 6,
  requires: { dataset },
  measure: (context) => trainedMetric({ model: 'gan-r3', dataset, metric }, context),
});

export const claims: readonly Claim[] = [
  ofR3Gan('coverage', 'share of examples with a sample in the ball of their fifth neighbour', {
    metric: 'coverage',
    bound: { atLeast: 0.6 },
  }),
  ofR3Gan('precision', 'share of samples in the ball of an example', {
    metric: 'precision',
    bound: { atLeast: 0.66 },
  }),
  ofR3Gan('mmd2', 'unbiased squared MMD of samples and examples at their median distance', {
    metric: 'MMD²',
    bound: { atMost: 0.003 },
  }),
  {
    name: 'gan.gmmn.mmd2',
    what: 'unbiased squared MMD of samples and examples at their median distance, for moment matching on the test digits',
    unit: 'of 1',
    bound: { atMost: 0.004 },
    seeds: [0, 1, 2],
    minutes: 4,
    requires: { dataset },
    measure: (context) => trainedMetric({ model: 'gmmn', dataset, metric: 'MMD²' }, context),
  },
];
