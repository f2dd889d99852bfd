import {
  asLayer,
  categoricalHead,
  conditional,
  normalHead,
  mlp,
  Sequential,
  sizeOf,
  standardNormal,
} from '@dgm/core';
import type { ConditionalDistribution, Distribution, Key, Layer, Shape } from '@dgm/core';
import { made } from '@dgm/arm';
import { realNvp } from '@dgm/flows';
import {
  gtmPrior,
  gtmVampPrior,
  mixtureOfGaussiansPrior,
  randomPseudoInputs,
  resampledPrior,
  vampPrior,
} from '@dgm/priors';
import type { PseudoInputPrior } from '@dgm/priors';
import { vae } from '@dgm/vae';
import * as tf from '@tensorflow/tfjs-core';
import { bookVaeExperiment, hasFewLevels } from './shared/book';
import type { Experiment, Recipe, RecipeTask } from './shared/recipe';

/** What the book's listings of §4.4.1 are trained with. */
const COMPONENTS = 16;
/** Two latent variables, which can be looked at; and as many as the book's VAE of §4.3 has. */
const LATENTS = [2, 16] as const;
const GRID = { pointsPerAxis: Math.sqrt(COMPONENTS), range: [-10, 10] } as const;

interface PriorTask {
  /** Of the latent variables. */
  readonly shape: Shape;
  readonly key: Key;
  /** The size of hidden layers. */
  readonly hidden: number;
  readonly encoder: ConditionalDistribution;
  /** The shape of one example, and how many values an entry can take. */
  readonly input: Shape;
  readonly levels: number;
}

const priors: Readonly<
  Record<string, { source: string; make: (task: PriorTask) => ConditionalDistribution | Distribution }>
> = {
  standard: { source: 'DGM §4.4.1.1, Listing 4.6', make: ({ shape }) => standardNormal(shape) },
  mog: {
    source: 'DGM §4.4.1.2, Listing 4.7, mended',
    make: ({ key, shape }) => mixtureOfGaussiansPrior({ shape, components: COMPONENTS, key }),
  },
  vamp: {
    source: 'DGM §4.4.1.3, Listing 4.8, mended',
    make: ({ key, encoder, input, levels }) =>
      vampPrior({
        encoder,
        pseudoInputs: randomPseudoInputs({ count: COMPONENTS, shape: input, max: levels }),
        key,
      }),
  },
  gtm: {
    source: 'DGM §4.4.1.4, Listing 4.9, mended',
    make: ({ key, hidden, shape }) => {
      const components = normalHead({ shape });
      const network = mlp([2, hidden, hidden, components.numParameters], { key, activation: 'tanh' });
      return gtmPrior({ network, components, grid: GRID });
    },
  },
  'gtm-vamp': {
    source: 'DGM §4.4.1.5, Listing 4.10, mended',
    make: ({ key, hidden, encoder, input, levels }) =>
      gtmVampPrior({
        encoder,
        network: new Sequential([
          mlp([2, hidden, hidden, sizeOf(input)], { key, activation: 'tanh' }),
          asLayer((logits) => tf.mul(levels, tf.sigmoid(logits))),
        ]),
        grid: GRID,
      }),
  },
  flow: {
    source: 'DGM §4.4.1.6, Listing 4.11, mended',
    make: ({ key, hidden, shape }) =>
      realNvp({ dims: sizeOf(shape), couplings: 3, hidden: [hidden, hidden], key }),
  },
  arm: {
    source: 'DGM Eq. 2.4 as a prior; MADE (Germain et al., 2015)',
    make: ({ key, hidden, shape }) =>
      made({ shape, likelihood: normalHead({ shape: [] }), hidden: [hidden, hidden], key }),
  },
  resampled: {
    source: 'Resampled Priors for Variational Autoencoders (Bauer and Mnih, 2019)',
    make: ({ key, hidden, shape }) =>
      resampledPrior({
        network: mlp([sizeOf(shape), 64, 64, 1], { key, activation: 'tanh' }),
        shape,
        key,
        normalizerSamples: 16 * hidden,
        evaluationSamples: 256 * hidden,
      }),
  },
};

/** The VAE of §4.4.1 with one of the priors. */
function create(
  make: (task: PriorTask) => ConditionalDistribution | Distribution,
  latents: number,
  { dataset, key, quick }: RecipeTask,
): Experiment {
  const shape = [latents];
  const { shape: input } = dataset.train;
  const levels = dataset.levels!;
  const hidden = quick ? 64 : 256;
  const activation = 'leakyRelu';
  const posterior = normalHead({ shape });
  const likelihood = categoricalHead({ shape: input, levels });
  const encoder: Layer = new Sequential([
    asLayer((x) => tf.reshape(x, [x.shape[0]!, sizeOf(input)])),
    mlp([sizeOf(input), hidden, hidden, posterior.numParameters], { key: key.fold('encoder'), activation }),
  ]);
  const decoderKey = key.fold('decoder');
  const prior = make({
    shape,
    key: key.fold('prior'),
    hidden,
    encoder: conditional(encoder, posterior),
    input,
    levels,
  });
  const model = vae({
    encoder,
    decoder: mlp([latents, hidden, hidden, likelihood.numParameters], { key: decoderKey, activation }),
    posterior,
    likelihood,
    prior,
    // Not every prior has a closed form; one estimator for all of them makes the table a comparison of priors.
    regularizer: 'monte-carlo',
  });
  return {
    ...bookVaeExperiment(model, { quick }),
    ...(hasPseudoInputs(prior) ? { images: () => ({ 'pseudo-inputs': prior.pseudoInputs() }) } : {}),
  };
}

function hasPseudoInputs(prior: ConditionalDistribution | Distribution): prior is PseudoInputPrior {
  return 'pseudoInputs' in prior;
}

/** Those of the book, which are benchmarked with either number of latent variables. */
const ofTheBook = ['standard', 'mog', 'vamp', 'gtm', 'gtm-vamp', 'flow'];

export const recipes: readonly Recipe[] = LATENTS.flatMap((latents) =>
  Object.entries(priors)
    .filter(([name]) => latents === 2 || ofTheBook.includes(name))
    .map(([name, { source, make }]) => ({
      name: latents === 2 ? `vae-prior-${name}` : `vae-prior-${name}-${latents}`,
      isFlagship: name === 'vamp' && latents === 16,
      source: latents === 2 ? source : `${source}; ${latents} latent variables`,
      // The likelihood is categorical.
      accepts: hasFewLevels,
      create: (task) => create(make, latents, task),
    })),
);
