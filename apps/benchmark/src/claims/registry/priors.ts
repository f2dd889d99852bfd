import type { Claim, ClaimContext } from '../claim';
import { trainedNats } from '../trained';

const dataset = 'digits';
const requires = { dataset };

/** By 200 importance samples; the VAE of DGM §4.4.1 with two latent variables. */
const withPrior = (prior: string, context: ClaimContext) =>
  trainedNats(
    { model: `vae-prior-${prior}`, dataset, importanceSamples: 200, score: 'importanceSampled' },
    context,
  );

export const claims: readonly Claim[] = [
  {
    name: 'priors.digits.flow',
    what: 'likelihood of a VAE of two latent variables with a flow as its prior on the test digits',
    unit: 'nats',
    bound: { atMost: 98.7 },
    seeds: [0],
    minutes: 2,
    requires,
    measure: (context) => withPrior('flow', context),
  },
  {
    name: 'priors.digits.gain',
    what: 'by how much that flow is better than a standard normal prior in the same VAE',
    unit: 'nats',
    bound: { atLeast: 0.3 },
    seeds: [0],
    minutes: 3,
    requires,
    measure: async (context) => {
      const [standard, flow] = [await withPrior('standard', context), await withPrior('flow', context)];
      return {
        value: standard.value - flow.value,
        standardError: Math.hypot(standard.standardError ?? 0, flow.standardError ?? 0),
      };
    },
  },
];
