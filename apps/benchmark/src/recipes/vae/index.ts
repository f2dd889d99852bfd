import { normalHead, mlp, Sequential, sizeOf } from '@dgm/core';
import { vae } from '@dgm/vae';
import { bookVaeExperiment, flatten, likelihoodFor } from '../shared/book';
import { hasManyValues } from '../shared/datasets';
import type { Experiment, Recipe, RecipeTask } from '../shared/recipe';
import { hierarchicalVaes } from './hierarchical';

/** The VAE of the book with its networks and protocol, for any data set of integers. */
function bookVae({ dataset, key, quick, width }: RecipeTask): Experiment {
  const { shape } = dataset.train;
  const levels = dataset.levels!;
  const likelihood = likelihoodFor(shape, levels);
  const isLarge = hasManyValues(dataset);
  const latent = isLarge ? 50 : 16;
  const hidden = width ?? (quick ? 64 : isLarge ? 200 : 256);
  const activation = 'leakyRelu';
  const model = vae({
    encoder: new Sequential([
      flatten(levels),
      mlp([sizeOf(shape), hidden, hidden, 2 * latent], { key: key.fold('encoder'), activation }),
    ]),
    decoder: mlp([latent, hidden, hidden, likelihood.numParameters], {
      key: key.fold('decoder'),
      activation,
    }),
    posterior: normalHead({ shape: [latent] }),
    likelihood,
  });
  return bookVaeExperiment(model, { quick });
}

export const recipes: readonly Recipe[] = [
  {
    name: 'vae',
    isFlagship: true,
    source: 'DGM §4.3, Listings 4.1-4.5',
    accepts: ({ levels }) => levels !== undefined,
    create: bookVae,
  },
  ...hierarchicalVaes,
];
